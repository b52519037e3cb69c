"""Reading: one dish through one recording, from sightings to named wells with smoothed contents and alerts."""

from __future__ import annotations

import cmath
from collections.abc import Iterator
from dataclasses import replace

from detector.types import (
    AlertRaised,
    ContentChanged,
    DishSettled,
    Finding,
    FrameResult,
    FramesFollowed,
    Image,
    Layout,
    Placement,
    Sighting,
    WellsFound,
)
from detector.wells.alerts import Alarms
from detector.wells.looks import LooksGathered
from detector.wells.smoothing import ContentJudge
from detector.wells.tracking import DishTracker, Followed


class WowDishReader:
    """Holds a dish's place, contents and alerts; one reader serves one recording, frames come in order."""

    def __init__(self, layout: Layout | None = None) -> None:
        self._tracker = DishTracker(layout)
        self._judge = ContentJudge()
        self._alarms = Alarms()
        self._looks = LooksGathered()
        self._layout: Layout | None = None
        self._usable = 0
        self._last_index = -1
        self._frames = 0
        self._placements: list[Placement] = []

    def read(self, frame_index: int, image: Image, sighting: Sighting, hours_since_start: float | None) -> Iterator[Finding]:
        """Everything this frame makes known: outlines, changed contents, alerts."""
        followed = self._tracker.follow(frame_index, image, sighting)
        result = followed.result
        self._frames += 1
        self._looks.show(image)
        self._last_index = frame_index
        self._usable += result.is_usable
        self._placements.append(_placement(followed))
        changes = self._weigh(followed)
        if followed.keeps_names or followed.is_key:
            result = self._with_smoothed_contents(result)
        if followed.is_key or self._frames == 1:
            self._layout = result.layout or self._layout
            yield WellsFound(result)
        yield from changes
        yield from self._alerts(result, changes, followed, hours_since_start)

    def followed(self) -> FramesFollowed:
        """Where the dish lay in the frames read since this was last asked."""
        placements, self._placements = tuple(self._placements), []
        return FramesFollowed(placements)

    def finish(self) -> Iterator[AlertRaised | DishSettled]:
        """What only the end of the recording makes certain, and the dish as a whole."""
        yield from self._alarms.finish(self._last_index)
        yield DishSettled(self._layout, self._judge.settled(), self._usable, self._frames, self._looks.settled())

    def _weigh(self, followed: Followed) -> list[ContentChanged]:
        if not followed.keeps_names:
            if not followed.is_key:
                return []
            # Other names now than before: what was gathered under the old ones would end up with the wrong embryo.
            self._judge = ContentJudge()
        return self._judge.weigh(followed.result)

    def _with_smoothed_contents(self, result: FrameResult) -> FrameResult:
        known = [(well, self._judge.content(well.row, well.column)) for well in result.wells]
        if all(content is None or content is well.content for well, content in known):
            return result
        return replace(result, wells=tuple(well if content is None else replace(well, content=content) for well, content in known))

    def _alerts(
        self, result: FrameResult, changes: list[ContentChanged], followed: Followed, hours_since_start: float | None
    ) -> Iterator[AlertRaised]:
        are_named = followed.keeps_names or followed.is_key
        shown = result if are_named else replace(result, wells=())
        yield from self._alarms.check(shown, changes, followed.strays if followed.is_key else (), hours_since_start)


def _placement(followed: Followed) -> Placement:
    scale, shift = followed.motion
    result = followed.result
    return Placement(
        frame_index=result.frame_index,
        scale=abs(scale),
        rotation_rad=cmath.phase(scale),
        dx_px=shift.real,
        dy_px=shift.imag,
        # Where names are in doubt, boxes of the last key frame must not be drawn over other wells.
        is_usable=result.is_usable and (followed.keeps_names or followed.is_key),
        gas_outside_wells=result.gas_outside_wells,
    )
