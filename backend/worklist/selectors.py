"""The review queue, read only: which embryos wait for this person, in which order, and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from statistics import median
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import BooleanField, Case, Count, Exists, F, FloatField, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, TruncDate

from backend.accounts.actor import NOT_HERE, Actor
from backend.core import concealment
from backend.core.errors import Refused
from backend.review.models import Correction, Reading
from backend.worklist.keeping_scores import latest_finished
from backend.worklist.models import Batch, Score, key_of
from backend.worklist.teaching import Candidate, by_dish, mixed

HOLDS_EMBRYO = frozenset({"embryo", "embryo_gas"})
OPEN, SUBMITTED = "open", "submitted"
ORDERS: dict[str, tuple[Any, ...]] = {
    "uncertain": ("is_hidden", "is_rejected", F("shown_uncertainty").desc(nulls_last=True)),
    "novel": ("is_hidden", "is_rejected", F("shown_distance").desc(nulls_last=True), F("shown_uncertainty").desc(nulls_last=True)),
    "oldest": ("is_rejected",),
}
TEACHING: dict[str, Callable[[Sequence[Candidate]], Iterable[Candidate]]] = {"teaching": mixed, "teaching_dishes": by_dish}
MOST_ARRANGED = 300
Queue = QuerySet[Any]
"""Scores as `queue_of` gives them."""
_OLDEST_FIRST = ("recorded_at", "stack_id", "row", "column")


class _Corrected(NamedTuple):
    """Keys of wells that people removed, of those whose content they told, and of those where they saw no embryo."""

    removed: list[str]
    told: list[str]
    without_embryo: list[str]


def queue_of(actor: Actor, lab_ids: Collection[UUID]) -> Queue:
    """Scores of the latest finished runs of these labs, each with whether the asker is blind for it and how far their reading is.

    While somebody is blind for an embryo its score is null in this list, so that no filter and no order tells of it.
    """
    scores = Score.objects.filter(lab_id__in=lab_ids, run__in=latest_finished().filter(stack__lab_id__in=lab_ids))
    stack_ids = list(scores.order_by().values_list("stack_id", flat=True).distinct())
    corrected = _corrected(stack_ids)
    own = Reading.objects.filter(stack=OuterRef("stack"), row=OuterRef("row"), column=OuterRef("column"), reader=actor.user)
    others = Reading.objects.filter(stack=OuterRef("stack"), row=OuterRef("row"), column=OuterRef("column"), state=SUBMITTED)
    counted = others.order_by().values("stack").annotate(readings=Count("id")).values("readings")
    is_done = Exists(own.filter(state=SUBMITTED)) | Q(kind=Score.Kind.WELL, key__in=corrected.told)
    gone = Q(key__in=corrected.removed) | Q(kind=Score.Kind.EMBRYO, key__in=corrected.without_embryo)
    scores = scores.exclude(gone).annotate(
        is_hidden=Case(When(_hidden(actor, stack_ids), then=True), default=False, output_field=BooleanField()),
        is_submitted=Case(When(is_done, then=True), default=False, output_field=BooleanField()),
        readings=Coalesce(Subquery(counted), 0),
        is_rejected=Exists(own.filter(profile__machine__verdict="rejected")),
        own_version=Coalesce(Subquery(own.values("version")[:1]), 0),
    )
    scores = scores.annotate(shown_uncertainty=_unless_hidden("uncertainty"), shown_distance=_unless_hidden("distance"))
    return scores.select_related("stack__dish").defer("stack__hours_since_start")


def in_order(scores: Queue, order: str) -> Queue:
    """Ties go by age and place, and so does all that one is blind for, after everything that may be seen; before it, what one rejected."""
    if order in TEACHING:
        return _as_teaches(scores, TEACHING[order])
    return scores.order_by(*ORDERS[order], *_OLDEST_FIRST)


def _as_teaches(scores: Queue, arrange: Callable[[Sequence[Candidate]], Iterable[Candidate]]) -> Queue:
    """What teaches a detector most first, as far as anybody asks in one sitting; the rest as if asked for by uncertainty."""
    open_ones = scores.filter(is_hidden=False, is_rejected=False, is_submitted=False)
    doubted = open_ones.order_by(F("shown_uncertainty").desc(nulls_last=True), *_OLDEST_FIRST)
    rows = doubted.values_list("id", "key", "stack__dish_id", "shown_uncertainty", "shown_distance")[:MOST_ARRANGED]
    first = [one.id for one in arrange([Candidate(*row) for row in rows])]
    places = (When(id=key, then=Value(place)) for place, key in enumerate(first))
    placed = Case(*places, default=Value(len(first)), output_field=IntegerField())
    arranged: Queue = scores.annotate(teaches=placed).order_by("teaches", *ORDERS["uncertain"], *_OLDEST_FIRST)
    return arranged


def acceptable(scores: Queue) -> Queue:
    """Embryos that wait for this person, with something to accept that they may see."""
    return scores.filter(kind=Score.Kind.EMBRYO, onsets__gt=0, is_hidden=False, is_rejected=False, is_submitted=False)


def batch_of(actor: Actor, batch_id: UUID) -> Batch:
    """One's own: what others accepted is theirs to take back."""
    batch = Batch.objects.filter(id=batch_id, by=actor.user, lab_id__in=actor.lab_ids_seen).first()
    if batch is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return batch


