"""Takes stock of the weights folders on disk; a file that is not what its manifest says is never used."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.accounts.models import Lab, Role, User
from backend.audit.services import hold_chain, record
from backend.core.errors import Refused
from backend.live.detector_events import WeightsChanged
from backend.live.publish import publish
from backend.live.topics import lab_topic
from backend.registry import folders
from backend.registry.models import Use, Weights
from backend.registry.selectors import current_use
from backend.registry.transitions import put_into_use, stop_using

State = Weights.State


@transaction.atomic
def scan_weights(folder: Path | None = None) -> list[Weights]:
    """Verify every weights folder, note what is usable or why not, and see that every task has a default that can be used."""
    folder = folder or Path(settings.WEIGHTS_DIR)
    # A damaged copy claims the hash of the good one: read last, the good one has the last word.
    found = sorted((folders.read(path.parent) for path in sorted(folder.glob(f"*/{folders.MANIFEST}"))), key=lambda entry: entry[2] == "")
    kept = [_note(manifest, path, reason) for manifest, path, reason in found]
    present = [weights.id for weights in kept]
    for missing in Weights.objects.filter(lab=None).exclude(id__in=present).exclude(state=State.UNUSABLE):
        _stand(missing, folders.GONE)
        missing.save()
    for own in Weights.objects.exclude(lab=None):
        _look_again(own)
    for task in sorted({weights.task for weights in Weights.objects.filter(lab=None)}):
        _see_to_default(task, kept)
    return kept


def register_candidate(*, folder: Path, lab: Lab, by: User | None) -> Weights:
    """Note weights that belong to a lab; asking again for the same file gives the same row, which then lies in `folder`."""
    manifest, _, reason = folders.read(folder)
    if reason:
        raise Refused("weights_unusable", reason, "Try again; if it happens again, tell whoever looks after the server.")
    key = folders.key_of(manifest, folder)
    with transaction.atomic():
        # What announces below is followed by more of the caller's own records.
        hold_chain()
        candidate = Weights.objects.filter(lab=lab, sha256=key).first() or Weights(lab=lab, sha256=key, state=State.CANDIDATE)
        _take_over(candidate, manifest, folder)
        _stand(candidate, "")
        candidate.save()
        record(
            actor=by,
            lab_id=lab.id,
            action="weights.proposed",
            subject=f"weights {candidate.name}",
            after={"id": str(candidate.id), "sha256": candidate.sha256},
        )
        announce(candidate)
    return candidate


@transaction.atomic
def note_checked(*, weights: Weights, against: Weights | None, lab: Lab, by: User | None) -> None:
    """A lab's weights were checked beside what was in use, so they may be proposed; for shipped ones their card stands."""
    row = Weights.objects.select_for_update().get(id=weights.id)
    if row.lab_id != lab.id or row.state not in (State.CANDIDATE, State.CHECKED):
        return
    row.state, row.checked_at, row.checked_against = State.CHECKED, timezone.now(), against
    row.save(update_fields=["state", "checked_at", "checked_against"])
    after = {"sha256": row.sha256, "against": against.sha256 if against else None}
    record(actor=by, lab_id=lab.id, action="weights.checked", subject=f"weights {row.name}", after=after)
    announce(row)


@transaction.atomic
def note_tampered(*, weights: Weights, reason: str) -> bool:
    """The file is not the one that was registered: nobody may use it any more. False where that was known already."""
    hold_chain()
    row = Weights.objects.select_for_update().get(id=weights.id)
    if row.state == State.UNUSABLE:
        return False
    _stand(row, reason)
    row.save()
    after = {"sha256": row.sha256, "reason": row.reason}
    record(actor=None, lab_id=row.lab_id, action="weights.tampered", subject=f"weights {row.name}", after=after)
    announce(row)
    return True


