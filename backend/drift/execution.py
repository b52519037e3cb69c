"""Works on a recalibration: writes what people said, has the detector fit on it, and leaves a candidate with figures before and after."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.adaptation.execution import kept, verified
from backend.adaptation.learning import CommandFailed, run_detector
from backend.core.errors import refusal
from backend.core.jobs.scratch import Scratch
from backend.core.jobs.working import Attempt, Failure, work_on
from backend.drift.models import Recalibration, home_of
from backend.drift.verdicts import write_told
from backend.registry.services import register_candidate

IN_OUR_WORDS = {
    "verdicts_too_few": ("Too few readings were left to fit on.", "Submit more readings with onsets of your own."),
}


def execute(recalibration_id: UUID | str) -> None:
    """Work on a waiting recalibration to its end; safe to call any number of times, at once or again."""
    work_on(Recalibration, recalibration_id, _attempt, explain=_explain)


def _attempt(attempt: Attempt[Recalibration]) -> None:
    job = attempt.job()
    scratch = Scratch.opened(home_of(job.id), attempt.lease.token)
    try:
        start = verified(job.start)
        path, out = scratch.folder / "verdicts.jsonl", scratch.folder / "weights"
        attempt.note({"embryos": write_told(job.lab_id, job.start, path)}, at_once=True)
        words = ["recalibrate", "--weights", str(start), "--verdicts", str(path), "--out", str(out)]
        words += ["--made-on", f"readings of {job.lab.name}", "--mark", f"recalibration={job.id}"]
        answer = run_detector(words, scratch.folder, check=attempt.check, hear=lambda _: None)
        with attempt.finishing() as row:
            row.weights = register_candidate(folder=kept(out, row.lab), lab=row.lab, by=row.by)
            row.figures = {name: value for name, value in answer.items() if name != "out"}
    finally:
        scratch.remove()


def _explain(problem: Exception) -> Failure:
    """What readings or weights are refused for is final; what may pass is tried again."""
    code = getattr(problem, "code", None)
    if code is None:
        return Failure(_unforeseen(problem), may_pass=True)
    detail, hint = IN_OUR_WORDS.get(code, (str(getattr(problem, "detail", "")), str(getattr(problem, "hint", ""))))
    return Failure(refusal("weights_tampered" if code == "weights_changed" else code, detail, hint))


def _unforeseen(problem: Exception) -> dict[str, Any]:
    if isinstance(problem, CommandFailed):
        return refusal("learner_failed", f"Fitting broke off. {problem}", "Check that the server has memory enough, then start it again.")
    what = f"Fitting met an unforeseen {type(problem).__name__}."
    return refusal("learner_failed", what, "Start it again; if it happens again, report it.")
