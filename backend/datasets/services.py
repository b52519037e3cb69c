"""Makes, changes, freezes and removes data sets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts.actor import Actor
from backend.accounts.models import Lab, Role, User
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.jobs import transitions
from backend.datasets.counting import count
from backend.datasets.gathering import Gathered, gather
from backend.datasets.models import DataSet, Freezing, tell_of
from backend.datasets.selectors import freezing_under_way
from backend.datasets.steps import checked_steps
from backend.datasets.values import CLASSES, Filters, SplitRule

CHANGEABLE = ("name", "filters", "steps", "split")


def make_data_set(*, actor: Actor, lab_id: UUID, by: User, name: str, task: str, filters: Any, steps: Any, split: Any) -> DataSet:
    """Keep a draft with what its filters take now."""
    lab = actor.require(lab_id, Role.ADMIN)
    row = DataSet(lab=lab, by=by, name=name, task=task, filters=filters, steps=_steps(steps), split=split)
    _check(row)
    with transaction.atomic():
        _save(row, lab, is_new=True)
        record(actor=by, lab_id=lab.id, action="data_set.made", subject=f"data_set {row.id}", after=_said(row))
        tell_of(row.lab_id, row.id, row.state)
    return row


def change_data_set(*, actor: Actor, data_set_id: UUID, by: User, changes: dict[str, Any]) -> DataSet:
    """Change a draft; a frozen data set stays as it is for ever."""
    with transaction.atomic():
        row = _locked(actor, data_set_id)
        _require_draft(row)
        before, seen = _said(row), row.updated_at
    for name in CHANGEABLE:
        if name in changes:
            setattr(row, name, _steps(changes[name]) if name == "steps" else changes[name])
    row.error = None
    # Outside of the transaction: counting may take seconds, and nobody else could write meanwhile.
    _check(row)
    with transaction.atomic():
        now = _locked(actor, data_set_id)
        _require_draft(now)
        if now.updated_at != seen:
            hint = "Look at what it is now, and make your change again."
            raise Refused("changed_meanwhile", "Somebody else changed the data set meanwhile.", hint, http_status=409)
        _save(row, row.lab, is_new=False)
        record(actor=by, lab_id=row.lab_id, action="data_set.changed", subject=f"data_set {row.id}", before=before, after=_said(row))
        tell_of(row.lab_id, row.id, row.state)
    return row


@transaction.atomic
def remove_data_set(*, actor: Actor, data_set_id: UUID, by: User) -> None:
    """Remove a draft; what was frozen may have been learned from and stays."""
    row = _locked(actor, data_set_id)
    _require_draft(row)
    record(actor=by, lab_id=row.lab_id, action="data_set.removed", subject=f"data_set {row.id}", before=_said(row))
    tell_of(row.lab_id, row.id, "removed")
    row.delete()


@transaction.atomic
def freeze_data_set(*, actor: Actor, data_set_id: UUID, by: User) -> DataSet:
    """Have the worker write the items for good; asking again while it does changes nothing."""
    row = _locked(actor, data_set_id)
    if row.state == DataSet.State.FREEZING and freezing_under_way(row) is not None:
        return row
    _require_draft(row)
    row.state, row.error = DataSet.State.FREEZING, None
    row.save(update_fields=["state", "error", "updated_at"])
    freezing = Freezing.objects.create(lab=row.lab, by=by, dataset=row)
    record(actor=by, lab_id=row.lab_id, action="data_set.freezing_requested", subject=f"data_set {row.id}")
    transitions.tell_worker(freezing)
    tell_of(row.lab_id, row.id, row.state)
    return row


def cancel_freezing(*, actor: Actor, data_set_id: UUID, by: User) -> DataSet:
    """Stop a freezing that waits or goes on; the data set is a draft again."""
    with transaction.atomic():
        row = _locked(actor, data_set_id)
        freezing = freezing_under_way(row)
        if freezing is not None:
            transitions.cancel(freezing, by=by)
        row.refresh_from_db()
    return row


def require_complete(row: DataSet, gathered: Gathered) -> None:
    """Refuse to freeze what nothing could be learned from, or could not be judged."""
    counts = count(row.task, gathered)  # type: ignore[arg-type]
    if not counts["items"]:
        detail, hint = "The filters take no labelled picture.", "Widen the filters, or import labels first."
        raise Refused("data_set_empty", detail, hint, http_status=409)
    shares = dict(zip(("train", "validation", "test"), SplitRule.of(row.split).shares, strict=True))
    bare = [one["split"] for one in counts["splits"] if shares[one["split"]] and not one["items"]]
    if bare:
        owners = next((kind for kind in ("patient", "dish", "embryo") if any(getattr(c, kind) for c in gathered.candidates)), "picture")
        raise Refused(
            "split_empty",
            f"Nothing is left for {' and '.join(bare)}: all pictures belong together, by {owners}, or came with splits of their own.",
            "Add pictures of others, give that split no share, or let the pictures be divided anew.",
            http_status=409,
        )


def _check(row: DataSet) -> None:
    """Count what the filters take; refuses a class that the task does not have."""
    unknown = sorted(set(row.filters.get("meanings", ())) - set(CLASSES[row.task]))
    if unknown:
        raise Refused("wrong_filters", f"There is no {unknown[0][:40]!r} among {', '.join(CLASSES[row.task])}.", "Choose one of these.")
    rule = SplitRule.of(row.split)
    try:
        # Who keeps a data set sees its counts; what is hidden from others is left out when they read it.
        gathered = gather(row.lab_id, row.task, Filters.of(row.filters), rule, reader_id=None)  # type: ignore[arg-type]
    except Refused as refusal:
        if refusal.code != "splits_overlap":
            raise
        row.counts, row.error = {}, refusal.as_dict()
        return
    row.counts = count(row.task, gathered)  # type: ignore[arg-type]
    row.stack_ids = sorted({str(one.stack_id) for one in gathered.candidates if one.stack_id})


def _save(row: DataSet, lab: Lab, *, is_new: bool) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=is_new)
    except IntegrityError:
        if not DataSet.objects.filter(lab=lab, name=row.name).exclude(id=row.id).exists():
            raise
        detail = f"The lab has a data set called {row.name!r} already."
        raise Refused("name_taken", detail, "Choose another name.", http_status=409) from None


def _locked(actor: Actor, data_set_id: UUID) -> DataSet:
    row = DataSet.objects.select_for_update(of=("self",)).select_related("lab").filter(id=data_set_id).first()
    actor.require(row.lab_id if row is not None else None, Role.ADMIN)
    assert row is not None  # noqa: S101 - `require` has refused
    return row


def _require_draft(row: DataSet) -> None:
    if row.state != DataSet.State.DRAFT:
        hint = "Make another one from the same filters." if row.state == DataSet.State.FROZEN else "Wait for it, or stop the freezing."
        raise Refused("data_set_not_draft", f"The data set is {row.get_state_display()}.", hint, http_status=409)


def _steps(said: Any) -> dict[str, Any]:
    return {
        "preprocessing": checked_steps(said.get("preprocessing", [])),
        "augmentation": checked_steps(said.get("augmentation", [])),
        "copies": int(said.get("copies", 0)),
    }


def _said(row: DataSet) -> dict[str, Any]:
    return {"name": row.name, "task": row.task, "filters": row.filters, "steps": row.steps, "split": row.split}
