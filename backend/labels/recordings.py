"""A recording's frames as labelled pictures: what the machine says of each well, and what people have made of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from backend.analysis.models import ContentChange, Placements, Run
from backend.exchange.boxes import Wells
from backend.imaging.models import Stack
from backend.labels.formats.values import Content, WellLabel
from backend.labels.formats.writing.wow import Controls, Origin, dish_results
from backend.review.machine import MachineSays, machine_says
from backend.review.models import Correction
from backend.review.values import place_of

Box = tuple[float, float, float, float]
GAS_OUTSIDE = 5
_ORIGIN: Mapping[str, Origin] = {"human": "manual", "machine": "prediction"}
IS_USABLE = 4


@dataclass(frozen=True, slots=True)
class FrameWell:
    """One well in one frame; whoever named its content or its box last is its source."""

    label: WellLabel
    source: Literal["machine", "human"]
    confidence: float | None = None

    @property
    def origin(self) -> Origin:
        return _ORIGIN[self.source]


@dataclass(frozen=True, slots=True)
class FrameSaid:
    """What is said of one frame."""

    wells: tuple[FrameWell, ...] = ()
    no_wells: bool = False
    gas_outside: bool = False
    whole_by: Literal["machine", "human"] = "machine"
    """Who says that there are no wells to see, or gas outside of them."""

    @property
    def score(self) -> float | None:
        """How sure the machine is, on average over its wells."""
        sure = [well.confidence for well in self.wells if well.confidence is not None]
        return round(sum(sure) / len(sure), 4) if sure else None

    def results(self, size: tuple[int, int], controls: Controls | None = None) -> list[dict[str, Any]]:
        """In the lab's own convention."""
        return dish_results(
            [well.label for well in self.wells],
            size=size,
            no_wells=self.no_wells,
            gas_outside=self.gas_outside,
            origins={"whole": _ORIGIN[self.whole_by]} | {well.label.region: well.origin for well in self.wells},
            scores={well.label.region: well.confidence for well in self.wells if well.confidence is not None},
            controls=controls,
        )