def pace_of(actor: Actor, lab_ids: Collection[UUID]) -> dict[str, Any]:
    """How long the asker's own submitted readings took; those accepted unseen in one go took no time and are left out."""
    decided = Reading.objects.filter(stack__lab_id__in=lab_ids, reader=actor.user, submitted_at__isnull=False, seconds_spent__gt=0)
    days: dict[str, list[float]] = {}
    rows = decided.annotate(day=TruncDate("submitted_at")).order_by("day").values_list("day", "seconds_spent")
    for day, seconds in rows:
        days.setdefault(day.isoformat(), []).append(seconds)
    everything = [seconds for one in days.values() for seconds in one]
    return {
        "median_seconds": _median(everything),
        "decided": len(everything),
        "by_day": [{"day": day, "decided": len(one), "median_seconds": _median(one)} for day, one in days.items()],
    }


def _median(seconds: list[float]) -> float | None:
    return round(median(seconds), 1) if seconds else None


def _unless_hidden(name: str) -> Case:
    return Case(When(is_hidden=True, then=Value(None)), default=F(name), output_field=FloatField())


def _hidden(actor: Actor, stack_ids: Collection[UUID]) -> Q:
    """As lists of keys: as many embryos as there are fit one query."""
    hidden = concealment.hidden_in(actor.user.id, stack_ids)
    wholly = [stack_id for stack_id, one in hidden.items() if one.is_all_but]
    shown = _keys((stack_id, hidden[stack_id].places) for stack_id in wholly)
    named = _keys((stack_id, one.places) for stack_id, one in hidden.items() if not one.is_all_but)
    return (Q(stack_id__in=wholly) & ~Q(key__in=shown)) | Q(key__in=named)


def _keys(places: Iterable[tuple[UUID, Iterable[str]]]) -> list[str]:
    return [key_of(stack_id, place) for stack_id, names in places for place in names]


def _corrected(stack_ids: Collection[UUID]) -> _Corrected:
    removed, told, without_embryo = [], [], []
    for stack_id, wells in Correction.objects.filter(stack_id__in=stack_ids).values_list("stack_id", "wells"):
        for place, said in wells.items():
            key, contents = key_of(stack_id, place), {one["content"] for one in said.get("content") or []}
            if said.get("is_removed"):
                removed.append(key)
            if contents:
                told.append(key)
            if contents and not contents & HOLDS_EMBRYO:
                without_embryo.append(key)
    return _Corrected(removed, told, without_embryo)
