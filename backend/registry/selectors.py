"""Which weights are there, and which are in use where; read only."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Q, QuerySet

from backend.accounts.actor import NOT_HERE, Actor
from backend.accounts.models import Lab, Membership, Role
from backend.core.errors import Refused
from backend.registry.models import DetectorSettings, Use, Weights

_ROWS = ("weights", "asked_by", "confirmed_by")


def weights_visible_to(actor: Actor) -> QuerySet[Weights]:
    """What is shipped, and what the actor's own labs taught or brought in."""
    return Weights.objects.filter(Q(lab=None) | Q(lab_id__in=actor.lab_ids_seen)).order_by("task", "name", "created_at", "id")


def one_visible_to(actor: Actor, weights_id: UUID) -> Weights:
    weights = weights_visible_to(actor).filter(id=weights_id).first()
    if weights is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return weights


def current_use(task: str, lab_id: UUID | None) -> Use | None:
    """What this lab itself chose, or without a lab what is the server's default."""
    whose = Q(lab=None) if lab_id is None else Q(lab_id=lab_id)
    return Use.objects.filter(whose, task=task, state=Use.State.CURRENT).select_related("weights").first()


def use_in_effect(task: str, lab_id: UUID | None = None) -> Use | None:
    """The lab's own choice, else the server's default; None where nothing was ever put into use."""
    own = current_use(task, lab_id) if lab_id is not None else None
    return own if own is not None and own.weights_id is not None else current_use(task, None)


def weights_in_use(task: str, lab_id: UUID | None = None) -> Weights | None:
    """The weights in use for this task in this lab, None where there are none or they cannot be used."""
    use = use_in_effect(task, lab_id)
    weights = use.weights if use is not None else None
    return None if weights is None or weights.state == Weights.State.UNUSABLE else weights


def active_weights(task: str, lab_id: UUID | None = None) -> Weights:
    """The same, or a refusal that says why there are none."""
    use = use_in_effect(task, lab_id)
    if use is None or use.weights is None:
        raise Refused(
            "no_weights",
            f"No detector is in use for {task}.",
            "Put a weights folder into place and start the worker again.",
            http_status=409,
        )
    if use.weights.state == Weights.State.UNUSABLE:
        detail = f"{use.weights.name}, in use for {task}, cannot be used: {use.weights.reason}"
        raise Refused("weights_unusable", detail, "Let a lab admin go back to the weights that were in use before.", http_status=409)
    return use.weights


def stager_in_use(lab_id: UUID) -> Weights | None:
    """The weights that name stages; refuses where some are in use and cannot be used, for a run without them would look whole."""
    return None if use_in_effect("stages", lab_id) is None else active_weights("stages", lab_id)


def one_before(use: Use) -> Use | None:
    """The use that was in effect before this one; what was rolled back does not count."""
    if not use.is_rollback:
        return use.replaced
    return one_before(use.restores) if use.restores is not None else None


def usable_before(use: Use) -> Use | None:
    """The latest one before it that could be used again now and would change something."""
    return next((one for one in _earlier(use) if one.weights_id != use.weights_id and _could_serve(one.weights)), None)


def can_roll_back(use: Use | None) -> bool:
    """Something was in use before: an earlier choice of the lab, or the server's default."""
    return use is not None and (use.weights_id is not None or usable_before(use) is not None)


def weights_before(weights: Weights, lab_id: UUID) -> Weights | None:
    """What a run of this lab may be made with instead of weights that were changed on disk; never those themselves."""
    use = use_in_effect(weights.task, lab_id)
    if use is None:
        return None
    if use.weights_id != weights.id and _could_serve(use.weights):
        return use.weights
    earlier = usable_before(use)
    if earlier is not None and earlier.weights is not None:
        return earlier.weights
    default = weights_in_use(weights.task)
    return default if use.lab_id is not None and default is not None and default.id != weights.id else None


def _earlier(use: Use) -> Iterator[Use]:
    before = one_before(use)
    while before is not None:
        yield before
        before = one_before(before)


def _could_serve(weights: Weights | None) -> bool:
    """None stands for the server's default."""
    return weights is None or weights.state == Weights.State.CHECKED


def uses_visible_to(actor: Actor, lab_id: UUID) -> QuerySet[Use]:
    """The history of one lab together with the server's defaults, newest first."""
    lab = actor.require(lab_id)
    return Use.objects.filter(Q(lab=lab) | Q(lab=None)).select_related(*_ROWS).order_by("-created_at", "id")


def use_visible_to(actor: Actor, use_id: UUID) -> Use:
    use = Use.objects.filter(id=use_id, lab_id__in=actor.lab_ids_seen).select_related(*_ROWS).first()
    if use is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return use


def history_of(actor: Actor, weights: Weights) -> QuerySet[Use]:
    """Where and when these were in use in the actor's labs, or as the server's default; newest first."""
    seen = Q(lab=None) | Q(lab_id__in=actor.lab_ids_seen)
    return Use.objects.filter(seen, weights=weights).select_related(*_ROWS).order_by("-created_at", "id")


def settings_of(lab: Lab) -> DetectorSettings:
    """What the lab wants; the defaults of version 0, in no table, where it said nothing."""
    return DetectorSettings.objects.filter(lab=lab).first() or DetectorSettings(lab=lab)


def admins_of(lab_id: UUID) -> int:
    """How many could confirm what another one proposes."""
    return Membership.objects.filter(lab_id=lab_id, role=Role.ADMIN, user__is_active=True).count()


def why_not_proposed(weights: Weights | None, task: str, lab_id: UUID) -> Refused | None:
    """Why a lab cannot propose these weights now, None for the server's default; None where it can."""
    own = current_use(task, lab_id)
    if weights is None:
        if own is None or own.weights_id is None:
            return Refused("already_in_use", "The lab uses the server's default already.", http_status=409)
        return None
    if weights.state == Weights.State.RETIRED:
        why = f"{weights.name} was retired" + (f": {weights.reason}" if weights.reason else ".")
        return Refused("weights_retired", why, "Choose other weights.", http_status=409)
    if weights.state == Weights.State.UNUSABLE:
        return Refused("weights_unusable", weights.reason, "Choose other weights.", http_status=409)
    if own is not None and own.weights_id == weights.id:
        return Refused("already_in_use", f"{weights.name} is in use in this lab already.", http_status=409)
    if weights.state != Weights.State.CHECKED:
        detail = f"{weights.name} was never checked beside what is in use."
        return Refused("needs_check", detail, "Check it first; the figures help to decide.", http_status=409)
    beside = weights_in_use(task, lab_id)
    if weights.lab_id is not None and beside is not None and weights.checked_against_id != beside.id:
        detail = f"{weights.name} was checked before {beside.name} came into use."
        return Refused("check_outdated", detail, "Check it again beside what is in use now.", http_status=409)
    return None
