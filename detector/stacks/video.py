"""AVI, MP4 and MOV: FFmpeg behind allow-lists, fed bytes instead of paths, and told to fail where it would conceal.

A video's frame rate is how fast it plays, not when its frames were taken, so it never becomes a time.
"""

from __future__ import annotations

import bisect
import io
from collections.abc import Callable, Iterator
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.frame import VideoFrame

from detector.errors import StackError
from detector.stacks import jpeg
from detector.stacks.base import DEEP_NOTE, RecordedStack
from detector.stacks.blobs import Blob, BlobFile
from detector.stacks.boxes import check_mp4
from detector.stacks.formats import Kind
from detector.stacks.grey import Raw
from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal
from detector.stacks.riff import check_avi
from detector.stacks.sizes import check_size
from detector.types import StackInfo

_CODECS = (
    "rawvideo",
    "mjpeg",
    "mpeg4",
    "msmpeg4v2",
    "msmpeg4v3",
    "h264",
    "hevc",
    "ffv1",
    "huffyuv",
    "ffvhuff",
    "utvideo",
    "png",
    "prores",
    "dnxhd",
)
_DEMUXERS = {Kind.AVI: "avi", Kind.MP4: "mov,mp4,m4a,3gp,3g2,mj2"}
_BUFFER = 1 << 18

av.logging.set_level(av.logging.PANIC)  # what FFmpeg would print becomes a refusal


class VideoStack(RecordedStack):
    """Frames in the order in which they are shown; random access starts at the key frame before."""

    def __init__(self, source: _Source, info: StackInfo, dtype: np.dtype[Any]) -> None:
        super().__init__(info, dtype)
        self._source = source
        self._last: tuple[int, Raw] | None = None

    def raw(self, frame: int, plane: int) -> Raw:  # noqa: ARG002
        if self._last is None or self._last[0] != frame:
            self._last = (frame, self._source.picture(frame))
        return self._last[1]

    def close(self) -> None:
        self._source.close()


def open_video(blob: Blob, kind: Kind, limits: Limits, release: Callable[[], None]) -> VideoStack:
    """Check the container by our own reading, then open it and decode the first frame."""
    source = _AviSource(blob, limits) if kind is Kind.AVI else _Mp4Source(blob, limits)
    try:
        first = source.picture(0)
    except BaseException:
        source.close()
        raise
    bits = first.dtype.itemsize * 8
    info = StackInfo(
        format="avi" if kind is Kind.AVI else "mp4",
        width_px=first.shape[1],
        height_px=first.shape[0],
        frames=source.frames,
        planes=(0.0,),
        bit_depth=bits,
        interval_minutes=None,
        started_at=None,
        hours_since_start=None,
        times_from="none",
        notes=(*source.notes, *((DEEP_NOTE.format(bits=bits),) if bits > 8 else ())),
    )
    source.on_close = release
    return VideoStack(source, info, first.dtype)


