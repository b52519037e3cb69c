"""The profiles of a recording's embryos as JSON and as tables of one row an embryo or an event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from detector.commands.stages import call_as_dict, event_as_dict, onset_as_dict
from detector.stages import intervals
from detector.stages.intervals import FORMULAS
from detector.types import Phase, Profile, ProfileDecoded, StagesCalled

Row = list[Any]
_OF_ONSET = ("frame", "hpi", "low", "high", "confidence", "censored")
_OF_INTERVAL = ("value", "low", "high", "confidence")
PROFILES_HEADER = [
    "well", "row", "column", "frames_called", "is_coarse", "last_phase", "last_coarse",
    *(f"{phase.value}_{part}" for phase in Phase for part in _OF_ONSET),
    *(name if part == "value" else f"{name}_{part}" for name in FORMULAS for part in _OF_INTERVAL),
]  # fmt: skip
"""Low and high of an onset are hours post insemination, or frames where its hpi is empty; intervals are hours, CS2-8 is a share."""
EVENTS_HEADER = [
    "well", "kind", "first_frame", "last_frame", "first_hours_since_start", "last_hours_since_start", "confidence", "detail",
]  # fmt: skip


def well_name(row: int, column: int) -> str:
    """Row letter and column number, as wells are called everywhere."""
    return f"{chr(ord('A') + row)}{column + 1}"


def calls_line(finding: StagesCalled) -> dict[str, Any]:
    """Single-frame calls with how well the embryo could be seen."""
    seeing = [{"focus": one.focus, "is_dark": one.is_dark, "is_out_of_view": one.is_out_of_view} for one in finding.seeing]
    calls = [call_as_dict(call) | {"coarse": call.coarse.value} for call in finding.calls]
    seen = [call | sight for call, sight in zip(calls, seeing, strict=True)] if seeing else calls
    return {"finding": "stages_called", "well": well_name(finding.row, finding.column), "row": finding.row, "column": finding.column} | {
        "frames": seen
    }


def profile_line(finding: ProfileDecoded) -> dict[str, Any]:
    """A profile; its frames are told with the final one only, for each profile replaces the one before."""
    answer = {"finding": "profile_decoded", "is_final": finding.is_final} | profile_as_dict(finding)
    return answer if finding.is_final else {key: value for key, value in answer.items() if key != "frames"}


def profile_as_dict(finding: ProfileDecoded) -> dict[str, Any]:
    """The form of profiles.json."""
    profile = finding.profile
    return {
        "well": well_name(finding.row, finding.column),
        "row": finding.row,
        "column": finding.column,
        "is_coarse": profile.is_coarse,
        "onsets": [onset_as_dict(onset) for onset in profile.onsets],
        "intervals": [intervals.as_dict(one) for one in profile.intervals],
        "events": [event_as_dict(event) for event in profile.events],
        "frames": [call_as_dict(call) | {"coarse": call.coarse.value} for call in profile.calls],
    }


def profile_row(finding: ProfileDecoded) -> Row:
    """One row of profiles.csv."""
    profile = finding.profile
    last = profile.calls[-1] if profile.calls else None
    told = [len(profile.calls), profile.is_coarse, last.stage.value if last else "", last.coarse.value if last else ""]
    return [well_name(finding.row, finding.column), finding.row, finding.column, *told, *_onsets(profile), *_intervals(profile)]


def event_rows(finding: ProfileDecoded, hours_at: Callable[[int], float | str]) -> Sequence[Row]:
    """Rows of events.csv."""
    well = well_name(finding.row, finding.column)
    return [
        [
            well, event.kind, event.first_frame, event.last_frame, hours_at(event.first_frame), hours_at(event.last_frame),
            round(event.confidence, 4), event.detail,
        ]
        for event in finding.profile.events
    ]  # fmt: skip


def _onsets(profile: Profile) -> Row:
    known = {onset.phase: onset_as_dict(onset) | {"censored": onset.is_censored} for onset in profile.onsets}
    empty = dict.fromkeys(_OF_ONSET, "")
    return [known.get(phase, empty)[part] for phase in Phase for part in _OF_ONSET]


def _intervals(profile: Profile) -> Row:
    known = {interval.name: intervals.as_dict(interval) for interval in profile.intervals}
    empty: dict[str, float | str] = dict.fromkeys(_OF_INTERVAL, "")
    return [known.get(name, empty)[part] for name in FORMULAS for part in _OF_INTERVAL]
