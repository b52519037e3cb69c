"""Takes stock of the weights folders on disk; a file that is not what its manifest says is never used."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from backend.accounts.models import Lab, User
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.files import sha256_of
from backend.registry.models import Weights

MANIFEST = "manifest.toml"
NEEDED = ("name", "task", "family", "file", "sha256")
GONE = "The weights folder is no longer there."


def scan_weights(folder: Path | None = None) -> list[Weights]:
    """Verify every weights folder, note what is usable or why not, and put the first usable one of a task into use where none is."""
    folder = folder or Path(settings.WEIGHTS_DIR)
    # A damaged copy claims the hash of the good one: read last, the good one has the last word.
    found = sorted((_read(path.parent) for path in sorted(folder.glob(f"*/{MANIFEST}"))), key=lambda entry: entry[2] == "")
    with transaction.atomic():
        kept = [_note(manifest, path, reason) for manifest, path, reason in found]
        present = [weights.id for weights in kept]
        missing = Weights.objects.filter(lab=None).exclude(id__in=present).exclude(state=Weights.State.UNUSABLE)
        missing.update(state=Weights.State.UNUSABLE, reason=GONE)
        for candidate in Weights.objects.exclude(lab=None):
            _look_again(candidate)
        for weights in kept:
            _use_if_none_is(weights)
    return kept


def register_candidate(*, folder: Path, lab: Lab, by: User | None) -> Weights:
    """Note weights that a lab's recordings taught; asking again for the same file gives the same row, which then lies in `folder`."""
    manifest, _, reason = _read(folder)
    if reason:
        raise Refused("weights_unusable", reason, "Try again; if it happens again, tell whoever looks after the server.")
    candidate = Weights.objects.filter(lab=lab, sha256=_key(manifest, folder)).first() or Weights(lab=lab, sha256=_key(manifest, folder))
    _take_over(candidate, manifest, folder)
    candidate.state, candidate.reason = Weights.State.CANDIDATE, ""
    candidate.save()
    record(
        actor=by,
        lab_id=lab.id,
        action="weights.proposed",
        subject=f"weights {candidate.name}",
        after={"id": str(candidate.id), "sha256": candidate.sha256},
    )
    return candidate


def _look_again(candidate: Weights) -> None:
    """A lab's weights stay a candidate while they verify, and become one again once they do."""
    folder = Path(candidate.folder)
    manifest, _, reason = _read(folder) if folder.is_dir() else ({}, folder, GONE)
    if not reason and _key(manifest, folder) != candidate.sha256:
        reason = "The folder holds other weights than those that were learned."
    candidate.reason = reason[:255]
    candidate.state = Weights.State.UNUSABLE if reason else Weights.State.CANDIDATE
    candidate.save(update_fields=["state", "reason"])


def _read(folder: Path) -> tuple[dict[str, Any], Path, str]:
    """The folder's manifest, and why the weights cannot be used; no reason means that they can."""
    try:
        manifest = tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return {}, folder, f"{MANIFEST} cannot be read: {error}"
    lacking = [field for field in NEEDED if not isinstance(manifest.get(field), str) or not manifest[field]]
    if lacking:
        return manifest, folder, f"{MANIFEST} does not name {', '.join(lacking)}."
    file = folder / Path(manifest["file"]).name
    if not file.is_file():
        return manifest, folder, f"The file {file.name} is missing."
    actual = sha256_of(file)
    if actual != manifest["sha256"].lower():
        return manifest, folder, f"The file {file.name} is not the one of the manifest: its SHA-256 begins with {actual[:12]}."
    return manifest, folder, ""


def _note(manifest: dict[str, Any], folder: Path, reason: str) -> Weights:
    """One row a folder and claimed hash; weights in use stay in use while they verify."""
    row = Weights.objects.filter(lab=None, sha256=_key(manifest, folder)).first() or Weights(sha256=_key(manifest, folder))
    _take_over(row, manifest, folder)
    row.reason = reason[:255]
    if reason:
        row.state = Weights.State.UNUSABLE
    elif row.state != Weights.State.ACTIVE:
        row.state = Weights.State.USABLE
    row.save()
    return row


def _take_over(row: Weights, manifest: dict[str, Any], folder: Path) -> None:
    row.name = str(manifest.get("name") or folder.name)[:80]
    row.task = str(manifest.get("task", ""))[:16]
    row.family = str(manifest.get("family", ""))[:24]
    row.folder = str(folder)[:255]
    row.manifest = _as_json(manifest)


def _key(manifest: dict[str, Any], folder: Path) -> str:
    """The claimed hash; a manifest without one is known by its folder's name."""
    claimed = manifest.get("sha256")
    return claimed.lower()[:64] if isinstance(claimed, str) and claimed else f"unknown:{folder.name}"[:64]


def _as_json(value: Any) -> Any:
    """TOML knows dates, JSON does not."""
    if isinstance(value, dict):
        return {str(key): _as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool) else str(value)


def _use_if_none_is(weights: Weights) -> None:
    if weights.state != Weights.State.USABLE or Weights.objects.filter(task=weights.task, state=Weights.State.ACTIVE).exists():
        return
    weights.state = Weights.State.ACTIVE
    weights.save(update_fields=["state"])
    record(actor=None, lab_id=None, action="weights.activated", subject=f"weights {weights.name}", after={"sha256": weights.sha256})
