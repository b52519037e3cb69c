"""What the pipeline needs from its parts; adapters meet these shapes and are loaded by dotted path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from detector.types import Finding, FramesFollowed, Image, ProfileDecoded, Sighting, StackInfo, StagesCalled


@runtime_checkable
class Stack(Protocol):
    """A recording that can be read frame by frame without holding it in memory."""

    @property
    def info(self) -> StackInfo: ...

    def read(self, frame: int, plane: int = 0) -> Image:
        """One grey picture, shape (height, width), uint8; raises StackError with the reason when it cannot be read whole."""
        ...

    def frames(
        self, indices: Sequence[int] | None = None, plane: int = 0, shrink: int = 1, closer: Mapping[int, int] | None = None
    ) -> Iterator[tuple[int, Image]]:
        """(frame index, picture) in order, all frames or the ones asked for; skipped frames are not decoded where the format allows.

        With `shrink` 2, 4 or 8 pictures come so many times smaller, sides rounded up; formats that can save the work of decoding.
        Frames named in `closer` come as many times smaller as it says.
        """
        ...

    def close(self) -> None: ...


@runtime_checkable
class WellFinder(Protocol):
    """Sees wells in pictures; stateless, so the same picture always gives the same answer."""

    name: str
    weights_hash: str
    """sha256 of the weights, empty for finders without any."""

    def find(self, images: Sequence[Image]) -> list[Sighting]:
        """One sighting an image, in the same order; images may differ in size."""
        ...


@runtime_checkable
class DishReader(Protocol):
    """Turns sightings into findings; it remembers the dish, so one reader serves one recording and frames come in order."""

    def read(self, frame_index: int, image: Image, sighting: Sighting, hours_since_start: float | None) -> Iterator[Finding]:
        """Everything this frame makes known: outlined wells of a key frame, changed contents, alerts."""
        ...

    def followed(self) -> FramesFollowed:
        """Where the dish lay in the frames read since this was last asked."""
        ...

    def finish(self) -> Iterator[Finding]:
        """What only the end of the recording makes certain, and the dish as a whole."""
        ...


@runtime_checkable
class EmbryoFollower(Protocol):
    """Looks at the embryos of a dish that a reader follows; it remembers them, so one follower serves one recording.

    It looks beside its caller, who hears what became known by asking; whatever fails there is raised here.
    """

    name: str
    weights_hash: str
    """sha256 of the stager's weights."""

    def keys(self) -> Mapping[int, int]:
        """Frames to show while the wells are followed, and how many times smaller at most."""
        ...

    def take(self, finding: Finding) -> None:
        """Note where wells lie and what they hold; findings come in order, in pixels of the whole frame."""
        ...

    def show(self, frame_index: int, image: Image, *, is_beside: bool = False) -> None:
        """Have the embryos in a frame looked at, whose placement was taken before; waits while many frames are in hand.

        A picture `is_beside` where another focal plane of the same frame was shown before; both are then read together.
        """
        ...

    def told(self) -> Iterator[StagesCalled | ProfileDecoded]:
        """What became known since this was last asked."""
        ...

    def wanted(self) -> tuple[Sequence[int], int]:
        """Frames to show next, in order, and how many times smaller at most; none once every frame would tell the same."""
        ...

    def finish(self) -> Iterator[StagesCalled | ProfileDecoded]:
        """What was not told yet, and the final profile of every well that ever held an embryo."""
        ...

    def close(self) -> None:
        """Stop looking; harmless at any time."""
        ...
