"""What followers of a lab hear of imports and exchanges while they go on."""

from __future__ import annotations

from backend.labels.models import LabelImport, LabelSync
from backend.live import events
from backend.live.publish import publish
from backend.live.topics import lab_topic


def announce_import(row: LabelImport) -> None:
    """Say where the import stands, in the transaction that makes it true."""
    values = {"import_id": str(row.id), "state": row.state, "step": row.step}
    publish(lab_topic(row.lab_id), events.LabelImportChanged.model_validate({**values, **_progress(row.progress)}))


def announce_sync(row: LabelSync) -> None:
    """Say where the exchange stands, in the transaction that makes it true."""
    values = {"sync_id": str(row.id), "state": row.state}
    publish(lab_topic(row.lab_id), events.LabelSyncChanged.model_validate({**values, **_progress(row.progress)}))


def _progress(progress: dict[str, int]) -> dict[str, int]:
    return {"done": int(progress.get("done", 0)), "total": int(progress.get("total", 0))}
