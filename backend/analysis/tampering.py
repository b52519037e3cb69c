"""What becomes of a run whose weights are no longer those that were registered."""

from __future__ import annotations

from backend.analysis.lease import Lease
from backend.analysis.models import Run
from backend.analysis.queueing import queue_run
from backend.analysis.transitions import end
from backend.audit.services import hold_chain
from backend.core.errors import refusal
from backend.registry.models import Weights
from backend.registry.selectors import settings_of, weights_before
from backend.registry.services import note_tampered


class WeightsTampered(Exception):
    """A weights file is not the one that was registered; the registry's word for it."""

    code = "weights_tampered"

    def __init__(self, weights: Weights, detail: str, hint: str) -> None:
        super().__init__(f"{self.code}: {detail}")
        self.weights, self.detail, self.hint = weights, detail, hint


def end_tampered(lease: Lease, problem: WeightsTampered) -> None:
    """Let nobody use these weights any more, close the run, and where the lab wants it ask again with those in use before."""
    # By itself, for it is true whoever has the run by now; and it is told to every lab that may use them.
    note_tampered(weights=problem.weights, reason=problem.detail)
    with lease.transaction() as run:
        # Ends and begins: the record comes before any news.
        hold_chain()
        weights, stager = run.weights, run.stager
        before = weights_before(problem.weights, run.stack.lab_id) if settings_of(run.stack.lab).retries_on_previous else None
        if before is not None and before.task == "wells":
            weights = before
        elif before is not None:
            stager = before
        hint = (
            problem.hint if before is None else f"The recording is being analysed again with {before.name}, in use before. {problem.hint}"
        )
        end(run, Run.State.FAILED, error=refusal(problem.code, problem.detail, hint))
        if before is not None:
            reason = f"the file of {problem.weights.name} was changed"
            queue_run(stack=run.stack, weights=weights, stager=stager, by=run.by, reason=reason)
