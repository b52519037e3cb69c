"""The way of a recording: frames are found in, read and told, once and in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from detector.enlarging import enlarged, shrink_for
from detector.protocols import DishReader, Stack, WellFinder
from detector.types import Finding, Image, Progress, Sighting

Frame = tuple[int, Image]
AHEAD = 2
"""Batches the finder has in hand: while its nets work on one, the other is prepared or taken apart."""


def analyse(stack: Stack, *, finder: WellFinder, reader: DishReader, plane: int = 0, batch: int = 8) -> Iterator[Finding]:
    """Yield each finding as soon as it is known, in pixels of the whole frame; frame 0's are out before frame 1 is read.

    Large frames are read smaller, as far as the finder loses nothing by it.
    """
    shrink = shrink_for(stack.info)
    for finding in _found(stack, finder, reader, plane, batch, shrink):
        yield enlarged(finding, shrink, stack.info)


def _found(stack: Stack, finder: WellFinder, reader: DishReader, plane: int, batch: int, shrink: int) -> Iterator[Finding]:
    """Findings in pixels of the pictures as read; while one batch is told, the finder looks at the next ones."""
    info, done = stack.info, 0

    def told(frames: Sequence[Frame], sightings: Sequence[Sighting]) -> Iterator[Finding]:
        nonlocal done
        hours = info.hours_since_start
        for (index, image), sighting in zip(frames, sightings, strict=True):
            yield from reader.read(index, image, sighting, hours[index] if hours is not None else None)
        done += len(frames)
        yield reader.followed()
        yield Progress(done, info.frames)

    source = iter(stack.frames(plane=plane, shrink=shrink))
    first = list(islice(source, 1))
    yield from told(first, finder.find([image for _, image in first]))
    with ThreadPoolExecutor(AHEAD, thread_name_prefix="finder") as ahead:
        looking: deque[tuple[list[Frame], Future[list[Sighting]]]] = deque()
        for frames in _batches(source, batch):
            looking.append((frames, ahead.submit(finder.find, [image for _, image in frames])))
            if len(looking) > AHEAD:
                seen, sightings = looking.popleft()
                yield from told(seen, sightings.result())
        for seen, sightings in looking:
            yield from told(seen, sightings.result())
    yield from reader.finish()


def _batches(source: Iterable[Frame], size: int) -> Iterator[list[Frame]]:
    frames = iter(source)
    while batch := list(islice(frames, size)):
        yield batch
