"""Tells the content store which bytes labels still speak of."""

from __future__ import annotations

from django.apps import AppConfig


class LabelsConfig(AppConfig):
    name = "backend.labels"

    def ready(self) -> None:
        from backend.core.files import keep_while
        from backend.labels.selectors import speaks_of

        keep_while(speaks_of)
