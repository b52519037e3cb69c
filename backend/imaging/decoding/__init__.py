"""The door to the detector's stacks: recordings are decoded in child processes; nothing of the detector is imported here.

One decoder process serves one recording of one lab and dies with it.
"""

from backend.imaging.decoding.facts import StackFacts
from backend.imaging.decoding.pictures import Looked, PictureLooker
from backend.imaging.decoding.pool import FrameRenderer
from backend.imaging.decoding.process import DecoderProcess
from backend.imaging.decoding.refusal import DecodingRefused
from backend.imaging.decoding.stream import open_in_child

__all__ = ["DecoderProcess", "DecodingRefused", "FrameRenderer", "Looked", "PictureLooker", "StackFacts", "open_in_child"]