class _Source:
    """An open container: gives frame n of the one picture track."""

    def __init__(self, blob: Blob, kind: Kind, limits: Limits) -> None:
        self.name = blob.name
        self.notes: tuple[str, ...] = ()
        self.frames = 0
        self.on_close: Callable[[], None] = lambda: None
        self._limits = limits
        self._next = 0
        self._decoded: Iterator[VideoFrame] | None = None
        demuxer = _DEMUXERS[kind]
        options = {"format_whitelist": demuxer, "protocol_whitelist": "", "codec_whitelist": ",".join(_CODECS)}
        if kind is Kind.MP4:
            options |= {"ignore_editlist": "1", "enable_drefs": "0", "use_absolute_path": "0"}
        try:
            stream_file = io.BufferedReader(BlobFile(blob), _BUFFER)
            self._container: InputContainer = av.open(
                stream_file, "r", format=demuxer.split(",")[0], container_options=options, metadata_errors="replace"
            )
            self._stream = self._container.streams.video[0]
            codec = self._stream.codec_context
        except (av.FFmpegError, IndexError, AttributeError, ValueError, TypeError) as problem:
            raise refusal(Code.VIDEO_DAMAGED, f"{blob.name} cannot be opened as a video: {str(problem)[:120]}.") from None
        if codec is None or codec.name not in _CODECS:
            raise refusal(Code.VIDEO_CODEC, f"{blob.name} is compressed with {codec.name if codec else 'an unknown codec'}.")
        check_size(codec.width, codec.height, blob.name, limits)
        codec.thread_count = 1
        # Without these FFmpeg paints over what is damaged with pieces of the frame before.
        codec.options = {"err_detect": "crccheck+bitstream+buffer+explode", "ec": "0", "max_pixels": str(limits.picture_px)}

    def picture(self, frame: int) -> Raw:
        """The grey pixels of one frame."""
        try:
            if self._decoded is None or frame < self._next or self._key_before(frame) > self._next:
                self._seek(frame)
            for decoded in self._decoded or ():
                number = self._number(decoded)
                self._next = number + 1
                if number == frame:
                    return self._grey(decoded, frame)
                if number > frame:
                    break
        except (av.FFmpegError, ValueError) as problem:
            self._decoded = None
            words = getattr(problem, "strerror", None) or str(problem)
            raise refusal(Code.PICTURE_DAMAGED, f"Frame {frame} of {self.name} cannot be decoded whole: {words}.") from None
        self._decoded = None
        raise refusal(Code.PICTURE_DAMAGED, f"Frame {frame} of {self.name} cannot be decoded: the video gives no such frame.")

    def _grey(self, decoded: VideoFrame, frame: int) -> Raw:
        if decoded.is_corrupt:
            raise refusal(Code.PICTURE_DAMAGED, f"Frame {frame} of {self.name} is damaged.")
        check_size(decoded.width, decoded.height, self.name, self._limits)
        is_deep = max(component.bits for component in decoded.format.components) > 8
        return np.asarray(decoded.to_ndarray(format="gray16le" if is_deep else "gray"))

    def _key_before(self, frame: int) -> int:
        raise NotImplementedError

    def _seek(self, frame: int) -> None:
        raise NotImplementedError

    def _number(self, decoded: VideoFrame) -> int:
        raise NotImplementedError

    def _start_at(self, timestamp: int) -> None:
        self._container.seek(timestamp, stream=self._stream, backward=True)
        self._decoded = self._container.decode(self._stream)

    def close(self) -> None:
        self._decoded = None
        self._container.close()
        self.on_close()


