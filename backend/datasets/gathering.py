"""All candidates for a data set: each picture once, whoever it came from, divided by its rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from backend.core.concealment import Hidden, hidden_in
from backend.datasets.labelled import labelled
from backend.datasets.recorded import recorded
from backend.datasets.splitting import divide
from backend.datasets.values import Candidate, Filters, Split, SplitRule, Task
from backend.imaging.models import Stack

SAY_EVERY = 200


@dataclass(frozen=True)
class Gathered:
    """The candidates in a fixed order, each with its split."""

    candidates: list[Candidate]
    splits: list[Split]


def gather(
    lab_id: UUID, task: Task, filters: Filters, rule: SplitRule, *, reader_id: UUID | None, tell: Callable[[int], None] | None = None
) -> Gathered:
    """Everything that the filters take; None of what `reader_id` is blind for, None as a reader means all of it."""
    hidden = _hidden(lab_id, reader_id)
    found: dict[str, Candidate] = {}
    for number, candidate in enumerate(_all(lab_id, task, filters, hidden)):
        if tell is not None and number % SAY_EVERY == 0:
            tell(number)
        if filters.meanings and not set(filters.meanings) & set(candidate.classes):
            continue
        found.setdefault(candidate.content_key, candidate)
    # By key, not by when it was imported: the same pictures make the same data set everywhere.
    candidates = [found[key] for key in sorted(found)]
    return Gathered(candidates, divide(candidates, rule))


def _all(lab_id: UUID, task: Task, filters: Filters, hidden: Mapping[UUID, Hidden]) -> Iterable[Candidate]:
    """What people said here comes first: it is later than what was brought in, and of the same picture it counts."""
    if "people" in filters.sources:
        yield from recorded(lab_id, task, filters, hidden)
    if "labels" in filters.sources:
        yield from labelled(lab_id, task, filters, hidden)


def _hidden(lab_id: UUID, reader_id: UUID | None) -> Mapping[UUID, Hidden]:
    if reader_id is None:
        return {}
    stacks = list(Stack.objects.filter(lab_id=lab_id).order_by().values_list("id", flat=True))
    return {stack_id: hidden for stack_id, hidden in hidden_in(reader_id, stacks).items() if hidden}
