"""One embryo's record: how it looked in the frames that were read, and the profile that follows from them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from detector.following.coarse import coarse_profile, coarsened
from detector.following.places import Place
from detector.following.windows import LEAST_FINE_PX
from detector.stages.decoding import Clock
from detector.stages.events import gas_events
from detector.stages.gating import next_frames
from detector.stages.looks import Looks, blended, most_likely
from detector.stages.profiles import ProfileBuilder
from detector.types import STAGES, Content, EmbryoEvent, Profile, Seeing, StageCall

_NEAR = 24
"""Looks whose sharpest one is what focus is measured against: structures grow finer within days."""


@dataclass(frozen=True, slots=True)
class Times:
    """When frames were taken, as far as that is known; never guessed."""

    minutes: tuple[float, ...] | None
    """Since the recording's start, one value a frame."""
    start_hpi: float | None

    def clock(self, frames: Sequence[int]) -> Clock | None:
        """The clock of some frames, None where no times are known."""
        if self.minutes is None:
            return None
        return Clock(np.array([self.minutes[frame] for frame in frames]), self.start_hpi)

    def hours_at(self, frame: int) -> float | None:
        """Hours post insemination, None where they are not known."""
        if self.minutes is None or self.start_hpi is None:
            return None
        return round(self.start_hpi + self.minutes[frame] / 60.0, 3)


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at one embryo."""

    frame: int
    look: Looks
    """One row."""
    diameter_px: float | None
    """In pixels of the frame, None where no embryo was found."""
    sharpness: float
    is_dark: bool
    is_cut_off: bool
    planes: int = 1
    """Focal planes that the look is made of."""


class EmbryoRecord:
    """Everything seen of one embryo; looks come in any order of frames."""

    def __init__(self, place: Place, told_at: float = 0.0) -> None:
        self.place = place
        self.frames: list[int] = []
        self._seen: list[Seen] = []
        self.told_at = told_at
        """When its profile was last told, or it was first seen, on the caller's clock."""
        self.is_changed = False
        """True when it was looked at since."""

    def add(self, seen: Seen) -> None:
        """Keep one look; a second one at the same frame replaces the first."""
        at = bisect_left(self.frames, seen.frame)
        if at < len(self.frames) and self.frames[at] == seen.frame:
            self._seen[at] = seen
        else:
            self.frames.insert(at, seen.frame)
            self._seen.insert(at, seen)
        self.is_changed = True

    def blend(self, frame: int, look: Looks) -> None:
        """Read another focal plane of a frame that was looked at together with what was seen there before."""
        at = bisect_left(self.frames, frame)
        seen = self._seen[at]
        self._seen[at] = replace(seen, look=blended((seen.look, look), (seen.planes, 1)), planes=seen.planes + 1)
        self.is_changed = True

    def seeing(self, frame: int) -> Seeing:
        """How well it could be seen in a frame that was looked at."""
        at = bisect_left(self.frames, frame)
        seen = self._seen[at]
        best = max(one.sharpness for one in self._seen[max(at - _NEAR, 0) : at + _NEAR + 1])
        focus = round(min(seen.sharpness / best, 1.0), 3) if best > 0 else 0.0
        return Seeing(frame, focus, seen.is_dark, seen.is_cut_off or seen.diameter_px is None)

    def is_coarse(self, expected_px: float) -> bool:
        """Whether the embryo is too small in the frames for single phases; `expected_px` stands in until it was found."""
        found = [seen.diameter_px for seen in self._seen if seen.diameter_px is not None]
        return float(np.median(found) if found else expected_px) < LEAST_FINE_PX

    def next(self, builder: ProfileBuilder, times: Times, visible: Sequence[int], stride: int, *, fills_gaps: bool = False) -> list[int]:
        """Which of the `visible` frames would tell more: those around changes, and those that leave too wide a gap.

        With `fills_gaps` all frames around a change come at once, for recordings in which passing over frames saves nothing.
        """
        places = {frame: at for at, frame in enumerate(visible)}
        kept = [at for at, frame in enumerate(self.frames) if frame in places]
        if not kept:
            return sorted({*visible[::stride], *visible[-1:]})
        read = [places[self.frames[at]] for at in kept]
        frames = [self.frames[at] for at in kept]
        decoded = builder.decode(self._looks(kept), frames, times.clock(frames), times.start_hpi)
        wide = {
            at for low, high in zip([-1, *read], [*read, len(visible)], strict=True) if high - low > stride
            for at in range(low + stride, high, stride)
        }  # fmt: skip
        asked = {*next_frames(decoded, read), *wide, 0, len(visible) - 1}
        if fills_gaps:
            asked |= {at for low, high in pairwise(read) if any(low < middle < high for middle in asked) for at in range(low + 1, high)}
        return [visible[at] for at in sorted(asked - set(read))]

    def so_far(self, expected_px: float, among: Sequence[int] | None = None) -> SoFar:
        """What was seen in the frames `among` these, or in all, up to now; looks that follow do not change it."""
        wanted = set(self.frames if among is None else among)
        kept = [at for at, frame in enumerate(self.frames) if frame in wanted]
        return SoFar(tuple(self.frames[at] for at in kept), self._looks(kept) if kept else None, self.is_coarse(expected_px))

    def call(self, frame: int, times: Times, *, expected_px: float) -> StageCall:
        """What one frame alone says."""
        logs = self._seen[bisect_left(self.frames, frame)].look.log_probabilities[0]
        stage, coarse = most_likely(logs)
        chances = tuple(round(float(p), 4) for p in np.exp(logs.astype(np.float64)))
        call = StageCall(frame, times.hours_at(frame), stage, coarse, chances[STAGES.index(stage)], chances)
        return coarsened([call])[0] if self.is_coarse(expected_px) else call

    def _looks(self, kept: Sequence[int]) -> Looks:
        parts = [self._seen[at].look for at in kept]
        return Looks(*(np.concatenate([getattr(part, name) for part in parts]) for name in Looks.__slots__))


@dataclass(frozen=True, slots=True)
class SoFar:
    """An embryo's looks in some frames, in order; None where there are none."""

    frames: tuple[int, ...]
    looks: Looks | None
    is_coarse: bool

    def profile(self, builder: ProfileBuilder, times: Times, *, beside: Sequence[EmbryoEvent] = ()) -> Profile:
        """The profile that follows, with events that others saw."""
        if self.looks is None:
            return Profile((), (), tuple(beside), self.is_coarse)
        clock = times.clock(self.frames)
        profile = builder.build(self.looks, self.frames, clock, start_hpi=times.start_hpi, is_coarse=self.is_coarse).profile
        others = {event.kind for event in beside}
        events = [*(event for event in profile.events if event.kind not in others), *beside]
        profile = replace(profile, events=tuple(sorted(events, key=lambda event: (event.first_frame, event.kind))))
        return coarse_profile(profile) if self.is_coarse else profile


def events_beside(contents: Sequence[tuple[int, Content]], emptied_at: int | None, last_frame: int) -> tuple[EmbryoEvent, ...]:
    """What the finder of wells saw happen in a well: bubbles, and the embryo taken out."""
    events = list(gas_events(contents))
    if emptied_at is not None:
        events.append(EmbryoEvent("well_emptied", emptied_at, last_frame, 1.0, "the well holds no embryo from here on"))
    return tuple(events)
