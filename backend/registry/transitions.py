"""How weights come into use and out of it: the rows, the audit trail and the news, in the caller's transaction."""

from __future__ import annotations

from typing import Any, cast

from django.utils import timezone

from backend.accounts.models import Lab, User
from backend.audit.services import hold_chain, record
from backend.live.detector_events import WeightsUseChanged
from backend.live.publish import publish
from backend.live.topics import lab_topic
from backend.registry.models import Use
from backend.registry.selectors import current_use

State = Use.State


def put_into_use(use: Use, *, by: User | None) -> Use:
    """Make this the one in use for its lab and task, in place of the one before."""
    hold_chain()
    before = current_use(use.task, use.lab_id)
    if before is not None:
        _end(before)
    use.state, use.replaced, use.confirmed_at = State.CURRENT, before, timezone.now()
    use.save()
    record(
        actor=by,
        lab_id=use.lab_id,
        action="weights.rolled_back" if use.is_rollback else "weights.activated",
        subject=subject_of(use),
        before=_told(before),
        after=_told(use),
        reason=use.reason,
    )
    if before is not None or use.lab_id is not None:
        # Nobody waits for news of an installation that has just been set up.
        tell_of(use)
    return use


def stop_using(use: Use) -> None:
    """Nothing is in use any more where this was."""
    hold_chain()
    _end(use)
    record(actor=None, lab_id=use.lab_id, action="weights.deactivated", subject=subject_of(use), before=_told(use))
    tell_of(use)


def tell_of(use: Use) -> None:
    """Tell the lab, or of a default every lab, in the order that topics are taken in."""
    event = WeightsUseChanged(
        use_id=str(use.id),
        task=use.task,
        weights_id=str(use.weights_id) if use.weights_id else None,
        state=cast(Any, str(use.state)),
        is_rollback=use.is_rollback,
    )
    labs = [use.lab_id] if use.lab_id is not None else list(Lab.objects.values_list("id", flat=True))
    for topic in sorted(lab_topic(lab_id) for lab_id in labs):
        publish(topic, event)


def subject_of(use: Use) -> str:
    """How the audit trail names what is used."""
    return f"weights {use.weights.name}" if use.weights is not None else f"server default for {use.task}"


def _end(use: Use) -> None:
    use.state, use.ended_at = State.ENDED, timezone.now()
    use.save(update_fields=["state", "ended_at"])


def _told(use: Use | None) -> dict[str, Any] | None:
    if use is None:
        return None
    return {"task": use.task, "sha256": use.weights.sha256 if use.weights else None}
