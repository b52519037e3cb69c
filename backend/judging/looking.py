"""Works on a shadow's look: reads a finished run's recording again with other weights and keeps where the two disagree."""

from __future__ import annotations

from uuid import UUID

from backend.analysis.aside import look_aside, seen_in
from backend.analysis.engine import PASSING
from backend.analysis.tampering import WeightsTampered
from backend.core.errors import refusal
from backend.core.jobs.working import Attempt, Failure, work_on
from backend.judging.comparing import compared
from backend.judging.models import ShadowLook
from backend.registry.services import note_tampered


def execute(look_id: UUID | str) -> None:
    """Work on a waiting look to its end; safe to call any number of times, at once or again."""
    work_on(ShadowLook, look_id, _attempt, explain=_explain)


def _attempt(attempt: Attempt[ShadowLook]) -> None:
    look = attempt.job()
    run, shadow = look.run, look.shadow

    def tell(done: int) -> None:
        attempt.note({"done": done, "total": run.frames_total})

    # Each task is judged by itself: the other half is that of the run, or for wells is left out.
    weights, stager = (shadow.weights, None) if shadow.task == "wells" else (run.weights, shadow.weights)
    after = look_aside(run, weights, stager, check=attempt.check, tell=tell)
    result = compared(seen_in(run), after)
    with attempt.finishing() as job:
        job.result = result


def _explain(problem: Exception) -> Failure:
    if isinstance(problem, WeightsTampered):
        note_tampered(weights=problem.weights, reason=problem.detail)
    code = getattr(problem, "code", None)
    if code is not None:
        told = refusal(code, str(getattr(problem, "detail", "")), str(getattr(problem, "hint", "")))
        return Failure(told, may_pass=code in PASSING)
    what = f"Looking at the recording again met an unforeseen {type(problem).__name__}."
    return Failure(refusal("shadow_failed", what, "The results of the run itself are not touched by this."), may_pass=True)
