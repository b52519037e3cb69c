"""Where one embryo lay in the frames that were looked at."""

from __future__ import annotations

from bisect import bisect_left

from detector.following.windows import between
from detector.stages.crops import Circle


class Whereabouts:
    """Circles in shares of the well's longer side from the upper left of its box; None where no embryo was found."""

    def __init__(self) -> None:
        self._frames: list[int] = []
        self._circles: list[Circle | None] = []

    def put(self, frame: int, circle: Circle | None) -> None:
        """Note a place; a second one in the same frame replaces the first."""
        at = bisect_left(self._frames, frame)
        if frame in self:
            self._circles[at] = circle
        else:
            self._frames.insert(at, frame)
            self._circles.insert(at, circle)

    def __contains__(self, frame: int) -> bool:
        at = bisect_left(self._frames, frame)
        return at < len(self._frames) and self._frames[at] == frame

    def __getitem__(self, frame: int) -> Circle | None:
        return self._circles[bisect_left(self._frames, frame)]

    def around(self, frame: int) -> Circle | None:
        """Where the embryo must lie in a frame between two looks that agree; None where it has to be searched."""
        at = bisect_left(self._frames, frame)
        if not 0 < at < len(self._frames):
            return None
        before, after = self._circles[at - 1], self._circles[at]
        return between(before, after) if before is not None and after is not None else None
