"""The Celery application: messages carry ids, and losing one loses nothing."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")

app = Celery("embryovision")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    [
        "backend.imaging",
        "backend.analysis",
        "backend.adaptation",
        "backend.registry",
        "backend.labels",
        "backend.datasets",
        "backend.training",
        "backend.drift",
        "backend.admission",
        "backend.judging",
    ]
)