@transaction.atomic
def retire_weights(*, weights: Weights, actor: Actor, reason: str = "") -> Weights:
    """Put a lab's weights away for good; not while they are in use or proposed."""
    if weights.lab_id is None:
        detail = f"{weights.name} came with the server and belongs to every lab."
        raise Refused("weights_shipped", detail, "Labs that do not want it choose other weights.", http_status=403)
    actor.require(weights.lab_id, Role.ADMIN)
    row = Weights.objects.select_for_update().get(id=weights.id)
    if row.state == State.RETIRED:
        return row
    if Use.objects.filter(weights=row, state__in=[Use.State.CURRENT, Use.State.PROPOSED]).exists():
        detail = f"{row.name} is in use, or proposed for it."
        raise Refused("weights_in_use", detail, "Go back to other weights, or withdraw the proposal, first.", http_status=409)
    before, row.state, row.state_before, row.reason = row.state, State.RETIRED, "", reason[:255]
    row.save(update_fields=["state", "state_before", "reason"])
    record(
        actor=actor.user,
        lab_id=row.lab_id,
        action="weights.retired",
        subject=f"weights {row.name}",
        before={"state": before},
        after={"sha256": row.sha256},
        reason=reason,
    )
    announce(row)
    return row


def announce(weights: Weights) -> None:
    """Tell the lab whose weights these are, of shipped ones every lab, in the order that topics are taken in."""
    event = WeightsChanged(weights_id=str(weights.id), name=weights.name, state=cast(Any, str(weights.state)))
    labs = [weights.lab_id] if weights.lab_id is not None else list(Lab.objects.values_list("id", flat=True))
    for topic in sorted(lab_topic(lab_id) for lab_id in labs):
        publish(topic, event)


def _see_to_default(task: str, found: list[Weights]) -> None:
    """Where no default is, or the one that was has gone: the shipped weights that say so of themselves, else the first."""
    current = current_use(task, None)
    if current is not None and current.weights is not None and current.weights.state != State.UNUSABLE:
        return
    usable = sorted((w for w in found if w.task == task and w.state == State.CHECKED), key=lambda w: w.manifest.get("default") is not True)
    if usable:
        why = current.weights.reason if current is not None and current.weights is not None else ""
        put_into_use(Use(task=task, weights=usable[0], reason=why[:255]), by=None)
    elif current is not None:
        stop_using(current)


def _stand(row: Weights, reason: str) -> None:
    """Unusable for this reason, or without one again what it was before."""
    if reason and row.state != State.UNUSABLE:
        row.state_before, row.state = row.state, State.UNUSABLE
    elif not reason and row.state == State.UNUSABLE:
        row.state, row.state_before = row.state_before or (State.CANDIDATE if row.lab_id else State.CHECKED), ""
    elif row.state == State.RETIRED:
        return
    row.reason = reason[:255]


def _look_again(row: Weights) -> None:
    """A lab's weights stay what they are while they verify, and become so again once they do."""
    folder = Path(row.folder)
    manifest, _, reason = folders.read(folder) if folder.is_dir() else ({}, folder, folders.GONE)
    if not reason and folders.key_of(manifest, folder) != row.sha256:
        reason = "The folder holds other weights than those that were registered."
    _stand(row, reason)
    row.save(update_fields=["state", "state_before", "reason"])


def _note(manifest: dict[str, Any], folder: Path, reason: str) -> Weights:
    """One row a folder and claimed hash."""
    key = folders.key_of(manifest, folder)
    row = Weights.objects.filter(lab=None, sha256=key).first() or Weights(sha256=key, state=State.CHECKED)
    _take_over(row, manifest, folder)
    _stand(row, reason)
    row.save()
    return row


def _take_over(row: Weights, manifest: dict[str, Any], folder: Path) -> None:
    row.name = str(manifest.get("name") or folder.name)[:80]
    row.task = str(manifest.get("task", ""))[:16]
    row.family = str(manifest.get("family", ""))[:24]
    row.folder = str(folder)[:255]
    row.manifest = folders.as_json(manifest)
