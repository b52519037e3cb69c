"""Where a training keeps pictures and checkpoints: one folder an attempt, taken over from whichever attempt left it last."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from backend.core.jobs import scratch
from backend.core.jobs.models import UNDER_WAY
from backend.training.models import TrainingJob, home_of


class Scratch(scratch.Scratch):
    """The folder of one attempt and what lies where in it; all of it is whole at every moment."""

    @classmethod
    def open(cls, training_id: UUID, token: UUID) -> Scratch:
        return cls.opened(home_of(training_id), token, is_crash_safe=True)

    @property
    def data(self) -> Path:
        """The materialised data set."""
        return self.folder / "data"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def checkpoint(self) -> Path:
        """All that a training goes on from; the learner moves it into place whole."""
        return self.work / "checkpoint.pt"

    @property
    def out(self) -> Path:
        """The weights folder that is being made."""
        return self.folder / "out"


def forget_scratch() -> int:
    """Remove what ended trainings left on this host; a failed one may go on for some days."""
    recent = timezone.now() - timedelta(days=settings.TRAIN_KEEP_FAILED_DAYS)
    wanted = Q(state__in=UNDER_WAY) | Q(state=TrainingJob.State.FAILED, finished_at__gt=recent)
    kept = TrainingJob.objects.filter(wanted).values_list("id", flat=True)
    return scratch.forget_homes(Path(settings.TRAIN_DIR), kept)
