"""Checks and shadows as they may be seen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from backend.accounts.actor import NOT_HERE, Actor
from backend.core.concealment import hidden_in, hidden_places
from backend.core.errors import Refused
from backend.core.jobs.models import UNDER_WAY
from backend.datasets.models import DataSet
from backend.datasets.selectors import frozen_data_sets_of
from backend.judging.comparing import summed, without
from backend.judging.models import Check, Difference, Shadow, ShadowLook
from backend.registry.models import Weights

DATA_SET_TASK = {"wells": "wells", "stages": "phases"}
"""What data sets call the tasks of weights."""
LABELS = "labels"
_CHECK_ROWS = ("weights", "against", "by", "data_set")
_SHADOW_ROWS = ("weights", "by")


def checks_visible_to(actor: Actor, weights: Weights, lab_id: UUID | None = None) -> QuerySet[Check]:
    """Those of these weights by the actor's labs, or by one of them, newest first."""
    labs = actor.lab_ids_seen if lab_id is None else {actor.require(lab_id).id}
    return Check.objects.filter(weights=weights, lab_id__in=labs).select_related(*_CHECK_ROWS).order_by("-created_at", "id")


def check_visible_to(actor: Actor, check_id: UUID) -> Check:
    row = Check.objects.filter(id=check_id, lab_id__in=actor.lab_ids_seen).select_related(*_CHECK_ROWS).first()
    if row is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return row


def check_under_way(lab_id: UUID, weights: Weights) -> Check | None:
    return Check.objects.filter(lab_id=lab_id, weights=weights, state__in=UNDER_WAY).select_related(*_CHECK_ROWS).first()


def hides_labels(actor: Actor, check: Check) -> bool:
    """The labels it was judged on tell of a recording that this person is blind for."""
    return any(hidden_in(actor.user.id, [UUID(key) for key in check.stack_ids]).values())


def differences_visible_to(actor: Actor, check: Check) -> QuerySet[Difference]:
    """What is worse comes first; none of labels that would tell too much."""
    rows = Difference.objects.filter(check_made=check).order_by("number")
    return rows.exclude(set=LABELS) if hides_labels(actor, check) else rows


def result_visible_to(actor: Actor, check: Check) -> dict[str, Any] | None:
    """The figures, without those on labels that would tell too much."""
    result: dict[str, Any] | None = check.result
    if result is None or not hides_labels(actor, check):
        return result
    told = {role: result[role] and _without_labels(result[role]) for role in ("after", "before")}
    counts = [one for one in result["differences"]["counts"] if one["set"] != LABELS]
    return {**result, **told, "differences": {**result["differences"], "counts": counts}}


def _without_labels(figures: dict[str, Any]) -> dict[str, Any]:
    # "all" is made of the labels too.
    sets = {name: told for name, told in figures["sets"].items() if name not in (LABELS, "all")}
    return {**figures, "sets": sets, "calibration": {name: told for name, told in figures["calibration"].items() if name != LABELS}}


def difference_visible_to(actor: Actor, check_id: UUID, number: int) -> Difference:
    row = differences_visible_to(actor, check_visible_to(actor, check_id)).filter(number=number).first()
    if row is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return row


def labels_for(lab_id: UUID, task: str) -> DataSet | None:
    """The lab's newest frozen data set of this task that holds something back."""
    rows = frozen_data_sets_of(lab_id).filter(task=DATA_SET_TASK[task], items__split="test")
    return rows.distinct().first()


def speaks_of(sha256: str) -> bool:
    """Some check still shows this picture."""
    return Difference.objects.filter(sha256=sha256).exists()


def shadows_visible_to(actor: Actor, lab_id: UUID) -> QuerySet[Shadow]:
    """Those of one lab, newest first."""
    lab = actor.require(lab_id)
    return Shadow.objects.filter(lab=lab).select_related(*_SHADOW_ROWS).order_by("-created_at", "id")


def shadow_visible_to(actor: Actor, shadow_id: UUID) -> Shadow:
    row = Shadow.objects.filter(id=shadow_id, lab_id__in=actor.lab_ids_seen).select_related(*_SHADOW_ROWS).first()
    if row is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return row


def shadow_on(lab_id: UUID, task: str) -> Shadow | None:
    return Shadow.objects.filter(lab_id=lab_id, task=task, state=Shadow.State.ON).select_related(*_SHADOW_ROWS).first()


def looks_visible_to(actor: Actor, shadow: Shadow) -> list[ShadowLook]:
    """Every look, oldest first, its result without places that this person is blind for."""
    rows = ShadowLook.objects.filter(shadow=shadow).select_related("run__stack__dish").defer("run__stack__hours_since_start")
    found = list(rows.order_by("created_at", "id"))
    for look in found:
        if look.result is not None:
            look.result = without(look.result, hidden_places(actor.user.id, look.run.stack_id))
    return found


def report_of(shadow: Shadow) -> dict[str, Any]:
    """All finished looks in sum; tells of no single embryo."""
    finished = ShadowLook.objects.filter(shadow=shadow, result__isnull=False).order_by("created_at")
    return summed(look.result for look in finished.only("result") if look.result is not None)