class Recording:
    """One recording with its latest finished run and the lab's corrections, read once for all the frames that are wanted."""

    def __init__(
        self, stack: Stack, frames: Sequence[int], *, says: MachineSays | None = None, correction: Correction | None = None
    ) -> None:
        self.stack, self.frames = stack, sorted(set(frames))
        self.size = (stack.width_px, stack.height_px)
        self._says = says if says is not None else machine_says([stack.id])[stack.id]
        self._correction = correction if correction is not None else Correction.objects.filter(stack=stack).first()
        self.run: Run | None = self._says.run
        corrected = {**(self._correction.wells if self._correction else {})}
        self._corrected: dict[str, dict[str, Any]] = corrected
        drawn = [well["box"]["frame_index"] for well in corrected.values() if well.get("box")]
        self._boxes = Wells(self.run, [*self.frames, *drawn]) if self.run else None
        self._flags = _flags(self.run, self.frames) if self.run else {}
        self._changes = _changes(self.run) if self.run else {}

    @property
    def model_version(self) -> str:
        """Which weights said it; a lab compares runs by it."""
        if self.run is None:
            return ""
        weights = self.run.weights
        return f"{weights.name}-{weights.sha256[:8]}"

    @property
    def is_corrected(self) -> bool:
        """Whether anybody has put anything right about its wells."""
        return bool(self._corrected) or bool(self._correction and self._correction.unusable)

    def by_machine(self, frame: int) -> FrameSaid:
        """What the run says of a frame, whatever people said of it since."""
        usable, gas_outside = self._flags.get(frame, (True, False))
        if not usable:
            return FrameSaid(no_wells=True)
        wells = [well for place in self._says.wells if (well := self._machine_well(place, frame)) is not None]
        return FrameSaid(tuple(wells), gas_outside=gas_outside)

    def as_it_counts(self, frame: int) -> FrameSaid:
        """What the run says with everything that people put right."""
        unusable = self._correction.unusable if self._correction else []
        if any(first <= frame <= last for first, last in unusable):
            return FrameSaid(no_wells=True, whole_by="human")
        machine = self.by_machine(frame)
        said = {_place(well.label): well for well in machine.wells}
        for place, well in self._corrected.items():
            known = said.pop(place, None)
            if well.get("is_removed"):
                continue
            box, content = self._box(place, frame, known), _content_at(well.get("content") or [], frame)
            if box is None or (content is None and known is None):
                continue
            row, column = place_of(place)
            held = content or (known.label.content if known else "empty")
            is_human = content is not None or bool(well.get("box")) or bool(well.get("is_added"))
            label = WellLabel(box, cast(Content, held), f"well-{place}", row, column)
            said[place] = FrameWell(label, "human") if is_human else known or FrameWell(label, "human")
        ordered = sorted(said.values(), key=lambda one: (one.label.row or 0, one.label.column or 0))
        return FrameSaid(tuple(ordered), no_wells=machine.no_wells and not ordered, gas_outside=machine.gas_outside)

    def machine_box(self, place: str, frame: int) -> Box | None:
        return self._boxes.box(place, frame) if self._boxes else None

    def _machine_well(self, place: str, frame: int) -> FrameWell | None:
        box = self.machine_box(place, frame)
        if box is None:
            return None
        well = self._says.wells[place]
        content, confidence = _machine_content(self._changes.get(place, ()), frame) or (well.content, well.confidence)
        label = WellLabel(box, cast(Content, content), f"well-{place}", well.row, well.column)
        return FrameWell(label, "machine", round(confidence, 4))

    def _box(self, place: str, frame: int, known: FrameWell | None) -> Box | None:
        """A box drawn in one frame moves with the dish: by as much as the machine's well did since."""
        drawn = self._corrected[place].get("box")
        if not drawn:
            return known.label.box_px if known else None
        x0, y0, x1, y1 = drawn["box"]
        then, now = self.machine_box(place, drawn["frame_index"]), self.machine_box(place, frame)
        if then is None or now is None:
            return (x0, y0, x1, y1)
        dx, dy = (now[0] + now[2] - then[0] - then[2]) / 2, (now[1] + now[3] - then[1] - then[3]) / 2
        return (x0 + dx, y0 + dy, x1 + dx, y1 + dy)


def _place(label: WellLabel) -> str:
    return label.region.removeprefix("well-")


def _content_at(said: Sequence[Mapping[str, Any]], frame: int) -> str | None:
    """What people say that the well holds from some frame on; None before the first."""
    held = [one["content"] for one in sorted(said, key=lambda one: int(one["from_frame"])) if one["from_frame"] <= frame]
    return held[-1] if held else None


def _machine_content(changes: Sequence[ContentChange], frame: int) -> tuple[str, float] | None:
    """What the machine says that the well holds in this frame; None where it never saw it change."""
    if not changes:
        return None
    at = bisect_right([change.frame_index for change in changes], frame) - 1
    if at >= 0:
        return changes[at].content, changes[at].confidence
    return (changes[0].previous, changes[0].confidence) if changes[0].previous else None


def _changes(run: Run) -> dict[str, list[ContentChange]]:
    found: dict[str, list[ContentChange]] = {}
    for change in ContentChange.objects.filter(run=run).order_by("frame_index"):
        found.setdefault(f"{chr(ord('A') + change.row)}{change.column + 1}", []).append(change)
    return found


def _flags(run: Run, frames: Sequence[int]) -> dict[int, tuple[bool, bool]]:
    """Of every wanted frame that was read: whether it is usable, and whether gas lies outside the wells."""
    found: dict[int, tuple[bool, bool]] = {}
    if not frames:
        return found
    for batch in Placements.objects.filter(run=run, first_frame__lte=frames[-1]).order_by("first_frame").iterator(50):
        for frame in frames:
            if batch.first_frame <= frame < batch.first_frame + len(batch.rows):
                row = batch.rows[frame - batch.first_frame]
                found[frame] = (bool(row[IS_USABLE]), bool(row[GAS_OUTSIDE]) if len(row) > GAS_OUTSIDE else False)
    return found
