"""The decoder process: opens one recording with the detector's stacks and answers its worker until that hangs up."""

from __future__ import annotations

import io
import mmap
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg  # type: ignore[import-untyped]
from PIL import Image as Pillow

from backend.imaging.decoding.confinement import confine
from backend.imaging.decoding.facts import StackFacts
from backend.imaging.decoding.refusal import CRASHED, OUT_OF_MEMORY
from backend.imaging.decoding.wire import Channel
from detector.errors import DetectorError
from detector.stacks import open_stack
from detector.stacks.base import RecordedStack
from detector.types import Image, StackInfo


def main(arguments: list[str]) -> int:
    """Serve the connection whose file numbers stand in the arguments: channel, shared memory, life line, memory limit."""
    channel_fd, memory_fd, life_fd, memory_mb = map(int, arguments)
    confine(memory_mb, life_fd)
    channel = Channel(socket.socket(fileno=channel_fd))
    try:
        request, _ = channel.receive()
        with open_stack(Path(request["path"]), name=request["name"]) as stack:
            channel.send({"kind": "opened", "facts": _facts(stack.info).as_message()})
            _Session(channel, stack, memory_fd).serve()
    except (EOFError, ConnectionError):
        return 0
    except Exception as problem:
        channel.send(_refusal(problem))
    return 0


def _facts(info: StackInfo) -> StackFacts:
    return StackFacts(**{name: getattr(info, name) for name in StackFacts.__dataclass_fields__})


def _refusal(problem: Exception) -> dict[str, str]:
    """What the worker is told; the text of an unforeseen error stays here, for it may quote the file."""
    if isinstance(problem, DetectorError):
        return {"kind": "refused", **problem.as_dict()}
    if isinstance(problem, MemoryError):
        return {"kind": "refused", "code": OUT_OF_MEMORY, "detail": "The recording needs more memory than a decoder may take.", "hint": ""}
    return {"kind": "refused", "code": CRASHED, "detail": f"The decoder met an unforeseen {type(problem).__name__}.", "hint": ""}


class _Session:
    """Answers requests and, between them, fills free slots of the shared memory with the frames of a stream."""

    def __init__(self, channel: Channel, stack: RecordedStack, memory_fd: int) -> None:
        self._channel = channel
        self._stack = stack
        self._memory_fd = memory_fd
        self._slots: list[Image] = []
        self._free: list[int] = []
        self._stream: Iterator[tuple[int, Image]] | None = None

    def serve(self) -> None:
        while True:
            if self._stream is not None and self._free:
                self._fill_one()
                if not self._channel.is_waiting():
                    continue
            request, _ = self._channel.receive()
            try:
                getattr(self, f"_do_{request['do']}")(request)
            except Exception as problem:
                self._channel.send(_refusal(problem))

    def _fill_one(self) -> None:
        try:
            frame, picture = next(self._stream or iter(()))
        except StopIteration:
            self._end({"kind": "end"})
        except Exception as problem:
            self._end({**_refusal(problem), "kind": "broken"})
        else:
            slot = self._free.pop()
            # Packed at the slot's beginning; how large it is the worker knows from what it asked for.
            self._slots[slot].reshape(-1)[: picture.size] = picture.ravel()
            self._channel.send({"kind": "picture", "frame": frame, "slot": slot})

    def _end(self, message: dict[str, str]) -> None:
        self._stream = None
        self._channel.send(message)

    def _do_map(self, request: dict[str, Any]) -> None:
        """Slot 0 is for single frames, the others are for streams."""
        info, count = self._stack.info, int(request["slots"])
        size = info.width_px * info.height_px
        memory = np.frombuffer(mmap.mmap(self._memory_fd, size * count), np.uint8)
        self._slots = list(memory.reshape(count, info.height_px, info.width_px))
        self._channel.send({"kind": "mapped"})

    def _do_frame(self, request: dict[str, Any]) -> None:
        self._slots[0][:] = self._stack.read(int(request["frame"]), int(request["plane"]))
        self._channel.send({"kind": "frame"})

    def _do_jpeg(self, request: dict[str, Any]) -> None:
        picture = self._stack.read(int(request["frame"]), int(request["plane"]))
        width = request["width"]
        if width is not None and int(width) < picture.shape[1]:
            height = max(1, round(picture.shape[0] * int(width) / picture.shape[1]))
            small = Pillow.fromarray(picture).resize((int(width), height), Pillow.Resampling.BOX, reducing_gap=2.0)
            picture = np.asarray(small)
        whole = np.ascontiguousarray(picture)[..., np.newaxis]
        self._channel.send({"kind": "jpeg"}, simplejpeg.encode_jpeg(whole, quality=int(request["quality"]), colorspace="GRAY"))

    def _do_prepared(self, request: dict[str, Any]) -> None:
        """A frame or a cut of it after a data set's steps, as JPEG or lossless, with the boxes that moved along."""
        from detector.training.steps import apply, parse

        picture = self._stack.read(int(request["frame"]), int(request["plane"]))
        if request["cut"] is not None:
            x0, y0, x1, y1 = request["cut"]
            picture = picture[y0:y1, x0:x1]
        rng = np.random.default_rng(int(request["seed"]))
        done = apply(picture, request["boxes"], parse(request["steps"]), rng, at_random=bool(request["at_random"]))
        height, width = done.picture.shape
        facts = {"width_px": width, "height_px": height, "boxes": done.boxes, "kept": done.kept}
        if request["form"] == "png":
            written = io.BytesIO()
            Pillow.fromarray(done.picture).save(written, "PNG", compress_level=6)
            self._channel.send({"kind": "prepared", **facts}, written.getvalue())
        else:
            whole = np.ascontiguousarray(done.picture)[..., np.newaxis]
            self._channel.send({"kind": "prepared", **facts}, simplejpeg.encode_jpeg(whole, quality=90, colorspace="GRAY"))

    def _do_stream(self, request: dict[str, Any]) -> None:
        closer = {int(frame): int(shrink) for frame, shrink in request["closer"]}
        self._stream = self._stack.frames(request["indices"], int(request["plane"]), int(request["shrink"]), closer)
        self._free = list(range(1, len(self._slots)))

    def _do_free(self, request: dict[str, Any]) -> None:
        self._free.append(int(request["slot"]))

    def _do_stop(self, request: dict[str, Any]) -> None:  # noqa: ARG002 - all requests look alike
        self._end({"kind": "stopped"})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
