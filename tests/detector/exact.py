"""Exact sightings: a finder that knows the truth of the pictures it is shown, and recordings that lie in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from detector.synth import DEMO, RecordingSettings, RenderedDish, render_dish
from detector.synth.recording import recorded
from detector.types import Box, Candidate, Content, Image, Layout, Sighting, StackInfo

CLEAN = replace(DEMO, width=384, height=276)


def dish(seed: int = 1, layout: Layout = Layout(3, 3), **changes: float) -> RenderedDish:
    """A small clean rendering."""
    return render_dish(seed, replace(CLEAN, layouts=(layout,), layout_weights=(1.0,), **changes))


def candidate(box: Box, content: Content = Content.EMPTY, confidence: float = 0.9) -> Candidate:
    rest = 0.05
    shares = {one: 1 - 3 * rest if one is content else rest for one in Content}
    return Candidate(box, content, confidence, shares)


def sighting_of(shown: RenderedDish, *, jitter: float = 0.0, missing: Sequence[int] = (), seed: int = 0, gas: float = 0.0) -> Sighting:
    """What a finder sees that is off by `jitter` of a well's size and misses the wells of these numbers."""
    rng = np.random.default_rng(seed)
    height, width = shown.image.shape
    found = []
    for number, well in enumerate([*shown.truth.wells, *shown.truth.strays]):
        off = rng.normal(0, jitter, 4) * well.box.width
        if number not in missing:
            corners = np.array([well.box.x0, well.box.y0, well.box.x1, well.box.y1]) + off
            x0, y0, x1, y1 = np.clip(corners, 0, [width, height, width, height]).tolist()
            found.append(candidate(Box(x0, y0, x1, y1), well.content))
    return Sighting(tuple(found) if shown.truth.usable else (), gas)


Change = Callable[[int, Sighting], Sighting]


class ExactFinder:
    """Tells the truth about the frames of one MemoryStack, changed where a test wants it changed."""

    name = "exact"
    weights_hash = ""

    def __init__(self, frames: Sequence[RenderedDish], change: Change = lambda _, sighting: sighting) -> None:
        self._known = {shown.image.tobytes(): change(index, sighting_of(shown)) for index, shown in enumerate(frames)}
        self.batches: list[int] = []

    def find(self, images: Sequence[Image]) -> list[Sighting]:
        self.batches.append(len(images))
        return [self._known[image.tobytes()] for image in images]


@dataclass
class MemoryStack:
    """Rendered frames as a Stack; `read_so_far` tells how many were taken."""

    pictures: Sequence[RenderedDish]
    hours: tuple[float, ...] | None = None
    read_so_far: int = field(default=0, init=False)

    @property
    def info(self) -> StackInfo:
        height, width = self.pictures[0].image.shape
        return StackInfo("image-folder", width, height, len(self.pictures), (0.0,), 8, None, None, self.hours, "none")

    def read(self, frame: int, plane: int = 0) -> Image:
        self.read_so_far += 1
        return self.pictures[frame].image

    def frames(
        self, indices: Sequence[int] | None = None, plane: int = 0, shrink: int = 1, closer: Mapping[int, int] | None = None
    ) -> Iterator[tuple[int, Image]]:
        for index in range(len(self.pictures)) if indices is None else indices:
            yield index, self.read(index)

    def close(self) -> None:
        pass


def drifting(frames: int, seed: int = 4, **changes: object) -> list[RenderedDish]:
    """A small recording of a 3x3 dish that wanders by a few pixels."""
    settings = replace(RecordingSettings(width=384, height=276, layout=Layout(3, 3)), **changes)  # type: ignore[arg-type]
    return list(recorded(seed, frames, settings))


def shifted(image: Image, sighting: Sighting, dx: int, dy: int) -> tuple[Image, Sighting]:
    """Picture and sighting moved by whole pixels; wells that leave the picture are not seen."""
    height, width = image.shape
    moved = np.full_like(image, int(np.median(image)))
    moved[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)] = image[
        max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)
    ]
    found = []
    for one in sighting.candidates:
        b = Box(one.box.x0 + dx, one.box.y0 + dy, one.box.x1 + dx, one.box.y1 + dy)
        inside = Box(max(b.x0, 0), max(b.y0, 0), min(b.x1, width), min(b.y1, height))
        if inside.width > 0.4 * one.box.width and inside.height > 0.4 * one.box.height:
            found.append(replace(one, box=inside))
    return moved, replace(sighting, candidates=tuple(found))
