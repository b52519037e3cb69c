"""What microscopes write: folders and ZIPs of frames, TIFF, OME-TIFF, AVI, MP4, DICOM, told by content and read lazily."""

from detector.stacks.limits import Limits
from detector.stacks.opening import open_stack, probe
from detector.stacks.refusals import Code

__all__ = ["Code", "Limits", "open_stack", "probe"]
