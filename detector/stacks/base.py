"""What all stacks share: bounds, one grey scale for the whole recording, and streaming in order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np

from detector.reducing import reduced, smaller
from detector.stacks.grey import GreyScale, Raw
from detector.stacks.refusals import Code, refusal
from detector.types import Image, StackInfo

_SAMPLES = 12
DEEP_NOTE = "Grey values of {bits} bits are mapped to 8 by one scale for the whole recording."


class RecordedStack(ABC):
    """A recording opened from disk; meets detector.protocols.Stack and closes itself as a context manager."""

    def __init__(self, info: StackInfo, dtype: np.dtype[Any]) -> None:
        self._info = info
        self._dtype = dtype
        self._scale: GreyScale | None = None

    @property
    def info(self) -> StackInfo:
        return self._info

    @abstractmethod
    def raw(self, frame: int, plane: int) -> Raw:
        """The picture as stored, grey but in its own depth; indices are already checked."""

    @abstractmethod
    def close(self) -> None: ...

    def raw_small(self, frame: int, plane: int, shrink: int) -> Raw:
        """The same `shrink` times smaller, sides rounded up."""
        return reduced(self.raw(frame, plane), shrink)

    def has(self, frame: int, plane: int) -> bool:  # noqa: ARG002
        """False for a frame that one plane lacks."""
        return True

    def read(self, frame: int, plane: int = 0, shrink: int = 1) -> Image:
        """One grey picture, shape (height, width), uint8; raises StackError with the reason when it cannot be read whole."""
        if not (0 <= frame < self._info.frames and 0 <= plane < len(self._info.planes)):
            raise refusal(
                Code.FRAME_OUT_OF_RANGE,
                f"Frame {frame} of plane {plane} was asked for; there are {self._info.frames} frames and {len(self._info.planes)} planes.",
            )
        if not self.has(frame, plane):
            raise refusal(Code.FRAME_MISSING, f"Plane {self._info.planes[plane]:g} has no frame {frame}; other planes do.")
        picture = self.raw(frame, plane) if shrink == 1 else self.raw_small(frame, plane, shrink)
        if picture.shape != smaller((self._info.height_px, self._info.width_px), shrink):
            raise refusal(
                Code.RESOLUTION_CHANGES,
                f"Frame {frame} is {picture.shape[1]}x{picture.shape[0]} px, the first one {self._info.width_px}x{self._info.height_px}.",
            )
        return self._to_eight_bits(picture, frame)

    def frames(
        self, indices: Sequence[int] | None = None, plane: int = 0, shrink: int = 1, closer: Mapping[int, int] | None = None
    ) -> Iterator[tuple[int, Image]]:
        """(frame index, picture) in order, 1, 2, 4 or 8 times smaller; without indices every frame that the plane has.

        Frames named in `closer` come as many times smaller as it says.
        """
        apart = closer or {}
        for frame in range(self._info.frames) if indices is None else indices:
            if indices is not None or self.has(frame, plane):
                yield frame, self.read(frame, plane, apart.get(frame, shrink))

    def _to_eight_bits(self, picture: Raw, frame: int) -> Image:
        if picture.dtype != self._dtype:
            raise refusal(Code.PICTURE_KIND, f"Frame {frame} has {picture.dtype} values, the first frame {self._dtype}.")
        if self._dtype == np.uint8:
            return picture
        if self._scale is None:
            self._scale = GreyScale.of(self.raw(*where) for where in self._sample())
        return self._scale.apply(picture)

    def _sample(self) -> list[tuple[int, int]]:
        """Frames and planes spread evenly over the recording, always the same ones."""
        frames, planes = self._info.frames, len(self._info.planes)
        steps = np.unique(np.linspace(0, frames * planes - 1, min(_SAMPLES, frames * planes)).astype(int))
        places = [(int(step) // planes, int(step) % planes) for step in steps]
        return [place for place in places if self.has(*place)] or [(f, p) for p in range(planes) for f in range(frames) if self.has(f, p)][
            :1
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
