"""Findings about embryos as the detector tells them, and `python -m tests.backend.analysis.embryos`, which has a recorder keep some."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from detector.stages.looks import COARSE_OF
from detector.types import (
    STAGES,
    EmbryoEvent,
    Interval,
    Onset,
    Phase,
    Profile,
    ProfileDecoded,
    Seeing,
    Stage,
    StageCall,
    StagesCalled,
)


def call(frame: int, stage: Stage = Phase.T2, sure: float = 0.9, hours: float | None = None) -> StageCall:
    rest = (1 - sure) / (len(STAGES) - 1)
    shares = tuple(sure if one is stage else rest for one in STAGES)
    return StageCall(frame, hours, stage, COARSE_OF[stage], sure, shares)


def called(frames: Sequence[int], row: int = 0, column: int = 0, stage: Stage = Phase.T2) -> StagesCalled:
    seeing = tuple(Seeing(frame, 0.8, frame % 5 == 4, frame % 7 == 6) for frame in frames)
    return StagesCalled(row, column, tuple(call(frame, stage) for frame in frames), seeing)


def decoded(
    frames: Sequence[int],
    row: int = 0,
    column: int = 0,
    *,
    is_final: bool = False,
    hours: float | None = 26.5,
    detail: str = "t3 - t2 is 1 h",
) -> ProfileDecoded:
    """Two cells from the first frame on."""
    low, high = (frames[0], frames[-1]) if hours is None else (hours - 0.5, hours + 0.25)
    onset = Onset(Phase.T2, frames[0], hours, low, high, 0.97)
    profile = Profile(
        calls=tuple(call(frame, Phase.T2, 0.95, hours) for frame in frames),
        onsets=(onset,),
        events=(EmbryoEvent("direct_cleavage", frames[0], frames[-1], 0.7, detail),),
        intervals=() if hours is None else (Interval("cc2", 11.25, 9.5, 12.75, 0.81),),
    )
    return ProfileDecoded(row, column, profile, is_final)


def main() -> None:
    """On whatever database this installation has: an attempt that is given up, then one that ends; prints what is kept."""
    import django

    django.setup()
    from backend.accounts.models import Lab
    from backend.analysis.lease import claim
    from backend.analysis.models import EmbryoProfile, Run, StageCalls
    from backend.analysis.profiles import embryo_profile
    from backend.analysis.recorder import Recorder
    from backend.analysis.services import confirm
    from backend.analysis.transitions import fail_attempt
    from backend.config.local import actor_in
    from backend.imaging.models import Stack
    from backend.registry.models import Weights
    from tests.backend.registry.rows import set_in_use

    lab = Lab.objects.get(name="North clinic")
    actor = actor_in(lab)
    for sha, task in (("0", "wells"), ("1", "stages")):
        set_in_use(Weights.objects.create(name=task, task=task, family="f", sha256=sha * 64, folder="w", state=Weights.State.CHECKED))
    stack = Stack.objects.create(lab=lab, name="a", state=Stack.State.RECOGNISED, frame_count=40, planes=[0.0])
    confirm(
        stack=stack, wants_run=True, by=actor.user, actor=actor, patient_code="P", cycle_label="1", dish_label="D", interval_minutes=30.0,
        hpi_at_first_frame=20.0,
    )  # fmt: skip
    run = Run.objects.get()
    told: dict[str, Any] = {}
    for findings in ([called([0, 30]), decoded([0, 30])], [called([0, 10]), called([5]), decoded([0, 5, 10], is_final=True)]):
        lease = claim(run.id)
        assert lease
        recorder = Recorder(lease)
        for finding in findings:
            recorder.take(finding)
            recorder._write()
        if findings[-1].is_final:
            recorder.finish()
        else:
            with lease.transaction() as row:
                fail_attempt(row, None)
            told["forgotten"] = [EmbryoProfile.objects.count(), StageCalls.objects.count()]
    run = Run.objects.select_related("stack__dish__cycle", "stager").get()
    told |= {"state": run.state, "rows": [EmbryoProfile.objects.count(), StageCalls.objects.count()]}
    told["frames"] = embryo_profile(run, "A1")["frames"]
    print(json.dumps(told))


if __name__ == "__main__":
    main()
