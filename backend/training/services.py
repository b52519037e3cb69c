"""Asks for trainings, stops them and lets them go on; the worker does the rest."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts.actor import NOT_HERE, Actor
from backend.accounts.models import Role, User
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.jobs import transitions
from backend.datasets.models import DataSet
from backend.datasets.selectors import require_disjoint
from backend.registry.models import Weights
from backend.registry.selectors import active_weights, weights_visible_to
from backend.training.models import TrainingJob
from backend.training.selectors import TASK_OF_RECIPE, lacks, training_under_way, why_not

State = TrainingJob.State
LACKING = {
    "not_frozen": ("training_not_frozen", "is not frozen", "Freeze it first, so that the result can be repeated."),
    "no_train": ("training_no_train", "has no picture to learn from", "Give its split train a share, and freeze it anew."),
    "no_test": (
        "training_no_test",
        "holds no picture back, so nothing could be said of the result",
        "Give its split test a share, and freeze it anew.",
    ),
}
UNFIT = {
    "unusable": ("weights_unusable", "cannot be used", "Choose other weights."),
    "other_net": ("training_other_net", "are of a kind of net that this recipe cannot go on with", "Choose other weights."),
}


def request_training(
    *, lab_id: UUID, data_set_id: UUID, recipe: str, start_id: UUID | None, seed: int, steps: int | None, by: User, actor: Actor
) -> tuple[bool, TrainingJob]:
    """Queue a training, from the weights in use where none are named: (True, it), or (False, the same one under way already)."""
    lab = actor.require(lab_id, Role.ADMIN)
    row = DataSet.objects.filter(lab=lab, id=data_set_id).first()
    if row is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    _require_fit(row, recipe)
    start = _start(actor, lab.id, recipe, start_id)
    job = TrainingJob(lab=lab, by=by, dataset=row, recipe=recipe, start=start, settings={"seed": seed, "steps": steps})
    with transaction.atomic():
        under_way = training_under_way(row, recipe, start)
        if under_way is not None:
            return False, under_way
        try:
            with transaction.atomic():
                job.save(force_insert=True)
        except IntegrityError:
            under_way = training_under_way(row, recipe, start)
            if under_way is None:
                raise
            return False, under_way
        after = {"data_set": row.hash, "recipe": recipe, "start": start.sha256, **job.settings}
        record(actor=by, lab_id=lab.id, action="training.requested", subject=job.subject, after=after)
        transitions.tell_worker(job)
        job.announce()
    return True, job


def _require_fit(row: DataSet, recipe: str) -> None:
    if row.task != recipe:
        detail = f"The data set {row.name} is about {row.get_task_display()}, the recipe learns {TrainingJob.Recipe(recipe).label}."
        raise Refused("training_other_task", detail, "Choose the recipe that belongs to the data set.", http_status=409)
    lacking = lacks(row)
    if lacking is not None:
        code, what, hint = LACKING[lacking]
        raise Refused(code, f"The data set {row.name} {what}.", hint, http_status=409)
    require_disjoint(row)


def _start(actor: Actor, lab_id: UUID, recipe: str, start_id: UUID | None) -> Weights:
    if start_id is None:
        weights: Weights | None = active_weights(TASK_OF_RECIPE[recipe], lab_id)
    else:
        weights = weights_visible_to(actor).filter(id=start_id, task=TASK_OF_RECIPE[recipe]).first()
    if weights is None or weights.lab_id not in (None, lab_id):
        raise Refused("not_found", NOT_HERE, http_status=404)
    unfit = why_not(weights, recipe)
    if unfit is not None:
        code, what, hint = UNFIT[unfit]
        raise Refused(code, f"The weights {weights.name} {what}.", hint, http_status=409)
    return weights


@transaction.atomic
def stop_training(*, training: TrainingJob, by: User, actor: Actor) -> TrainingJob:
    """Stop a waiting one at once and a running one within seconds; both can go on later."""
    actor.require(training.lab_id, Role.ADMIN)
    row = transitions.locked(TrainingJob, id=training.id)
    if row is None or row.state not in (State.QUEUED, State.RUNNING):
        return row or training
    if row.state == State.QUEUED:
        transitions.end(row, State.STOPPED, by=by)
    elif not row.stop_requested:
        row.stop_requested = True
        row.save(update_fields=["stop_requested"])
        record(actor=by, lab_id=row.lab_id, action="training.stop_requested", subject=row.subject)
        row.announce()
    return row


@transaction.atomic
def resume_training(*, training: TrainingJob, by: User, actor: Actor) -> TrainingJob:
    """Let one that was stopped or failed go on from its last checkpoint."""
    actor.require(training.lab_id, Role.ADMIN)
    row = transitions.locked(TrainingJob, id=training.id)
    if row is None or not row.is_resumable:
        row = row or training
        if row.state in (State.QUEUED, State.RUNNING):
            return row
        raise Refused("training_over", f"This training is {row.get_state_display()}.", "Start a new one.", http_status=409)
    other = training_under_way(row.dataset, row.recipe, row.start)
    if other is not None:
        detail = "The same data set is already learned from with this recipe and these weights."
        raise Refused("training_under_way", detail, "Wait for it, or cancel it first.", http_status=409)
    row.attempts, row.cancel_requested, row.stop_requested = 0, False, False
    row.finished_at = None
    record(actor=by, lab_id=row.lab_id, action="training.resumed", subject=row.subject)
    transitions.queue_again(row)
    return row


@transaction.atomic
def cancel_training(*, training: TrainingJob, by: User, actor: Actor) -> TrainingJob:
    """End it for good, its checkpoint too: a waiting or stopped one at once, a running one within seconds."""
    actor.require(training.lab_id, Role.ADMIN)
    row = transitions.locked(TrainingJob, id=training.id)
    if row is not None and row.is_resumable:
        transitions.end(row, State.CANCELLED, by=by)
        return row
    return transitions.cancel(training, by=by)
