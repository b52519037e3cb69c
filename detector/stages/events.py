"""What happened to an embryo besides its phases; every event names the frames that show it, none rests on what was not filmed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from detector.stages.cell_events import cell_events
from detector.stages.decoding import Decoded
from detector.stages.intervals import Courses
from detector.stages.looks import Looks
from detector.stages.priors import PHASES
from detector.stages.smooth import BLIND_HOURS, LEAST, Found, Smooth, runs
from detector.types import STAGES, Content, EmbryoEvent, Phase, Unphased

EVENT_KINDS = (
    "direct_cleavage_1_3", "direct_cleavage_2_5", "reverse_cleavage", "early_compaction", "collapse", "reexpansion", "arrest", "gas_bubble",
    "out_of_focus", "well_emptied", "pronuclei_not_observed", "fragmentation",
)  # fmt: skip
"""Kinds with evidence in what nets answer. Chaotic division, uneven cells and multinucleation have none: see the figures."""
DIRECT_HOURS = 5.0
"""Longest time between two divisions that makes them one (Rubio 2012)."""
ARREST_HOURS = 24.0
_ARRESTED = 0.8
"""Eight cells may take a day to become nine; only where that is unlikely has an embryo stopped."""
_CLIP_HOURS = 1.0
_JOINED_HOURS = 6.0
_BEFORE_HOURS, _AFTER_HOURS = 3.5, 4.2
_MOST_COUNTED = 6.3
_COMPACTING = 0.3
_COLLAPSED, _BACK = 0.6, 0.75
"""Shares of a cavity's largest extent below which it has collapsed, and from which on it is back."""


def events_of(looks: Looks, decoded: Decoded, courses: Courses | None, frame_indices: Sequence[int]) -> tuple[EmbryoEvent, ...]:
    """All events in order of time; where `courses` is None, times between frames mean nothing and only what needs none is told."""
    found = [*_hidden(looks, decoded), *_emptied(decoded), *_without_pronuclei(decoded)]
    if courses is not None:
        smooth = Smooth(looks, decoded)
        found += [
            *_direct(courses, decoded),
            *_reverse(smooth),
            *_early_compaction(smooth),
            *_collapses(smooth),
            *_arrest(decoded),
            *cell_events(smooth),
        ]
    named = [
        EmbryoEvent(kind, int(frame_indices[first]), int(frame_indices[last]), round(float(confidence), 4), detail)
        for kind, first, last, confidence, detail in found
    ]
    return tuple(sorted(named, key=lambda event: (event.first_frame, event.kind)))


def gas_events(contents: Sequence[tuple[int, Content]]) -> tuple[EmbryoEvent, ...]:
    """Runs of frames in which the well finder saw gas in the well; `contents` are (frame, content) in order."""
    has_gas = np.array([content in (Content.GAS, Content.EMBRYO_GAS) for _, content in contents], dtype=bool)
    return tuple(
        EmbryoEvent("gas_bubble", contents[first][0], contents[last][0], 1.0, "a gas bubble lies in the well")
        for first, last in runs(has_gas)
    )


def _direct(courses: Courses, decoded: Decoded) -> Iterator[Found]:
    """Divisions into three, judged on whole courses; a stage of three cells that was never seen is no evidence of one."""
    gaps = np.concatenate([[np.inf], np.diff(decoded.clock.minutes)]) / 60.0
    two, three, five = (PHASES.index(p) for p in (Phase.T2, Phase.T3, Phase.T5))

    def filmed(column: int) -> npt.NDArray[np.bool_]:
        return (courses.reached[:, column] > 0) & (gaps[courses.reached[:, column]] <= BLIND_HOURS)

    second, third, fifth = (courses.hours[:, k] for k in (two, three, five))
    first_direct = filmed(two) & filmed(three) & (courses.seen[:, three] >= 0) & (third - second <= DIRECT_HOURS)
    later_direct = filmed(three) & filmed(five) & (courses.seen[:, five] >= 0) & ~first_direct & (fifth - third <= DIRECT_HOURS)
    for kind, courses_with, start, end, words in (
        ("direct_cleavage_1_3", first_direct, two, three, "from one cell to three"),
        ("direct_cleavage_2_5", later_direct, three, five, "from two cells to five"),
    ):
        if courses_with.mean() < LEAST:
            continue
        first, last = (int(np.median(courses.reached[courses_with, k])) for k in (start, end))
        hours = float(np.median(courses.hours[courses_with, end] - courses.hours[courses_with, start]))
        yield kind, *_clip(decoded, first, last), courses_with.mean(), f"{words} in {hours:.1f} h"


def _reverse(smooth: Smooth) -> Iterator[Found]:
    """Fewer cells for hours than for hours before, while cells can still be counted."""
    counted = smooth.within(PHASES[3:9])
    best: tuple[float, int] | None = None
    for place in np.flatnonzero(counted) if smooth.is_dense else ():
        earlier, later = smooth.before(place, _BEFORE_HOURS), smooth.after(place, _AFTER_HOURS)
        before, after = (smooth.count[s][counted[s] & ~np.isnan(smooth.count[s])] for s in (earlier, later))
        if min(len(before), len(after)) < 3 or smooth.hours(earlier.start, place) < 1.5 or smooth.hours(place, later.stop - 1) < 3.0:
            continue
        # The count must have been there and stay down; what cannot be told from seven cells is no evidence.
        level = float(np.quantile(before, 0.3))
        fall = level - float(np.quantile(after, 0.8))
        if level <= _MOST_COUNTED and fall >= max(0.75, 0.2 * level) and (best is None or fall > best[0]):
            best = (fall, int(place))
    if best is not None:
        fall, place = best
        first, last = smooth.before(place, 2.0).start, smooth.after(place, _AFTER_HOURS).stop - 1
        yield "reverse_cleavage", first, last, min(0.5 + (fall - 0.7), 0.95), f"{fall:.1f} cells fewer, for hours"


