"""Tells the content store which bytes admissions still speak of."""

from __future__ import annotations

from django.apps import AppConfig


class AdmissionConfig(AppConfig):
    name = "backend.admission"

    def ready(self) -> None:
        from backend.admission.selectors import speaks_of
        from backend.core.files import keep_while

        keep_while(speaks_of)
