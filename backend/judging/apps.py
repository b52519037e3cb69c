"""Tells the content store which pictures checks still show."""

from __future__ import annotations

from django.apps import AppConfig


class JudgingConfig(AppConfig):
    name = "backend.judging"

    def ready(self) -> None:
        from backend.core.files import keep_while
        from backend.judging.selectors import speaks_of

        keep_while(speaks_of)
