"""Says which events of a run tell a result that may have to be kept from somebody."""

from __future__ import annotations

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "backend.analysis"

    def ready(self) -> None:
        from backend.analysis import concerns
        from backend.core import concealment

        concealment.conceal("stages.called", concerns.of_calls)
        concealment.conceal("profile.decoded", concerns.of_profile)
