"""Everything that is kept for a while only; how long each is kept stands in the settings."""

from __future__ import annotations

from collections.abc import Callable

from backend.accounts.keeping import forget_expired_sessions, forget_old_attempts, forget_old_links
from backend.adaptation import scratch as adaptation
from backend.admission import execution as admission
from backend.admission.services import forget_questions
from backend.imaging.services import collect_expired_uploads
from backend.judging import scratch as judging
from backend.labels import syncing
from backend.live.services import trim_events
from backend.review.commenting import forget_presence
from backend.training import scratch as training

EVERY_S = 3600.0
FORGETTING: tuple[Callable[[], int], ...] = (
    collect_expired_uploads,
    trim_events,
    forget_expired_sessions,
    forget_old_links,
    forget_old_attempts,
    adaptation.forget_scratch,
    training.forget_scratch,
    admission.forget_scratch,
    forget_questions,
    judging.forget_scratch,
    syncing.forget_scratch,
    forget_presence,
)
