"""Freezes a data set in the worker: gathers, divides, checks and writes the items in one transaction, or leaves a draft with the reason."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from backend.core.errors import Refused, refusal
from backend.core.jobs.working import Attempt, Failure, work_on
from backend.datasets.counting import count
from backend.datasets.gathering import gather
from backend.datasets.models import DataSet, DataSetItem, Freezing
from backend.datasets.selectors import content_hash, items_of
from backend.datasets.services import require_complete
from backend.datasets.splitting import Placed, splits_are_disjoint
from backend.datasets.values import Filters, SplitRule

ROWS_AT_ONCE = 500


def execute(freezing_id: UUID | str) -> None:
    """Freeze to the end; safe to call any number of times, at once or again."""
    work_on(Freezing, freezing_id, _freeze, explain=_explain)


def _freeze(attempt: Attempt[Freezing]) -> None:
    row = attempt.job().dataset
    attempt.note({"done": 0, "total": 0}, at_once=True)
    rule = SplitRule.of(row.split)
    gathered = gather(
        row.lab_id,
        row.task,  # type: ignore[arg-type]
        Filters.of(row.filters),
        rule,
        reader_id=None,
        tell=lambda done: attempt.note({"done": done, "total": 0}),
    )
    require_complete(row, gathered)
    splits_are_disjoint(Placed(split, one.keys) for one, split in zip(gathered.candidates, gathered.splits, strict=True))
    items = items_of(row, gathered)
    with attempt.finishing() as job:
        kept = job.dataset
        kept.counts, kept.hash = count(row.task, gathered), content_hash(row, items)  # type: ignore[arg-type]
        kept.stack_ids = sorted({str(item.stack_id) for item in items if item.stack_id})
        kept.state, kept.frozen_at, kept.error = DataSet.State.FROZEN, timezone.now(), None
        kept.save()
        DataSetItem.objects.bulk_create(items, batch_size=ROWS_AT_ONCE)


def _explain(problem: Exception) -> Failure:
    if isinstance(problem, Refused):
        return Failure(problem.as_dict())
    what = f"Freezing met an unforeseen {type(problem).__name__}."
    return Failure(refusal("freezing_failed", what, "Freeze it again; if it happens again, report it."), may_pass=True)
