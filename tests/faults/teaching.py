"""What the line into an installation is told about labels, data sets and trainings."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class Teaching:
    """Each public method is a command; it gives plain values. What the worker does is asked for and looked at, never done here."""

    def bring_in(self, export: str) -> str:
        """Make tables and folders and have the worker read an export of labels."""
        from backend.accounts.models import Lab
        from backend.config.preparing import prepare
        from backend.labels.services import take_file

        prepare()
        lab = Lab.objects.create(name="Labels")
        return str(take_file(path=Path(export), name="export.zip", lab=lab, by=_actor().user, instance="", preset="phases").id)

    def import_state(self, label_import: str) -> list[Any]:
        from backend.labels.models import LabelImport

        row = LabelImport.objects.get(id=label_import)
        return [row.state, row.error]

    def confirm(self, label_import: str) -> None:
        from backend.labels.models import LabelImport
        from backend.labels.services import confirm_import

        confirm_import(actor=_actor(), row=LabelImport.objects.get(id=label_import), mapping=None, choices={})

    def freeze(self) -> str:
        from backend.datasets.services import freeze_data_set, make_data_set

        actor, rule = _actor(), {"shares": [70, 15, 15], "seed": 1, "keep_given": True}
        said = {"name": "Wells", "task": "phases", "filters": {}, "steps": {}, "split": rule}
        row = make_data_set(actor=actor, lab_id=_lab().id, by=actor.user, **said)
        return str(freeze_data_set(actor=actor, data_set_id=row.id, by=actor.user).id)

    def data_set(self, data_set: str) -> list[Any]:
        from backend.datasets.models import DataSet

        row = DataSet.objects.get(id=data_set)
        return [row.state, row.error, row.counts, row.hash]

    def train(self, data_set: str, steps: int | None) -> str:
        from uuid import UUID

        from backend.training.services import request_training

        actor = _actor()
        said = {"recipe": "phases", "start_id": None, "seed": 1, "steps": steps}
        return str(request_training(lab_id=_lab().id, data_set_id=UUID(data_set), by=actor.user, actor=actor, **said)[1].id)

    def training(self, training: str) -> dict[str, Any]:
        from backend.training.models import TrainingJob

        row = TrainingJob.objects.select_related("candidate").get(id=training)
        told = {name: getattr(row, name) for name in ("state", "attempts", "error", "progress", "curve", "facts", "final")}
        return told | {"candidate": row.candidate.state if row.candidate else None}


def _lab() -> Any:
    from backend.accounts.models import Lab

    return Lab.objects.get(name="Labels")


def _actor() -> Any:
    from backend.config.local import actor_in

    return actor_in(_lab())
