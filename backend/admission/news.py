"""What followers of a lab hear of weights on their way in."""

from __future__ import annotations

from typing import Any, cast

from backend.admission.models import Admission
from backend.live.detector_events import AdmissionChanged
from backend.live.publish import publish
from backend.live.topics import lab_topic


def announce_admission(row: Admission) -> None:
    """Say where the admission stands, in the transaction that makes it true."""
    event = AdmissionChanged(
        admission_id=str(row.id),
        state=cast(Any, str(row.state)),
        stage=row.progress.get("stage"),
        candidate=str(row.candidate_id) if row.candidate_id else None,
    )
    publish(lab_topic(row.lab_id), event)
