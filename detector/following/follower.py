"""Follows every embryo of one dish through one recording: a few frames first, then those around changes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from threading import Lock

import numpy as np

from detector.following.embryo import EmbryoRecord, Seen, Times, events_beside
from detector.following.places import DishPlaces, Place
from detector.following.windows import EMBRYO_OF_WELL, WellWindow, cut, sharpness, shrink_for_stages, shrink_unseen
from detector.stages.crops import Circle, crop_embryo, find_embryo
from detector.stages.gating import STRIDE, first_frames
from detector.stages.looks import FrameStager, Looks
from detector.stages.profiles import ProfileBuilder
from detector.types import Finding, Image, ProfileDecoded, StackInfo, StageCall, StagesCalled

TELL_EVERY_S = 0.4
"""Calls are gathered for so long, so that whoever writes them down writes few rows."""
PROFILE_EVERY_S = 2.0
IN_HAND = 4
"""Frames that wait to be looked at; each is held in memory until then."""
STRIDE_MINUTES = 120.0
"""Frames read first lie no farther apart: two divisions may."""
LEAST_FIRST = 64
"""Frames read first where no times are known, as far as there are so many."""
MOST_FIRST = 2_000
MOST_ROUNDS = 6
SEQUENTIAL = ("mp4",)
"""Formats in which a frame can only be had by way of those before it."""


class DishFollower:
    """Meets detector.protocols.EmbryoFollower; one thread of its own looks and decodes, its caller cuts and asks."""

    def __init__(self, stager: FrameStager, builder: ProfileBuilder, info: StackInfo, times: Times, *, stride: int | None = None) -> None:
        self.name, self.weights_hash = stager.name, stager.weights_hash
        self._stager, self._builder, self._info, self._times = stager, builder, info, times
        self._stride = stride if stride is not None else stride_for(info.frames, times)
        self._dish = DishPlaces(info.width_px, info.height_px)
        self._records: dict[Place, EmbryoRecord] = {}
        self._asked: dict[int, set[Place]] | None = None
        self._rounds = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stages")
        self._in_hand: deque[Future[None]] = deque()
        self._lock = Lock()
        self._calls: dict[Place, list[int]] = {}
        self._profiles: list[ProfileDecoded] = []
        self._told_at = -TELL_EVERY_S
        self._named_from = 0

    def keys(self) -> Mapping[int, int]:
        """Frames to show while the wells are followed, and how many times smaller at most."""
        shrink = shrink_unseen(self._info.width_px)
        return dict.fromkeys(first_frames(self._info.frames, self._stride), shrink)

    def take(self, finding: Finding) -> None:
        """Note where wells lie and what they hold; findings come in order, in pixels of the whole frame."""
        self._dish.take(finding)
        if self._dish.named_from != self._named_from:
            self._named_from = self._dish.named_from
            self._settle()
            self._records.clear()
            self._calls.clear()
            self._profiles.clear()

    def show(self, frame_index: int, image: Image) -> None:
        """Have the embryos in a frame looked at, whose placement was taken before; waits while many frames are in hand."""
        boxes = self._dish.boxes(frame_index)
        if self._asked is not None:
            boxes = {place: box for place, box in boxes.items() if place in self._asked.get(frame_index, ())}
        found = {place: cut(image, box, self._info.width_px) for place, box in boxes.items()}
        windows = {place: window for place, window in found.items() if window is not None}
        if not windows:
            return
        self._settle(IN_HAND - 1)
        self._in_hand.append(self._thread.submit(self._look, frame_index, windows))

    def told(self) -> Iterator[StagesCalled | ProfileDecoded]:
        """What became known since this was last asked; calls of some tenths of a second come together."""
        while self._in_hand and self._in_hand[0].done():
            self._in_hand.popleft().result()
        if time.monotonic() - self._told_at >= TELL_EVERY_S:
            yield from self._tell()

    def wanted(self) -> tuple[Sequence[int], int]:
        """Frames to show next, in order, and how many times smaller at most; none once every frame would tell the same."""
        self._settle()
        self._rounds += 1
        asked: dict[int, set[Place]] = {}
        for place in self._dish.wells() if self._rounds <= MOST_ROUNDS else ():
            visible = self._dish.visible(place)
            record = self._records.get(place) or EmbryoRecord(place)
            if visible:
                for frame in record.next(self._builder, self._times, visible, self._stride, fills_gaps=self._info.format in SEQUENTIAL):
                    asked.setdefault(frame, set()).add(place)
        self._asked = asked
        return sorted(asked), shrink_for_stages(self._embryo_px())

    def finish(self) -> Iterator[StagesCalled | ProfileDecoded]:
        """What was not told yet, and the final profile of every well that ever held an embryo."""
        self._settle()
        self._profiles.clear()
        yield from self._tell()
        for place in self._dish.wells():
            record = self._records.get(place) or EmbryoRecord(place)
            beside = events_beside(self._dish.contents(place), self._dish.emptied_at(place), self._info.frames - 1)
            profile = record.profile(
                self._builder, self._times, expected_px=self._embryo_px(), among=self._dish.visible(place), beside=beside
            )
            yield ProfileDecoded(*place, profile, is_final=True)

    def close(self) -> None:
        """Stop looking; harmless at any time."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _settle(self, left: int = 0) -> None:
        """Wait until no more than so many frames are in hand; what failed there is raised here."""
        while len(self._in_hand) > left:
            self._in_hand.popleft().result()

    def _tell(self) -> Iterator[StagesCalled | ProfileDecoded]:
        with self._lock:
            calls, self._calls = self._calls, {}
            profiles, self._profiles = self._profiles, []
            found = [self._stages_called(place, sorted(calls[place])) for place in sorted(calls)]
        if found or profiles:
            self._told_at = time.monotonic()
        yield from found
        yield from profiles

    def _stages_called(self, place: Place, frames: Sequence[int]) -> StagesCalled:
        record, expected_px = self._records[place], self._embryo_px()
        calls: tuple[StageCall, ...] = tuple(record.call(frame, self._times, expected_px=expected_px) for frame in frames)
        return StagesCalled(*place, calls, tuple(record.seeing(frame) for frame in frames))

    def _embryo_px(self) -> float:
        """What embryos measure in the frame by the size of their wells."""
        return EMBRYO_OF_WELL * (self._dish.side_px or self._info.width_px / 8)

    def _look(self, frame: int, windows: Mapping[Place, WellWindow]) -> None:
        """Look at one frame's embryos at once; on the follower's own thread."""
        places = list(windows)
        circles = [self._circle(place, frame, windows[place]) for place in places]
        crops = [crop_embryo(windows[place].image, circle) for place, circle in zip(places, circles, strict=True)]
        looks = self._stager.look(np.stack(crops).astype(np.float32, copy=False))
        with self._lock:
            for number, (place, circle) in enumerate(zip(places, circles, strict=True)):
                window = windows[place]
                sharp = sharpness(crops[number])
                seen = _seen(frame, _row(looks, number), circle, window, sharp)
                self._records.setdefault(place, EmbryoRecord(place, time.monotonic())).add(seen)
                self._calls.setdefault(place, []).append(frame)
        self._decode_oldest(time.monotonic())

    def _circle(self, place: Place, frame: int, window: WellWindow) -> Circle | None:
        """The embryo in its window; between two looks that agree it need not be searched, which costs more than naming it."""
        record = self._records.get(place)
        known = record.circle_at(frame) if record is not None and not window.is_cut_off else None
        return _pixels(known, window) if known is not None else find_embryo(window.image)

    def _decode_oldest(self, now: float) -> None:
        """Decode the one embryo whose profile has been waited for longest, so that looking is not held up."""
        due = [record for record in self._records.values() if record.is_changed and now - record.told_at >= PROFILE_EVERY_S]
        if not due:
            return
        record = min(due, key=lambda one: one.told_at)
        profile = record.profile(self._builder, self._times, expected_px=self._embryo_px())
        record.told_at, record.is_changed = time.monotonic(), False
        with self._lock:
            self._profiles.append(ProfileDecoded(*record.place, profile, is_final=False))


