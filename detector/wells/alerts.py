"""Alerts: what a person should look at, each raised once and dated to the frame where it began."""

from __future__ import annotations

from collections.abc import Iterator

from detector.types import AlertRaised, Box, Content, ContentChanged, FrameResult

EARLY_HOURS = 6.0
"""While a gas bubble can still be removed."""
EARLY_FRAMES = 10
"""The same where a recording does not tell its times."""
RUN = 3
"""This many frames in a row are a state, fewer are a flicker; the first frame of a recording speaks for itself."""

GAS = (Content.GAS, Content.EMBRYO_GAS)
EMBRYO = (Content.EMBRYO, Content.EMBRYO_GAS)


class Alarms:
    """Remembers what was raised in one recording; frames come in order."""

    def __init__(self) -> None:
        self._bubbles: set[tuple[int, int]] = set()
        self._strays: list[Box] = []
        self._gas_outside = _Run()
        self._unsure = _Run()
        self._unusable_from: int | None = None
        self._unusable = 0
        self._frames = 0

    def check(
        self, result: FrameResult, changes: list[ContentChanged], strays: tuple[Box, ...], hours: float | None
    ) -> Iterator[AlertRaised]:
        """Alerts that this frame makes certain; `result` holds smoothed contents where they are known."""
        index = result.frame_index
        is_first = self._frames == 0
        self._frames += 1
        if result.is_usable:
            yield from self._end_of_unusable(index)
        else:
            self._unusable_from = index if self._unusable_from is None else self._unusable_from
            self._unusable += 1
        if _is_early(index, hours):
            yield from self._gas_in_wells(result)
        for change in changes:
            if change.previous in EMBRYO and change.well.content not in EMBRYO:
                detail = f"{change.well.name} held an embryo until frame {max(change.frame_index - 1, 0)}"
                yield AlertRaised("well_emptied", change.frame_index, detail, change.well.row, change.well.column)
        began = self._gas_outside.lasts(index, result.gas_outside_wells, at_once=is_first)
        if began is not None:
            yield AlertRaised("gas_outside_wells", began, "gas bubbles lie outside the wells")
        began = self._unsure.lasts(index, result.is_usable and not result.is_lattice_consistent, at_once=is_first)
        if began is not None:
            yield AlertRaised("lattice_inconsistent", began, result.reason)
        yield from self._stray_wells(index, strays)

    def finish(self, last_index: int) -> Iterator[AlertRaised]:
        """What only the end of the recording makes certain."""
        yield from self._end_of_unusable(last_index + 1)

    def _gas_in_wells(self, result: FrameResult) -> Iterator[AlertRaised]:
        for well in result.wells:
            place = (well.row, well.column)
            if well.content in GAS and not well.filled_in and place not in self._bubbles:
                self._bubbles.add(place)
                yield AlertRaised("gas_in_well", result.frame_index, f"a gas bubble lies in {well.name}", *place)

    def _stray_wells(self, index: int, strays: tuple[Box, ...]) -> Iterator[AlertRaised]:
        for stray in strays:
            x, y = stray.centre
            if all(stray.iou(known) < 0.2 for known in self._strays):
                self._strays.append(stray)
                yield AlertRaised("stray_well", index, f"a well at x {x:.0f}, y {y:.0f} belongs to no place of the dish")

    def _end_of_unusable(self, index: int) -> Iterator[AlertRaised]:
        start, self._unusable_from = self._unusable_from, None
        count, self._unusable = self._unusable, 0
        if start is not None and count >= min(RUN, self._frames):
            words = f"frame {start} shows" if count == 1 else f"frames {start} to {index - 1} show"
            yield AlertRaised("frames_unusable", start, f"{words} no dish that can be read")


class _Run:
    """A state that has to last before it counts."""

    def __init__(self) -> None:
        self._start = 0
        self._length = 0

    def lasts(self, index: int, is_so: bool, *, at_once: bool) -> int | None:
        """The frame where the state began, once a run, when it has lasted."""
        if not is_so:
            self._length = 0
            return None
        if self._length == 0:
            self._start = index
        self._length += RUN if at_once else 1
        reached = self._length >= RUN and (at_once or self._length == RUN)
        return self._start if reached else None


def _is_early(index: int, hours: float | None) -> bool:
    return hours < EARLY_HOURS if hours is not None else index < EARLY_FRAMES
