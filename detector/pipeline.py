"""The way of a recording: frames are found in, read and told, once and in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from detector.protocols import DishReader, Stack, WellFinder
from detector.types import Finding, Image, Progress

Frame = tuple[int, Image]


def analyse(stack: Stack, *, finder: WellFinder, reader: DishReader, plane: int = 0, batch: int = 8) -> Iterator[Finding]:
    """Yield each finding as soon as it is known; frame 0's are out before frame 1 is read."""
    info = stack.info
    hours = info.hours_since_start
    done = 0
    for frames in _batches(stack.frames(plane=plane), batch):
        sightings = finder.find([image for _, image in frames])
        for (index, image), sighting in zip(frames, sightings, strict=True):
            yield from reader.read(index, image, sighting, hours[index] if hours is not None else None)
        done += len(frames)
        yield reader.followed()
        yield Progress(done, info.frames)
    yield from reader.finish()


def _batches(frames: Iterable[Frame], size: int) -> Iterator[list[Frame]]:
    """The first frame alone, so that a person sees wells at once, then batches."""
    source = iter(frames)
    wanted = 1
    while frames_read := list(islice(source, wanted)):
        yield frames_read
        wanted = size