class _AviSource(_Source):
    """An AVI's index counts frames; codecs that reorder them can only be counted from the start."""

    def __init__(self, blob: Blob, limits: Limits) -> None:
        declared = check_avi(blob, limits)
        super().__init__(blob, Kind.AVI, limits)
        entries = self._stream.index_entries
        if len(entries) > limits.frames:
            raise refusal(Code.FRAMES_TOO_MANY, f"{blob.name} lists {len(entries)} frames, more than {limits.frames}.")
        listed = [(e.timestamp, e.pos + 8 + e.size, e.size, e.is_keyframe) for e in entries]
        if len(listed) < declared.frames:
            raise refusal(Code.FILE_TRUNCATED, f"{blob.name} declares {declared.frames} frames but its index lists {len(listed)}.")
        if end := max((end for _, end, size, _ in listed if size and end > blob.size), default=0):
            raise refusal(Code.FILE_TRUNCATED, f"{blob.name} is cut off: its index points to {end}, but it ends at {blob.size}.")
        full = [entry for entry in listed if entry[2] > 0]
        if len(full) < len(listed):
            self.notes = (f"{len(listed) - len(full)} frames that the camera dropped were left out.",)
        self.frames = len(full)
        self._times = [entry[0] for entry in full]
        self._keys = [i for i, entry in enumerate(full) if entry[3]] or [0]
        self._reorders = bool(self._stream.codec_context.has_b_frames)
        self._chunks = [(entry[1] - entry[2], entry[2]) for entry in full]
        self._blob = blob
        self._holds_jpegs = self._stream.codec_context.name == "mjpeg" and self._first_is_jpeg()

    def picture(self, frame: int) -> Raw:
        """Motion JPEG goes the way of single JPEGs, which is faster and stricter than FFmpeg's."""
        if self._holds_jpegs:
            return jpeg.decode(self._blob.read_at(*self._chunks[frame]), f"Frame {frame} of {self.name}", self._limits)
        return super().picture(frame)

    def _first_is_jpeg(self) -> bool:
        """False for interlaced and abbreviated streams, which hold less than a whole JPEG a frame."""
        codec = self._stream.codec_context
        try:
            return jpeg.decode(self._blob.read_at(*self._chunks[0]), self.name, self._limits).shape == (codec.height, codec.width)
        except StackError:
            return False

    def _key_before(self, frame: int) -> int:
        return 0 if self._reorders else self._keys[max(0, bisect.bisect_right(self._keys, frame) - 1)]

    def _seek(self, frame: int) -> None:
        self._next = self._key_before(frame)
        self._start_at(self._times[self._next])

    def _number(self, decoded: VideoFrame) -> int:
        if self._reorders or decoded.pts is None:
            return self._next
        number = bisect.bisect_left(self._times, decoded.pts)
        return number if number < self.frames and self._times[number] == decoded.pts else self._next


class _Mp4Source(_Source):
    """An MP4's tables say when each sample is shown; the first decoded frame sets FFmpeg's clock against them."""

    def __init__(self, blob: Blob, limits: Limits) -> None:
        track = check_mp4(blob, limits)
        super().__init__(blob, Kind.MP4, limits)
        shown = track.show_times
        self.frames = track.samples
        self._times: npt.NDArray[np.int64] = np.sort(shown)
        if len(np.unique(shown)) != len(shown):
            raise refusal(Code.VIDEO_DAMAGED, f"{blob.name} shows two frames at the same time.")
        keys = np.arange(track.samples) if track.key_samples is None else track.key_samples
        keys = keys[(keys >= 0) & (keys < track.samples)]
        self._key_numbers = np.searchsorted(self._times, shown[keys])
        self._key_starts = track.decode_times[keys]
        self._clock: int | None = None
        entries = self._stream.index_entries
        if len(entries) != track.samples:
            raise refusal(Code.VIDEO_DAMAGED, f"{blob.name} declares {track.samples} frames, but {len(entries)} can be located.")
        if end := max((e.pos + e.size for e in entries if e.pos + e.size > blob.size), default=0):
            raise refusal(Code.FILE_TRUNCATED, f"{blob.name} is cut off: a frame reaches to {end}, but it ends at {blob.size}.")

    def _key(self, frame: int) -> int:
        before = np.flatnonzero(self._key_numbers <= frame)
        return int(before[-1]) if len(before) else 0

    def _key_before(self, frame: int) -> int:
        return int(self._key_numbers[self._key(frame)]) if len(self._key_numbers) else 0

    def _seek(self, frame: int) -> None:
        if self._clock is None:
            self._next = 0
            self._start_at(0)
            return
        self._next = self._key_before(frame)
        self._start_at(int(self._key_starts[self._key(frame)]) if len(self._key_starts) else 0)

    def _number(self, decoded: VideoFrame) -> int:
        if decoded.pts is None:
            return self._next
        if self._clock is None:
            self._clock = decoded.pts - int(self._times[0])
        number = int(np.searchsorted(self._times, decoded.pts - self._clock))
        if number >= self.frames or self._times[number] != decoded.pts - self._clock:
            raise ValueError("a frame at a time that the index does not know")
        return number
