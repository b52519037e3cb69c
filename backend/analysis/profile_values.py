"""Profiles as rows keep them and as the push channel and the REST interface say them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from backend.analysis.compact import Called, pack
from backend.analysis.models import EmbryoProfile, Run, StageCalls
from backend.analysis.values import place_name
from backend.live import events

if TYPE_CHECKING:
    from detector import types as detector


def profile_value(profile: EmbryoProfile) -> events.ProfileValue:
    """The profile as lists show it, without its calls."""
    return events.ProfileValue(
        row=profile.row,
        column=profile.column,
        name=place_name(profile.row, profile.column),
        is_final=profile.is_final,
        is_coarse=profile.is_coarse,
        frames_called=profile.frames_called,
        last=events.CallValue(**profile.last) if profile.last else None,
        onsets=[events.OnsetValue(**onset) for onset in profile.onsets],
        intervals=[events.IntervalValue(**interval) for interval in profile.intervals],
        events=[events.EmbryoEventValue(**event) for event in profile.events],
    )


def profile_row(run: Run, finding: detector.ProfileDecoded) -> EmbryoProfile:
    profile = finding.profile
    calls = sorted(profile.calls, key=lambda call: call.frame_index)
    return EmbryoProfile(
        run=run,
        row=finding.row,
        column=finding.column,
        is_final=finding.is_final,
        is_coarse=profile.is_coarse,
        frames_called=len(calls),
        last=call_value(calls[-1]).model_dump(mode="json") if calls else None,
        onsets=[_onset_value(onset).model_dump(mode="json") for onset in profile.onsets],
        intervals=[_interval_value(interval).model_dump(mode="json") for interval in profile.intervals],
        events=[_event_value(event).model_dump(mode="json") for event in profile.events],
        calls=pack([_called(call) for call in calls]),
    )


def calls_row(run: Run, row: int, column: int, calls: Sequence[detector.StageCall], seeing: Sequence[detector.Seeing]) -> StageCalls:
    """A batch of single frames of one embryo; `seeing` may lack what nobody looked at."""
    seen = {one.frame_index: one for one in seeing}
    packed = pack([_called(call, seen.get(call.frame_index)) for call in calls])
    return StageCalls(run=run, row=row, column=column, first_frame=min(call.frame_index for call in calls), calls=packed)


def call_value(call: detector.StageCall) -> events.CallValue:
    return events.CallValue(
        frame_index=call.frame_index,
        hours_post_insemination=_rounded(call.hours_post_insemination),
        stage=cast(events.StageName, call.stage.value),
        coarse=call.coarse.value,
        confidence=_share(call.confidence),
    )


def _called(call: detector.StageCall, seeing: detector.Seeing | None = None) -> Called:
    seen: dict[str, Any] = {}
    if seeing is not None:
        seen = {"focus": seeing.focus, "is_dark": bool(seeing.is_dark), "is_out_of_view": bool(seeing.is_out_of_view)}
    return Called(call.frame_index, call.stage.value, call.confidence, call.probabilities, **seen)


def _onset_value(onset: detector.Onset) -> events.OnsetValue:
    return events.OnsetValue(
        phase=onset.phase.value,
        frame_index=onset.frame_index,
        hours_post_insemination=_rounded(onset.hours_post_insemination),
        low=round(float(onset.low), 3),
        high=round(float(onset.high), 3),
        confidence=_share(onset.confidence),
        is_censored=onset.is_censored,
    )


def _interval_value(interval: detector.Interval) -> events.IntervalValue:
    return events.IntervalValue.model_validate(
        {
            "name": interval.name,
            "value": round(float(interval.value), 3),
            "low": round(float(interval.low), 3),
            "high": round(float(interval.high), 3),
            "confidence": _share(interval.confidence),
        }
    )


def _event_value(event: detector.EmbryoEvent) -> events.EmbryoEventValue:
    return events.EmbryoEventValue(
        kind=event.kind,
        first_frame=int(event.first_frame),
        last_frame=int(event.last_frame),
        confidence=_share(event.confidence),
        detail=event.detail,
    )


def _rounded(hours: float | None) -> float | None:
    return None if hours is None else round(float(hours), 3)


def _share(value: float) -> float:
    return round(float(value), 4)