def _early_compaction(smooth: Smooth) -> Iterator[Found]:
    """Cells that flatten against each other before there are eight."""
    for first, last in runs(smooth.within(PHASES[3:9]) & (smooth.compaction > _COMPACTING), bridge=2):
        if smooth.hours(first, last) >= 3.0:
            strength = float(np.nanmedian(smooth.compaction[first : last + 1]))
            yield "early_compaction", first, last, strength, f"compaction begins before eight cells, for {smooth.hours(first, last):.1f} h"


def _collapses(smooth: Smooth) -> Iterator[Found]:
    """A cavity that loses more than half of its share, and when it is back."""
    full = smooth.within(PHASES[12:])
    if not smooth.is_dense:
        return
    high, top, fallen = -1.0, -1, -1
    for t in np.flatnonzero(full & ~np.isnan(smooth.cavity)):
        value = float(smooth.cavity[t])
        if fallen < 0 and value >= high:
            high, top = value, int(t)
        elif fallen < 0 and high >= 0.25 and value < _COLLAPSED * high:
            near = smooth.before(int(t), 6.0)
            start = int(max(near.start, top))
            if float(np.nanmax(smooth.cavity[near])) > 0.8 * high:
                yield "collapse", start, int(t), min(1.0 - value / high, 0.95), f"the cavity falls from {high:.0%} to {value:.0%}"
                fallen = int(t)
            else:
                high, top = value, int(t)
        elif fallen >= 0 and value > _BACK * high:
            yield "reexpansion", fallen, int(t), 0.8, f"the cavity is back at {value:.0%} after {smooth.hours(fallen, int(t)):.1f} h"
            high, top, fallen = value, int(t), -1


def _arrest(decoded: Decoded) -> Iterator[Found]:
    """No new phase for a day, where one was due."""
    living = [t for t, stage in enumerate(decoded.path) if stage in PHASES]
    if not living:
        return
    last = living[-1]
    first = next(t for t in living if decoded.path[t] is decoded.path[last])
    waited = (decoded.clock.minutes[last] - decoded.clock.minutes[first]) / 60.0
    if waited >= ARREST_HOURS and decoded.arrested[last] >= _ARRESTED:
        yield "arrest", first, last, decoded.arrested[last], f"{decoded.path[last]} for {waited:.0f} h without a new phase"


def _hidden(looks: Looks, decoded: Decoded) -> Iterator[Found]:
    """Runs of frames that cannot be read; a single one is no event."""
    hidden = np.array([stage is Unphased.NOT_SEEN for stage in decoded.path], dtype=bool)
    unreadable = hidden | ((looks.unreadable > 0.7) & np.array([stage in PHASES for stage in decoded.path], dtype=bool))
    # What can hardly be read for hours is one stretch, whatever single frames between seem to show.
    minutes = decoded.clock.minutes
    interval = float(np.median(np.diff(minutes))) if len(minutes) > 1 else 60.0
    for first, last in runs(unreadable, bridge=max(1, round(_JOINED_HOURS * 60 / max(interval, 1e-3)))):
        places = first + np.flatnonzero(unreadable[first : last + 1])
        if (np.diff(places) <= 2).any():
            sure = float(np.maximum(decoded.posteriors[places, STAGES.index(Unphased.NOT_SEEN)], looks.unreadable[places]).mean())
            yield "out_of_focus", first, last, sure, f"{len(places)} frames cannot be read: out of focus, hidden, or dark"


def _emptied(decoded: Decoded) -> Iterator[Found]:
    """An embryo that was there and is gone to the end."""
    gone = len(decoded.path)
    while gone and decoded.path[gone - 1] in (Unphased.EMPTY, Unphased.NOT_SEEN):
        gone -= 1
    bare = [t for t in range(gone, len(decoded.path)) if decoded.path[t] is Unphased.EMPTY]
    if gone and bare:
        sure = float(decoded.posteriors[bare, STAGES.index(Unphased.EMPTY)].mean())
        yield "well_emptied", bare[0], len(decoded.path) - 1, sure, "the well is empty from here on"


def _without_pronuclei(decoded: Decoded) -> Iterator[Found]:
    """A recording that begins after pronuclei have faded cannot tell how many there were."""
    place = next((t for t, stage in enumerate(decoded.path) if stage in PHASES), None)
    if place is not None and decoded.path[place] in PHASES[2:]:
        sure = float(decoded.posteriors[place, 2 : len(PHASES)].sum())
        yield "pronuclei_not_observed", place, place, sure, "pronuclei not observed: the recording begins after they faded"


def _clip(decoded: Decoded, first: int, last: int) -> tuple[int, int]:
    """The same frames with some before and after, so that one sees it happen."""
    minutes = decoded.clock.minutes
    low = int(np.searchsorted(minutes, minutes[first] - _CLIP_HOURS * 60))
    high = int(np.searchsorted(minutes, minutes[last] + _CLIP_HOURS * 60, side="right")) - 1
    return max(low, 0), min(high, len(minutes) - 1)
