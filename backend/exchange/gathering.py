"""Reads everything that a report says: effective values, readings with signatures, the machine and the recording."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.analysis.models import Run
from backend.analysis.selectors import HOLDS_EMBRYO
from backend.core.errors import Refused
from backend.exchange.boxes import Wells
from backend.exchange.contents import (
    DishPart,
    EmbryoPart,
    EventLine,
    GradeLine,
    MachineLine,
    MeasurementLine,
    OnsetLine,
    ReadingLine,
    RecordingLine,
    Report,
    Scope,
    SignatureLine,
    WeightsLine,
)
from backend.exchange.decisions import DishSaid, dish_said, outcome_of
from backend.exchange.intervals import intervals_of
from backend.imaging.models import Cycle, Dish, Stack
from backend.imaging.selectors import hours_of
from backend.live.events import ProfileValue
from backend.review.effective import Effective, EffectiveEvent, effective_of, hour_at
from backend.review.machine import machine_says
from backend.review.measuring import size_of
from backend.review.models import Reading
from backend.review.selectors import is_signature_valid, readings_visible_to
from backend.review.values import GRADES
from backend.selection.embryos import stacks_of_dishes


def report_of(*, scope: Scope, cycle: Cycle, dishes: Sequence[Dish], actor: Actor, places: Collection[str] | None = None) -> Report:
    """What the actor may see of these dishes of one cycle; `places` narrows it to some embryos."""
    return Report(
        scope=scope,
        lab=dishes[0].lab.name if dishes else cycle.patient.lab.name,
        patient_code=cycle.patient.code,
        cycle_label=cycle.label,
        method=cycle.method,
        inseminated_at=cycle.inseminated_at,
        dishes=[_dish_part(dish, actor, places) for dish in dishes],
        outcome=outcome_of(cycle),
        made_at=timezone.now(),
        made_by=actor.user.name,
        made_with=settings.CODE_VERSION,
    )


def _dish_part(dish: Dish, actor: Actor, places: Collection[str] | None) -> DishPart:
    # The same recording that the lab's rules score.
    stack = stacks_of_dishes([dish.id]).get(dish.id)
    if stack is None:
        if places is not None:
            raise _no_embryo(dish, places)
        return DishPart(str(dish.id), dish.label, dish.layout, None, None, [], [], [])
    effective = effective_of(stack, actor)
    if places is not None:
        effective = {place: one for place, one in effective.items() if place in places}
        if not effective:
            raise _no_embryo(dish, places)
    says, hours = machine_says([stack.id])[stack.id], hours_of(stack)
    run = says.run and Run.objects.select_related("weights", "stager").defer("stack").get(id=says.run.id)
    told = [one for one in effective.values() if not one.is_hidden and _is_embryo(one)]
    hidden = [one.place for one in effective.values() if one.is_hidden and _is_embryo(one)]
    if places is not None and not told and not hidden:
        raise _no_embryo(dish, places)
    wells = Wells(run, [onset.frame_index for one in told for onset in one.onsets.values()]) if run else None
    readings = readings_visible_to(actor, stack)
    said = dish_said(dish, actor)
    return DishPart(
        dish=str(dish.id),
        label=dish.label,
        layout=(run.layout if run else "") or dish.layout,
        recording=_recording_line(stack, hours),
        machine=_machine_line(run) if run else None,
        embryos=[
            _embryo_part(one, None if one.is_profile_rejected else says.profiles.get(one.place), hours, wells, readings, said)
            for one in told
        ],
        hidden=hidden,
        without_embryo=[
            (one.place, one.content.value) for one in effective.values() if not one.is_hidden and not _is_embryo(one) and one.content
        ],
    )


def _is_embryo(one: Effective) -> bool:
    """A well that holds one, or of which more is told than what it holds; one that only people speak of counts."""
    return bool(one.onsets or one.grades) or one.content is None or one.content.value in HOLDS_EMBRYO


def _embryo_part(
    one: Effective,
    profile: ProfileValue | None,
    hours: Sequence[float | None],
    wells: Wells | None,
    readings: Sequence[Reading],
    said: DishSaid,
) -> EmbryoPart:
    onsets = _onset_lines(one, profile)
    readings = [reading for reading in readings if reading.place == one.place]
    boxes = {onset.frame_index: wells.box(one.place, onset.frame_index) for onset in onsets} if wells else {}
    return EmbryoPart(
        place=one.place,
        content=one.content.value if one.content else "",
        content_source=one.content.source if one.content else None,
        bounds_in="frames" if any(onset.hours is None for onset in onsets) else "hours",
        onsets=onsets,
        absent=one.absent,
        intervals=intervals_of(onsets, [each.model_dump(mode="json") for each in profile.intervals] if profile else [], one.absent),
        events=[_event_line(event, hours) for event in one.events],
        grades=[GradeLine(name, str(one.grades[name].value), one.grades[name].by_name) for name in GRADES if name in one.grades],
        decision=said.decisions.get(one.place),
        scores=said.scores.get(one.place, ()),
        measurements=_measurement_lines(readings, hours),
        readings=[_reading_line(reading) for reading in readings],
        boxes={frame: box for frame, box in boxes.items() if box is not None},
    )


def _onset_lines(one: Effective, profile: ProfileValue | None) -> list[OnsetLine]:
    """In order of phases; a spread of a single reading is no bound."""
    censored = {onset.phase for onset in profile.onsets if onset.is_censored} if profile else set()
    lines = []
    for phase, onset in one.onsets.items():
        has_bounds = onset.source == "machine" or onset.low < onset.high
        lines.append(
            OnsetLine(
                phase=phase,
                frame_index=onset.frame_index,
                hours=onset.hours_post_insemination,
                low=onset.low if has_bounds else None,
                high=onset.high if has_bounds else None,
                confidence=onset.confidence,
                is_censored=onset.source == "machine" and phase in censored,
                source=onset.source,
                by_name=onset.by_name or "",
                at=_time(onset.at),
            )
        )
    return lines


def _event_line(event: EffectiveEvent, hours: Sequence[float | None]) -> EventLine:
    return EventLine(
        kind=event.kind,
        first_frame=event.first_frame,
        last_frame=event.last_frame,
        first_hours=hour_at(hours, event.first_frame),
        last_hours=hour_at(hours, event.last_frame),
        confidence=event.confidence,
        source=event.source,
        detail=event.detail,
        verdict=event.verdict or "",
        by_name=event.by_name or "",
    )


def _measurement_lines(readings: Sequence[Reading], hours: Sequence[float | None]) -> list[MeasurementLine]:
    """Everybody's that may be seen, in order of time."""
    lines = []
    for reading in readings:
        for said in reading.measurements.values():
            size, when = size_of(said), hour_at(hours, said["frame_index"])
            at = {"frame_index": said["frame_index"], "hours": when, "plane": said["plane"]}
            told = {"um": said.get("um"), "um2": said.get("um2"), "calibration": said.get("calibration"), "by_name": reading.reader.name}
            lines.append(MeasurementLine(label=said["label"], kind=said["kind"], **at, px=size.length, px2=size.area, **told))
    return sorted(lines, key=lambda line: (line.frame_index, line.label, line.by_name))


