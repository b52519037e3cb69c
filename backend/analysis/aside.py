"""What weights would find in the recording of a finished run: gathered in memory, never a run and never shown as one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backend.analysis.compact import unpack
from backend.analysis.engine import findings_of
from backend.analysis.models import EmbryoProfile, Run, Well
from backend.analysis.values import place_name
from backend.registry.models import Weights

if TYPE_CHECKING:
    from detector.types import ProfileDecoded

Onset = dict[str, Any]
"""`{frame, hours}`; hours are None where the recording has none."""


@dataclass
class Embryo:
    """When each phase began, and what the embryo was in each frame, as runs of equal stages."""

    onsets: dict[str, Onset] = field(default_factory=dict)
    stages: list[list[Any]] = field(default_factory=list)
    """`[first frame, last frame, stage]`, in order."""


@dataclass
class Seen:
    """A whole recording in the few values that two readings of it are compared by."""

    layout: str = ""
    contents: dict[str, str] = field(default_factory=dict)
    """By place, such as A1."""
    embryos: dict[str, Embryo] = field(default_factory=dict)


def seen_in(run: Run) -> Seen:
    """What a finished run said in the end."""
    seen = Seen(run.layout)
    seen.contents = {place_name(well.row, well.column): well.content for well in Well.objects.filter(run=run)}
    for profile in EmbryoProfile.objects.filter(run=run, is_final=True):
        embryo = Embryo({one["phase"]: _onset(one) for one in profile.onsets if not one["is_censored"]})
        embryo.stages = _in_runs([(call.frame_index, call.stage) for call in unpack(profile.calls)])
        seen.embryos[place_name(profile.row, profile.column)] = embryo
    return seen


def look_aside(run: Run, weights: Weights, stager: Weights | None, *, check: Callable[[], None], tell: Callable[[int], None]) -> Seen:
    """Read the run's recording with these weights; `check` may end it by raising, `tell` hears how many frames are read."""
    from detector.types import DishSettled, ProfileDecoded, Progress

    seen = Seen()
    with closing(findings_of(run, weights, stager, loaded=check)) as findings:
        for finding in findings:
            check()
            match finding:
                case Progress():
                    tell(finding.frames_done)
                case DishSettled():
                    seen.layout = str(finding.layout or "")
                    seen.contents = {well.name: well.content.value for well in finding.wells}
                case ProfileDecoded(is_final=True):
                    seen.embryos[place_name(finding.row, finding.column)] = _embryo(finding)
                case _:
                    pass
    return seen


def _embryo(finding: ProfileDecoded) -> Embryo:
    profile = finding.profile
    onsets = {
        onset.phase.value: {"frame": onset.frame_index, "hours": onset.hours_post_insemination}
        for onset in profile.onsets
        if not onset.is_censored
    }
    return Embryo(onsets, _in_runs([(call.frame_index, call.stage.value) for call in profile.calls]))


def _onset(told: dict[str, Any]) -> Onset:
    return {"frame": told["frame_index"], "hours": told["hours_post_insemination"]}


def _in_runs(calls: list[tuple[int, str]]) -> list[list[Any]]:
    runs: list[list[Any]] = []
    for frame, stage in sorted(calls):
        if runs and runs[-1][2] == stage and runs[-1][1] == frame - 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame, stage])
    return runs