def stride_for(frames: int, times: Times) -> int:
    """Every so many frames are read first: a power of two, fewer where frames lie far apart or are few."""
    stride = STRIDE
    if times.minutes is not None and frames > 1:
        minutes = float(np.median(np.diff(times.minutes)))
        while stride > 1 and stride * minutes > STRIDE_MINUTES:
            stride //= 2
    else:
        while stride > 1 and frames // stride < LEAST_FIRST:
            stride //= 2
    while frames // stride > MOST_FIRST:
        stride *= 2
    return stride


def times_of(info: StackInfo, start_hpi: float | None, interval_minutes: float | None) -> Times:
    """When frames were taken: by the recording's own times, else by the interval that somebody gave or the recording states."""
    hours = info.hours_since_start
    if hours is not None and not any(later < earlier for earlier, later in pairwise(hours)):
        return Times(tuple(60.0 * hour for hour in hours), start_hpi)
    interval = interval_minutes if interval_minutes is not None else info.interval_minutes
    if interval is None:
        return Times(None, start_hpi)
    return Times(tuple(interval * frame for frame in range(info.frames)), start_hpi)


def follower_of(
    stager: FrameStager, builder: ProfileBuilder, info: StackInfo, start_hpi: float | None, interval_minutes: float | None
) -> DishFollower:
    """The follower of one recording."""
    return DishFollower(stager, builder, info, times_of(info, start_hpi, interval_minutes))


def _row(looks: Looks, number: int) -> Looks:
    return Looks(*(np.array(getattr(looks, name)[number : number + 1]) for name in Looks.__slots__))


def _seen(frame: int, look: Looks, circle: Circle | None, window: WellWindow, sharp: float) -> Seen:
    if circle is None:
        return Seen(frame, look, None, None, sharp, window.is_dark, window.is_cut_off)
    diameter = 2 * circle.radius_px * window.shrink
    return Seen(frame, look, _shares(circle, window), diameter, sharp, window.is_dark, window.is_cut_off)


def _shares(circle: Circle, window: WellWindow) -> Circle:
    """A circle in shares of the well's longer side, from the upper left of its outer box."""
    side, (x, y) = window.well_side, window.corner
    return Circle((x + circle.x) / side, (y + circle.y) / side, circle.radius_px / side, circle.confidence)


def _pixels(circle: Circle, window: WellWindow) -> Circle:
    side, (x, y) = window.well_side, window.corner
    return Circle(circle.x * side - x, circle.y * side - y, circle.radius_px * side, circle.confidence)