def _reading_line(reading: Reading) -> ReadingLine:
    signatures = [
        SignatureLine(one.by_name, one.created_at, one.meaning, one.content_hash, is_signature_valid(one, reading))
        for one in reading.signatures.all()
    ]
    return ReadingLine(reading.reader.name, reading.state, reading.is_blind, reading.submitted_at, signatures)


def _recording_line(stack: Stack, hours: Sequence[float | None]) -> RecordingLine:
    return RecordingLine(
        stack=str(stack.id),
        lab=str(stack.lab_id),
        name=stack.name,
        sha256=stack.sha256,
        frame_count=stack.frame_count,
        plane=stack.default_plane,
        interval_minutes=stack.interval_minutes,
        first_hours=hours[0] if hours else None,
        last_hours=hours[-1] if hours else None,
    )


def _machine_line(run: Run) -> MachineLine:
    return MachineLine(
        run=str(run.id),
        state=run.state,
        finished_at=run.finished_at,
        wells_by=WeightsLine(run.weights.name, run.weights.sha256),
        stages_by=WeightsLine(run.stager.name, run.stager.sha256) if run.stager else None,
        code_version=run.code_version,
    )


def _time(at: str | None) -> datetime | None:
    return datetime.fromisoformat(at) if at else None


def _no_embryo(dish: Dish, places: Collection[str]) -> Refused:
    detail = f"Nothing is known of an embryo at {', '.join(places)[:20]} of the dish {dish.label}."
    return Refused("no_embryo", detail, "Look at the dish for its embryos.", http_status=404)
