"""Follows every embryo of one dish through one recording: a few frames first, then those around changes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

import numpy as np

from detector.following.embryo import EmbryoRecord, Seen, SoFar, Times, events_beside
from detector.following.places import DishPlaces, Place
from detector.following.whereabouts import Whereabouts
from detector.following.windows import EMBRYO_OF_WELL, WellWindow, cut, sharpness, shrink_for_stages, shrink_unseen
from detector.stages.crops import Circle, Crop, crop_embryo, find_embryo
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
    """Meets detector.protocols.EmbryoFollower; its caller finds and cuts, one thread of its own looks, another decodes profiles."""

    def __init__(self, stager: FrameStager, builder: ProfileBuilder, info: StackInfo, times: Times, *, stride: int | None = None) -> None:
        self.name, self.weights_hash = stager.name, stager.weights_hash
        self._stager, self._builder, self._info, self._times = stager, builder, info, times
        self._stride = stride if stride is not None else stride_for(info.frames, times)
        self._dish = DishPlaces(info.width_px, info.height_px)
        self._records: dict[Place, EmbryoRecord] = {}
        self._asked: dict[int, set[Place]] | None = None
        self._rounds = 0
        self._where: dict[Place, Whereabouts] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stages")
        self._decoder = ThreadPoolExecutor(1, thread_name_prefix="profiles")
        self._in_hand: deque[Future[None]] = deque()
        self._decoding: Future[None] | None = None
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
            self._where.clear()
            self._calls.clear()
            self._profiles.clear()

    def show(self, frame_index: int, image: Image, *, is_beside: bool = False) -> None:
        """Have the embryos in a frame looked at, whose placement was taken before; waits while many frames are in hand.

        A picture `is_beside` where another focal plane of the same frame was shown before; both are then read together.
        """
        boxes = self._dish.boxes(frame_index)
        if self._asked is not None:
            boxes = {place: box for place, box in boxes.items() if place in self._asked.get(frame_index, ())}
        found = {place: cut(image, box, self._info.width_px) for place, box in boxes.items()}
        windows = {place: window for place, window in found.items() if window is not None}
        views = {place: self._view(place, frame_index, windows[place], is_beside=is_beside) for place in windows}
        seen = {place: view for place, view in views.items() if view is not None}
        if not seen:
            return
        self._settle(IN_HAND - 1)
        self._in_hand.append(self._thread.submit(self._look, frame_index, seen, is_beside=is_beside))

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
            seen = record.so_far(self._embryo_px(), self._dish.visible(place))
            yield ProfileDecoded(*place, seen.profile(self._builder, self._times, beside=beside), is_final=True)

    def close(self) -> None:
        """Stop looking; harmless at any time."""
        for pool in (self._thread, self._decoder):
            pool.shutdown(wait=True, cancel_futures=True)

    def _settle(self, left: int = 0) -> None:
        """Wait until no more than so many frames are in hand; what failed there is raised here."""
        while len(self._in_hand) > left:
            self._in_hand.popleft().result()
        if not left and self._decoding is not None:
            self._decoding.result()

    def _tell(self) -> Iterator[StagesCalled | ProfileDecoded]:
        with self._lock:
            calls, self._calls = self._calls, {}
            profiles, self._profiles = self._profiles, []
            found = [self._stages_called(place, sorted(set(calls[place]))) for place in sorted(calls)]
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

    def _view(self, place: Place, frame: int, window: WellWindow, *, is_beside: bool) -> _View | None:
        """The crop around one embryo; another focal plane is cut where the first one showed it, and only then."""
        where = self._where.setdefault(place, Whereabouts())
        if is_beside:
            return _View(_crop(window, where[frame]), window, None) if frame in where else None
        # Between two looks that agree it need not be searched, which costs more than naming it.
        known = None if window.is_cut_off else where.around(frame)
        circle = _pixels(known, window) if known is not None else find_embryo(window.image)
        where.put(frame, _shares(circle, window) if circle is not None else None)
        return _View(crop_embryo(window.image, circle), window, circle)

    def _look(self, frame: int, views: Mapping[Place, _View], *, is_beside: bool) -> None:
        """Look at one frame's embryos at once; on the follower's own thread. Focus and place stay those of the first plane."""
        looks = self._stager.look(np.stack([view.crop for view in views.values()]).astype(np.float32, copy=False))
        with self._lock:
            for number, (place, view) in enumerate(views.items()):
                record = self._records.setdefault(place, EmbryoRecord(place, time.monotonic()))
                if is_beside:
                    record.blend(frame, _row(looks, number))
                else:
                    record.add(_seen(frame, _row(looks, number), view))
                self._calls.setdefault(place, []).append(frame)
        self._decode_oldest(time.monotonic())

    def _decode_oldest(self, now: float) -> None:
        """Have the one embryo decoded whose profile has been waited for longest, one at a time, so that looking is not held up."""
        if self._decoding is not None:
            if not self._decoding.done():
                return
            self._decoding.result()
        due = [record for record in self._records.values() if record.is_changed and now - record.told_at >= PROFILE_EVERY_S]
        if due:
            record = min(due, key=lambda one: one.told_at)
            record.told_at, record.is_changed = now, False
            self._decoding = self._decoder.submit(self._decode, record.place, record.so_far(self._embryo_px()))

    def _decode(self, place: Place, seen: SoFar) -> None:
        profile = seen.profile(self._builder, self._times)
        with self._lock:
            self._profiles.append(ProfileDecoded(*place, profile, is_final=False))


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


@dataclass(frozen=True, slots=True)
class _View:
    """One embryo's crop, the window it was cut from, and the embryo in the window's pixels."""

    crop: Crop
    window: WellWindow
    circle: Circle | None


def _seen(frame: int, look: Looks, view: _View) -> Seen:
    window, circle = view.window, view.circle
    diameter = None if circle is None else 2 * circle.radius_px * window.shrink
    return Seen(frame, look, diameter, sharpness(view.crop), window.is_dark, window.is_cut_off)


def _crop(window: WellWindow, circle: Circle | None) -> Crop:
    return crop_embryo(window.image, _pixels(circle, window) if circle is not None else None)


def _shares(circle: Circle, window: WellWindow) -> Circle:
    """A circle in shares of the well's longer side, from the upper left of its outer box."""
    side, (x, y) = window.well_side, window.corner
    return Circle((x + circle.x) / side, (y + circle.y) / side, circle.radius_px / side, circle.confidence)


def _pixels(circle: Circle, window: WellWindow) -> Circle:
    side, (x, y) = window.well_side, window.corner
    return Circle(circle.x * side - x, circle.y * side - y, circle.radius_px * side, circle.confidence)
