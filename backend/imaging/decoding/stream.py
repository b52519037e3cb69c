"""A recording in a child process that the analysis engine can use like any other stack; decoding overlaps with finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from backend.imaging.decoding.process import DecoderProcess
from backend.imaging.decoding.refusal import DecodingRefused

if TYPE_CHECKING:
    from detector.types import Image, StackInfo


def open_in_child(path: Path, *, name: str | None = None, timeout_s: float = 10, memory_mb: int = 2048) -> ChildStack:
    """Open a recording for the engine; meets detector.protocols.Stack and raises DecodingRefused."""
    from detector.types import StackInfo

    process = DecoderProcess(path, name=name or path.name, timeout_s=timeout_s, memory_mb=memory_mb)
    return ChildStack(process, StackInfo(**asdict(process.info)))


class ChildStack:
    """Frames decoded ahead by a child and handed over through shared memory."""

    def __init__(self, process: DecoderProcess, info: StackInfo) -> None:
        self._process = process
        self._info = info
        self._is_streaming = False

    @property
    def info(self) -> StackInfo:
        return self._info

    def read(self, frame: int, plane: int = 0) -> Image:
        """One grey picture, shape (height, width), uint8."""
        return self._process.frame(frame, plane)

    def frames(
        self, indices: Sequence[int] | None = None, plane: int = 0, shrink: int = 1, closer: Mapping[int, int] | None = None
    ) -> Iterator[tuple[int, Image]]:
        """(frame index, picture) in order, 1, 2, 4 or 8 times smaller; while one stream is read, a second one is refused.

        Frames named in `closer` come as many times smaller as it says.
        """
        if self._is_streaming:
            raise DecodingRefused("decoder_busy", "The recording is being read already.", "Finish or close the first stream.")
        self._is_streaming = True
        is_finished = False
        try:
            self._process.start_stream(indices, plane, shrink, closer)
            while (picture := self._process.next_picture()) is not None:
                yield picture
            is_finished = True
        finally:
            self._is_streaming = False
            if not is_finished:
                self._process.stop_stream()

    def close(self) -> None:
        self._process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
