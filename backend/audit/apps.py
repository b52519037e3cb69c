"""Connects the record to the changes it keeps."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "backend.audit"

    def ready(self) -> None:
        from backend.audit.services import keep
        from backend.core.changes import changed

        changed.connect(keep, dispatch_uid="audit")
