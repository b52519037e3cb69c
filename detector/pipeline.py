"""The way of a recording: frames are found in, read and told, once and in order; of some the embryos are looked at from near."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from detector.enlarging import enlarged, lessened, shrink_for
from detector.protocols import DishReader, EmbryoFollower, Stack, WellFinder
from detector.types import Finding, Image, Progress, Sighting, StackInfo

AHEAD = 2
"""Batches the finder has in hand: while its nets work on one, the other is prepared or taken apart."""


def analyse(
    stack: Stack, *, finder: WellFinder, reader: DishReader, stages: EmbryoFollower | None = None, plane: int = 0, batch: int = 8
) -> Iterator[Finding]:
    """Yield each finding as soon as it is known, in pixels of the whole frame; frame 0's are out before frame 1 is read.

    Large frames are read smaller, as far as the finder loses nothing by it; the frames that `stages` asks for come closer.
    """
    way = _Way(stack, finder, reader, stages, plane, batch)
    try:
        yield from way.through()
    finally:
        if stages is not None:
            stages.close()


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame as the finder sees it, and as it came."""

    index: int
    small: Image
    whole: Image


class _Way:
    """One pass over a recording for its wells, then the further looks that its embryos need."""

    def __init__(self, stack: Stack, finder: WellFinder, reader: DishReader, stages: EmbryoFollower | None, plane: int, batch: int) -> None:
        self._stack, self._finder, self._reader, self._stages = stack, finder, reader, stages
        self._plane, self._batch = plane, batch
        self._shrink = shrink_for(stack.info)
        self._keys = dict(stages.keys()) if stages is not None else {}
        self._done = 0

    def through(self) -> Iterator[Finding]:
        source = self._frames()
        first = list(islice(source, 1))
        yield from self._told(first, self._finder.find([frame.small for frame in first]))
        with ThreadPoolExecutor(AHEAD, thread_name_prefix="finder") as ahead:
            looking: deque[tuple[list[_Frame], Future[list[Sighting]]]] = deque()
            for frames in _batches(source, self._batch):
                looking.append((frames, ahead.submit(self._finder.find, [frame.small for frame in frames])))
                if len(looking) > AHEAD:
                    seen, sightings = looking.popleft()
                    yield from self._told(seen, sightings.result())
            for seen, sightings in looking:
                yield from self._told(seen, sightings.result())
        if self._stages is not None:
            yield from self._looked_closer(self._stages)
        yield from map(self._enlarged, self._reader.finish())

    def _told(self, frames: Sequence[_Frame], sightings: Sequence[Sighting]) -> Iterator[Finding]:
        """What a batch makes known; while it is told, the finder looks at the next ones."""
        info, stages = self._stack.info, self._stages
        hours = info.hours_since_start
        for frame, sighting in zip(frames, sightings, strict=True):
            for finding in self._reader.read(frame.index, frame.small, sighting, hours[frame.index] if hours is not None else None):
                yield self._enlarged(finding)
        yield self._enlarged(self._reader.followed())
        self._done += len(frames)
        yield Progress(self._done, info.frames)
        if stages is not None:
            for frame in frames:
                if frame.index in self._keys:
                    stages.show(frame.index, frame.whole)
            yield from stages.told()

    def _looked_closer(self, stages: EmbryoFollower) -> Iterator[Finding]:
        """Focal planes beside the first are read as well, and frames that were passed over where something changed near them."""
        beside = planes_beside(self._stack.info, self._plane)
        for plane in beside:
            yield from self._shown(stages, self._stack.frames(sorted(self._keys), plane, closer=self._keys), is_beside=True)
        while (asked := stages.wanted())[0]:
            indices, shrink = asked
            for plane in (self._plane, *beside):
                yield from self._shown(stages, self._stack.frames(indices, plane, shrink), is_beside=plane != self._plane)
        yield from stages.finish()

    def _shown(self, stages: EmbryoFollower, frames: Iterable[tuple[int, Image]], *, is_beside: bool) -> Iterator[Finding]:
        for index, image in frames:
            stages.show(index, image, is_beside=is_beside)
            yield from stages.told()

    def _frames(self) -> Iterator[_Frame]:
        for index, image in self._stack.frames(plane=self._plane, shrink=self._shrink, closer=self._keys):
            yield _Frame(index, lessened(image, self._shrink, self._stack.info), image)

    def _enlarged(self, finding: Finding) -> Finding:
        """The finding in pixels of the whole frame, which whoever looks closer hears of as well."""
        found = enlarged(finding, self._shrink, self._stack.info)
        if self._stages is not None:
            self._stages.take(found)
        return found


def planes_beside(info: StackInfo, plane: int) -> tuple[int, ...]:
    """The whole focal planes next to `plane`, below and above: with it the three that an embryo is read in."""
    whole = [other for other in range(len(info.planes)) if other not in info.incomplete_planes]
    below, above = [other for other in whole if other < plane], [other for other in whole if other > plane]
    return (*below[-1:], *above[:1])


def _batches(source: Iterable[_Frame], size: int) -> Iterator[list[_Frame]]:
    frames = iter(source)
    while batch := list(islice(frames, size)):
        yield batch
