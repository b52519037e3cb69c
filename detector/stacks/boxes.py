"""The boxes of an MP4 or QuickTime file, walked by our own code before FFmpeg sees them: whole, self-contained, of bounded size.

Layout as in ISO/IEC 14496-12 and Apple's QuickTime File Format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detector.stacks.blobs import Blob
from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal
from detector.stacks.sizes import check_size

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf"}
_REFUSED = {
    b"cmov": (Code.VIDEO_STREAMS, "has a compressed header"),
    b"rmra": (Code.VIDEO_EXTERNAL, "points to other movies"),
    b"moof": (Code.VIDEO_STREAMS, "is written in fragments"),
}
_DEEPEST = 8


@dataclass(slots=True)
class Track:
    """What one track declares."""

    handler: bytes = b""
    width: int = 0
    height: int = 0
    samples: int = 0
    codec: bytes = b""
    decode_times: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    offsets: npt.NDArray[np.int64] | None = None
    key_samples: npt.NDArray[np.int64] | None = None

    @property
    def show_times(self) -> npt.NDArray[np.int64]:
        """When each sample is shown, in the order in which samples are stored."""
        return self.decode_times if self.offsets is None else self.decode_times + self.offsets


def check_mp4(blob: Blob, limits: Limits) -> Track:
    """Refuse a file that is cut, refers to others or declares too much; gives its one picture track."""
    walk = _Walk(blob, limits)
    walk.read(0, blob.size, 0)
    if not walk.has_header:
        raise refusal(
            Code.FILE_TRUNCATED, f"{blob.name} is an MP4 or MOV without its header: its recording was cut off before the end was written."
        )
    pictures = [track for track in walk.tracks if track.handler == b"vide"]
    if len(pictures) != 1:
        raise refusal(Code.VIDEO_STREAMS, f"{blob.name} has {len(pictures)} picture tracks; exactly one is needed.")
    track = pictures[0]
    if len(track.decode_times) != track.samples or not track.samples:
        raise walk.damaged(f"{track.samples} frames but {len(track.decode_times)} times")
    if track.offsets is not None and len(track.offsets) != track.samples:
        raise walk.damaged(f"{track.samples} frames but {len(track.offsets)} shifts of time")
    check_size(track.width, track.height, blob.name, limits)
    return track


class _Walk:
    def __init__(self, blob: Blob, limits: Limits) -> None:
        self._blob = blob
        self._limits = limits
        self._left = limits.boxes
        self.has_header = False
        self.tracks: list[Track] = []

    def damaged(self, why: str) -> Exception:
        return refusal(Code.VIDEO_DAMAGED, f"{self._blob.name} is a damaged MP4 or MOV: {why}.")

    def read(self, at: int, end: int, depth: int) -> None:
        """Walk the boxes of a stretch of the file and those inside them."""
        for kind, start, stop in self._boxes(at, end):
            if kind in _REFUSED:
                code, why = _REFUSED[kind]
                raise refusal(code, f"{self._blob.name} {why}.")
            if kind == b"moov":
                self.has_header = True
            if kind == b"trak":
                self.tracks.append(Track())
            if kind in _CONTAINERS and depth < _DEEPEST:
                self.read(start, stop, depth + 1)
            elif depth:
                self._leaf(kind, start, stop)

    def _boxes(self, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        while at + 8 <= end:
            self._left -= 1
            if self._left < 0:
                raise refusal(Code.VIDEO_DAMAGED, f"{self._blob.name} has too many boxes.")
            size, kind = struct.unpack(">I4s", self._blob.read_at(at, 8))
            head = 8
            if size == 1:
                size, head = struct.unpack(">Q", self._blob.read_at(at + 8, 8))[0], 16
            elif size == 0:
                size = end - at
                if kind == b"\0\0\0\0":
                    return  # QuickTime ends some lists with four zero bytes
            if size < head:
                raise self.damaged(f"a box of {size} bytes at offset {at}")
            if at + size > end:
                raise refusal(
                    Code.FILE_TRUNCATED,
                    f"{self._blob.name} is cut off: its {kind.decode('latin-1')!r} part reaches to {at + size}, but {end} is the end.",
                )
            yield kind, at + head, at + size
            at += size

    def _leaf(self, kind: bytes, start: int, stop: int) -> None:
        readers = {
            b"hdlr": self._handler,
            b"dref": self._references,
            b"stsd": self._description,
            b"stsz": self._sizes,
            b"stz2": self._sizes,
            b"stts": self._times,
            b"ctts": self._shifts,
            b"stss": self._keys,
        }
        if self.tracks and kind in readers:
            readers[kind](self.tracks[-1], start, stop)

    def _handler(self, track: Track, start: int, stop: int) -> None:
        data = self._blob.read_at(start, min(12, stop - start))
        # QuickTime repeats the box for its data handler, which is not the track's kind.
        if len(data) == 12 and data[4:8] != b"dhlr":
            track.handler = data[8:12]

    def _references(self, _track: Track, start: int, stop: int) -> None:
        for kind, inner, inner_stop in self._boxes(start + 8, stop):
            is_own = inner_stop - inner >= 4 and self._blob.read_at(inner, 4)[3] & 1
            if not is_own:
                raise refusal(
                    Code.VIDEO_EXTERNAL,
                    f"{self._blob.name} keeps its pictures in another file (a {kind.decode('latin-1')!r} reference).",
                )

    def _description(self, track: Track, start: int, stop: int) -> None:
        if stop - start < 16 + 28 or track.handler != b"vide":
            return
        count = struct.unpack(">I", self._blob.read_at(start + 4, 4))[0]
        if count != 1:
            raise refusal(Code.RESOLUTION_CHANGES, f"{self._blob.name} describes its pictures in {count} ways.")
        track.codec = self._blob.read_at(start + 12, 4)
        track.width, track.height = struct.unpack(">HH", self._blob.read_at(start + 8 + 32, 4))

    def _sizes(self, track: Track, start: int, stop: int) -> None:
        if stop - start < 12:
            raise self.damaged("a table of sizes without sizes")
        fixed, track.samples = struct.unpack(">II", self._blob.read_at(start + 4, 8))
        self._check_count(track.samples)
        if fixed * track.samples > self._blob.size:
            raise refusal(
                Code.FILE_TRUNCATED, f"{self._blob.name} declares {track.samples} frames of {fixed} bytes, but has {self._blob.size} bytes."
            )

    def _times(self, track: Track, start: int, stop: int) -> None:
        counts, steps = self._pairs(start, stop, ">u4")
        track.decode_times = np.concatenate(([0], np.cumsum(np.repeat(steps, counts))))[:-1].astype(np.int64)

    def _shifts(self, track: Track, start: int, stop: int) -> None:
        counts, shifts = self._pairs(start, stop, ">i4")
        track.offsets = np.repeat(shifts, counts)

    def _pairs(self, start: int, stop: int, value_type: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        entries = struct.unpack(">I", self._blob.read_at(start + 4, 4))[0]
        self._check_count(entries)
        if start + 8 + 8 * entries > stop:
            raise self.damaged(f"a table of {entries} entries in {stop - start} bytes")
        table = np.frombuffer(self._blob.read_at(start + 8, 8 * entries), [("count", ">u4"), ("value", value_type)])
        counts = table["count"].astype(np.int64)
        self._check_count(int(counts.sum()))
        return counts, table["value"].astype(np.int64)

    def _keys(self, track: Track, start: int, stop: int) -> None:
        entries = struct.unpack(">I", self._blob.read_at(start + 4, 4))[0]
        self._check_count(entries)
        if start + 8 + 4 * entries > stop:
            raise self.damaged(f"a table of {entries} key frames in {stop - start} bytes")
        track.key_samples = np.frombuffer(self._blob.read_at(start + 8, 4 * entries), ">u4").astype(np.int64) - 1

    def _check_count(self, count: int) -> None:
        # Sound has many more samples than pictures, but a week of it is still far below this.
        if count > (self._limits.frames if self.tracks[-1].handler in (b"vide", b"") else 100 * self._limits.frames):
            raise refusal(Code.FRAMES_TOO_MANY, f"{self._blob.name} declares {count} frames, more than {self._limits.frames}.")
