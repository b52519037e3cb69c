"""Where each well lies in each frame and what it holds there, gathered from the findings of a reader."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.types import Box, Content, ContentChanged, Finding, FrameResult, FramesFollowed, Placement, Well, WellsFound

Place = tuple[int, int]
"""Row and column of a well."""
HOLDING = (Content.EMBRYO, Content.EMBRYO_GAS)


@dataclass(slots=True)
class _Held:
    """What a well holds, from which frame on; dated changes in the order they were told."""

    changes: list[tuple[int, Content]]

    def at(self, frame: int) -> Content:
        return next((content for start, content in reversed(self.changes) if start <= frame), Content.EMPTY)


class DishPlaces:
    """Remembers a dish by what its reader tells; a few numbers a frame."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._size = (float(width_px), float(height_px))
        self._outlines: list[tuple[int, dict[Place, Box]]] = []
        self._last: FrameResult | None = None
        self._placements: dict[int, Placement] = {}
        self._held: dict[Place, _Held] = {}
        self._side_px: float | None = None
        self.named_from = 0
        """The frame from which on names mean the wells they mean now."""

    @property
    def side_px(self) -> float | None:
        """The longer side of a whole well in pixels of the frame, None before any was outlined."""
        return self._side_px

    def take(self, finding: Finding) -> None:
        """Note one finding; others than wells, contents and placements change nothing."""
        match finding:
            case WellsFound(result):
                self._outlined(result)
            case ContentChanged(frame, well):
                held = self._held.setdefault((well.row, well.column), _Held([]))
                # A later word about the same frames replaces the earlier one.
                held.changes = [*(change for change in held.changes if change[0] < frame), (frame, well.content)]
            case FramesFollowed(placements):
                self._placements.update((placement.frame_index, placement) for placement in placements)

    def wells(self) -> Sequence[Place]:
        """Every well that holds an embryo in some frame, in order of rows."""
        return sorted(place for place in self._held if any(self._spans(place)))

    def holds(self, place: Place, frame: int) -> bool:
        """Whether the well holds an embryo in this frame, as far as is known now."""
        held = self._held.get(place)
        return held is not None and held.at(frame) in HOLDING

    def contents(self, place: Place) -> Sequence[tuple[int, Content]]:
        """What the well holds in every followed frame of which this is known."""
        held = self._held.get(place)
        return [] if held is None else [(frame, held.at(frame)) for frame in sorted(self._placements) if frame >= self.named_from]

    def visible(self, place: Place) -> Sequence[int]:
        """The frames in which the well's embryo can be looked at, in order."""
        return [
            frame for frame in sorted(self._placements) if self._placements[frame].is_usable and frame >= self.named_from
            and self.holds(place, frame) and place in self._outlines_at(frame)
        ]  # fmt: skip

    def emptied_at(self, place: Place) -> int | None:
        """The frame from which on the well holds no embryo any more, None where it still does or never did."""
        spans = list(self._spans(place))
        return spans[-1][1] if spans else None

    def boxes(self, frame: int) -> dict[Place, Box]:
        """The whole outline of every well that holds an embryo in this frame; it may reach beyond the picture."""
        placement = self._placements.get(frame)
        if placement is None or not placement.is_usable or frame < self.named_from:
            return {}
        return {place: _carried(box, placement) for place, box in self._outlines_at(frame).items() if self.holds(place, frame)}

    def _spans(self, place: Place) -> Iterator[tuple[int, int | None]]:
        """First frame with an embryo and first one without it again, None where it stays."""
        start: int | None = None
        held = self._held.get(place)
        for frame, content in held.changes if held is not None else ():
            if content in HOLDING and start is None:
                start = frame
            elif content not in HOLDING and start is not None:
                yield start, frame
                start = None
        if start is not None:
            yield start, None

    def _outlined(self, result: FrameResult) -> None:
        last = self._last
        keeps_names = last is None or (last.is_lattice_consistent and last.layout == result.layout)
        self._last = result
        if not keeps_names:
            # Other names now than before: what was seen under the old ones belongs to other embryos.
            self._held.clear()
            self._outlines.clear()
            self.named_from = result.frame_index
        boxes = [well.box for well in result.wells]
        if boxes:
            width, height = (float(np.median([getattr(box, side) for box in boxes])) for side in ("width", "height"))
            self._side_px = max(width, height)
            self._outlines.append((result.frame_index, {(w.row, w.column): self._whole(w.box, width, height) for w in result.wells}))
        for well in result.wells:
            self._note(well, result.frame_index)

    def _note(self, well: Well, frame: int) -> None:
        # What a well holds that nobody saw is a guess; once somebody has, a change of content tells.
        if not well.filled_in and (well.row, well.column) not in self._held:
            self._held[well.row, well.column] = _Held([(frame, well.content)])

    def _whole(self, box: Box, width: float, height: float) -> Box:
        """An outline cut off by the picture's edge, as large again as the others are."""
        right, bottom = self._size
        if box.width < width:
            box = replace(box, x0=box.x1 - width) if box.x0 <= 0 else replace(box, x1=box.x0 + width) if box.x1 >= right else box
        if box.height < height:
            box = replace(box, y0=box.y1 - height) if box.y0 <= 0 else replace(box, y1=box.y0 + height) if box.y1 >= bottom else box
        return box

    def _outlines_at(self, frame: int) -> dict[Place, Box]:
        number = bisect_right(self._outlines, frame, key=lambda outlined: outlined[0])
        return self._outlines[number - 1][1] if number else {}


def _carried(box: Box, placement: Placement) -> Box:
    """The place moves with the dish and turns with it; an outline stays upright."""
    x, y = box.centre
    cosine, sine = placement.scale * math.cos(placement.rotation_rad), placement.scale * math.sin(placement.rotation_rad)
    x, y = cosine * x - sine * y + placement.dx_px, sine * x + cosine * y + placement.dy_px
    half_width, half_height = placement.scale * box.width / 2, placement.scale * box.height / 2
    return Box(x - half_width, y - half_height, x + half_width, y + half_height)
