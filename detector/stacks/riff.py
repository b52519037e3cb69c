"""The structure of an AVI, walked by our own code before FFmpeg sees it: whole, indexed, pictures and sound only.

Layout as in Microsoft's AVI RIFF reference and the OpenDML extension 1.02.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from detector.stacks.blobs import Blob
from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal
from detector.stacks.sizes import check_size

_UNFINISHED = (0, 0xFFFFFFFF)


@dataclass(slots=True)
class AviFacts:
    """What an AVI declares."""

    width: int = 0
    height: int = 0
    frames: int = 0
    picture_streams: int = 0
    has_index: bool = False


def check_avi(blob: Blob, limits: Limits) -> AviFacts:
    """Refuse an AVI that is cut, unfinished, unindexed or holds more than pictures and sound."""
    walk = _Walk(blob, limits)
    facts = AviFacts()
    at = 0
    while at + 12 <= blob.size:
        kind, size, form = struct.unpack("<4sI4s", blob.read_at(at, 12))
        if kind != b"RIFF" or form not in (b"AVI ", b"AVIX"):
            break  # camera programs leave padding behind the last part
        if size in _UNFINISHED:
            raise refusal(Code.FILE_TRUNCATED, f"{blob.name} is an AVI that was never finished: its size was not written ({size}).")
        if at + 8 + size > blob.size:
            raise refusal(
                Code.FILE_TRUNCATED, f"{blob.name} is an AVI that is cut off: {at + 8 + size} bytes are declared, {blob.size} are here."
            )
        _part(walk, at + 12, at + 8 + size, facts)
        at += 8 + size + size % 2
    if facts.picture_streams != 1:
        raise refusal(Code.VIDEO_STREAMS, f"{blob.name} has {facts.picture_streams} picture tracks; exactly one is needed.")
    if not facts.has_index:
        raise refusal(Code.FILE_TRUNCATED, f"{blob.name} is an AVI without an index: its recording was cut off before the end was written.")
    if facts.frames > limits.frames:
        raise refusal(Code.FRAMES_TOO_MANY, f"{blob.name} declares {facts.frames} frames, more than {limits.frames}.")
    if not facts.frames:
        raise refusal(Code.FILE_TRUNCATED, f"{blob.name} is an AVI that declares 0 frames: it was never finished.")
    check_size(facts.width, facts.height, blob.name, limits)
    return facts


class _Walk:
    """Chunks of a list, with one count for the whole file."""

    def __init__(self, blob: Blob, limits: Limits) -> None:
        self.blob = blob
        self._left = limits.boxes

    def chunks(self, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """(kind, start of content, end of content); a chunk that leaves its list is a cut."""
        while at + 8 <= end:
            self._left -= 1
            if self._left < 0:
                raise refusal(Code.VIDEO_DAMAGED, f"{self.blob.name} has too many chunks.")
            kind, size = struct.unpack("<4sI", self.blob.read_at(at, 8))
            if at + 8 + size > end:
                raise refusal(
                    Code.FILE_TRUNCATED,
                    f"{self.blob.name} is an AVI that is cut off: its {kind.decode('latin-1')!r} part of {size} bytes does not fit.",
                )
            yield kind, at + 8, at + 8 + size
            at += 8 + size + size % 2


def _part(walk: _Walk, at: int, end: int, facts: AviFacts) -> None:
    for kind, start, stop in walk.chunks(at, end):
        if kind == b"idx1":
            facts.has_index = stop - start >= 16
        if kind != b"LIST" or stop - start < 4:
            continue
        if walk.blob.read_at(start, 4) == b"hdrl":
            for inner, inner_start, inner_stop in walk.chunks(start + 4, stop):
                if inner == b"LIST" and inner_stop - inner_start >= 4 and walk.blob.read_at(inner_start, 4) == b"strl":
                    _stream(walk, inner_start + 4, inner_stop, facts)


def _stream(walk: _Walk, at: int, end: int, facts: AviFacts) -> None:
    is_picture = False
    for kind, start, stop in walk.chunks(at, end):
        if kind == b"strh" and stop - start >= 36:
            header = walk.blob.read_at(start, 36)
            is_picture = header[:4] == b"vids"
            if header[:4] not in (b"vids", b"auds"):
                # A text track may hold a playlist that a careless reader would follow to other files.
                raise refusal(
                    Code.VIDEO_STREAMS,
                    f"{walk.blob.name} holds a {header[:4].decode('latin-1')!r} track; only pictures and sound are read.",
                )
            if is_picture:
                facts.picture_streams += 1
                facts.frames = struct.unpack_from("<I", header, 32)[0]
        elif kind == b"strf" and is_picture and stop - start >= 12:
            width, height = struct.unpack("<ii", walk.blob.read_at(start + 4, 8))
            facts.width, facts.height = width, abs(height)
        elif kind == b"indx" and is_picture:
            facts.has_index = True
