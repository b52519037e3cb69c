"""Fills in what is hidden from blinded readers."""

from __future__ import annotations

from django.apps import AppConfig


class ReadersConfig(AppConfig):
    name = "backend.readers"

    def ready(self) -> None:
        from backend.core import concealment
        from backend.readers import records
        from backend.readers.blindness import hidden_from

        concealment.fill(hidden_from)
        concealment.conceal_records("reading", records.of_readings)
        concealment.conceal_records("comment", records.of_comments)
