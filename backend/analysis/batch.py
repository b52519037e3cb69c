"""A batch of findings as rows and events; what is said twice about one thing is kept as it was said last."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from backend.analysis.models import Alert, ContentChange, KeyFrame, Placements, Run, Well
from backend.analysis.profile_batch import ProfileBatch
from backend.analysis.rows import put
from backend.analysis.stage_news import StageNews
from backend.analysis.values import place_name
from backend.live import events
from backend.live.publish import publish
from backend.live.topics import dish_topic

if TYPE_CHECKING:
    from detector import types as detector


class Batch:
    """Collects findings of one run in order; `store` writes and announces them and must run inside a transaction."""

    def __init__(self, run: Run, stage_news: StageNews | None = None) -> None:
        self._run = run
        self._embryos = ProfileBatch(run, stage_news or StageNews())
        self._news: list[events.Event] = []
        self._wells: dict[tuple[int, int], Well] = {}
        self._forgets_wells = False
        self._key_frames: dict[int, KeyFrame] = {}
        self._changes: dict[tuple[int, int, int], ContentChange] = {}
        self._alerts: dict[tuple[str, int, str, str], Alert] = {}
        self._placements: list[detector.Placement] = []

    def add(self, finding: detector.Finding) -> None:
        from detector import types

        match finding:
            case types.WellsFound():
                self._wells_found(finding.result)
            case types.ContentChanged():
                self._content_changed(finding)
            case types.AlertRaised():
                self._alert_raised(finding)
            case types.FramesFollowed():
                self._placements.extend(finding.placements)
            case types.Progress():
                self._run.frames_done = finding.frames_done
            case types.DishSettled():
                self._dish_settled(finding)
            case types.StagesCalled():
                self._embryos.called(finding)
            case types.ProfileDecoded():
                self._embryos.decoded(finding)

    def store(self) -> None:
        put(KeyFrame, self._key_frames.values(), key=("run", "frame_index"))
        if self._forgets_wells:
            Well.objects.filter(run=self._run).delete()
        put(Well, self._wells.values(), key=("run", "row", "column"))
        put(ContentChange, self._changes.values(), key=("run", "frame_index", "row", "column"))
        put(Alert, self._alerts.values(), key=("run", "kind", "frame_index", "place", "detail"))
        if self._placements:
            rows = [_row_of(placement) for placement in self._placements]
            followed = Placements(run=self._run, first_frame=self._placements[0].frame_index, frames=len(rows), rows=rows)
            followed.save(force_insert=True)
            self._news.append(events.FramesFollowed(run_id=str(self._run.id), first_frame=followed.first_frame, frames=followed.frames))
        self._news.extend(self._embryos.store())
        for event in self._news:
            publish(dish_topic(str(self._run.stack.dish_id)), event)

    def _wells_found(self, result: detector.FrameResult) -> None:
        wells = [_value_of(well) for well in result.wells]
        layout = str(result.layout or "")
        if not self._keeps_names(result.frame_index, layout):
            self._forget_wells()
            self._embryos.forget()
        self._know(wells)
        self._run.layout = layout or self._run.layout
        self._key_frames[result.frame_index] = KeyFrame(
            run=self._run,
            frame_index=result.frame_index,
            wells=[value.model_dump(mode="json") for value in wells],
            layout=layout,
            is_lattice_consistent=result.is_lattice_consistent,
            lattice_residual_px=result.lattice_residual_px,
            reason=result.reason[:255],
        )
        self._news.append(
            events.WellsFound(
                run_id=str(self._run.id),
                frame_index=result.frame_index,
                layout=layout,
                wells=wells,
                is_lattice_consistent=result.is_lattice_consistent,
                lattice_residual_px=result.lattice_residual_px,
                reason=result.reason[:255],
            )
        )

    def _keeps_names(self, frame_index: int, layout: str) -> bool:
        """Whether places mean the same wells as in the key frame before; a grid that was unsure gives way with all it named."""
        waiting = [key for key in self._key_frames.values() if key.frame_index < frame_index]
        stored = KeyFrame.objects.filter(run=self._run, frame_index__lt=frame_index).order_by("-frame_index")
        before = max(waiting, key=lambda key: key.frame_index) if waiting else stored.first()
        return before is not None and before.is_lattice_consistent and before.layout == layout

    def _dish_settled(self, finding: detector.DishSettled) -> None:
        """The recording was read to its end: the run's wells are these, with what each held most of the time."""
        wells = [_value_of(well) for well in finding.wells]
        self._forget_wells()
        self._know(wells)
        self._run.layout = str(finding.layout or "")
        self._run.usable_frames = finding.usable_frames
        self._run.looks = dict(finding.looks) if finding.looks else None
        self._news.append(events.DishSettled(run_id=str(self._run.id), layout=self._run.layout, wells=wells))

    def _forget_wells(self) -> None:
        self._wells.clear()
        self._forgets_wells = True

    def _know(self, wells: Iterable[events.WellValue]) -> None:
        self._wells |= {(well.row, well.column): _well_of(self._run, well) for well in wells}

    def _content_changed(self, finding: detector.ContentChanged) -> None:
        well = finding.well
        previous: events.ContentName | None = finding.previous.value if finding.previous else None
        value = _value_of(well)
        self._know([value])
        self._changes[finding.frame_index, well.row, well.column] = ContentChange(
            run=self._run,
            frame_index=finding.frame_index,
            row=well.row,
            column=well.column,
            content=value.content,
            previous=previous or "",
            confidence=value.confidence,
        )
        self._news.append(events.WellClassified(run_id=str(self._run.id), frame_index=finding.frame_index, well=value, previous=previous))

    def _alert_raised(self, finding: detector.AlertRaised) -> None:
        place, detail = place_name(finding.row, finding.column), finding.detail[:255]
        alert = Alert(run=self._run, kind=finding.kind, frame_index=finding.frame_index, place=place, detail=detail)
        # Two of a kind may begin in one frame, such as stray wells: their words tell them apart.
        self._alerts[alert.kind, alert.frame_index, place, detail] = alert
        kind = cast(Any, finding.kind)
        self._news.append(
            events.AlertRaised(run_id=str(self._run.id), kind=kind, frame_index=finding.frame_index, place=place, detail=detail)
        )


def _value_of(well: detector.Well) -> events.WellValue:
    x0, y0, x1, y1 = well.box.as_list()
    return events.WellValue(
        row=well.row,
        column=well.column,
        name=well.name,
        box=(x0, y0, x1, y1),
        content=well.content.value,
        confidence=round(float(well.confidence), 4),
        content_probabilities={content.value: round(float(share), 4) for content, share in well.content_probabilities.items()},
        is_filled_in=well.filled_in,
    )


def _well_of(run: Run, value: events.WellValue) -> Well:
    return Well(
        run=run,
        row=value.row,
        column=value.column,
        box=list(value.box),
        content=value.content,
        confidence=value.confidence,
        content_probabilities=value.content_probabilities,
        is_filled_in=value.is_filled_in,
    )


def _row_of(placement: detector.Placement) -> list[float]:
    shift = [round(placement.dx_px, 3), round(placement.dy_px, 3)]
    return [round(placement.scale, 6), round(placement.rotation_rad, 6), *shift, int(placement.is_usable), int(placement.gas_outside_wells)]
