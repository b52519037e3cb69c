"""`python -m tests.faults.control` does what it is told, one JSON line at a time, inside an installation of the product."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import django

from tests.faults.judging import Judging
from tests.faults.teaching import Teaching


class Control(Judging, Teaching):
    """Each public method is a command; it gives plain values."""

    def prepare(self, recordings: int, frames: int) -> list[str]:
        """Make tables and folders, take one recording in, file it under so many dishes, and give the ids."""
        from backend.accounts.models import Lab
        from backend.config.local import actor_in, this_computer
        from backend.config.preparing import prepare
        from backend.imaging.services import confirm_stack, take_in_local_file
        from tests.exact.recording import write_zip

        prepare()
        lab = Lab.objects.create(name="Faults")
        actor = actor_in(lab)
        changes = {frames // 3: {(0, 0): "embryo"}, frames // 2: {(1, 2): "empty", (2, 0): "gas"}}
        with tempfile.TemporaryDirectory() as folder:
            path = write_zip(Path(folder) / "dish.zip", frames, changes)
            taken_in = take_in_local_file(path=path, lab=lab, by=this_computer())
        stacks = _again(taken_in, recordings)
        for number, stack in enumerate(stacks):
            confirm_stack(stack=stack, patient_code="F", cycle_label="1", dish_label=f"D{number}", actor=actor, by=actor.user)
        return [str(stack.id) for stack in stacks]

    def take_in(self, path: str, recordings: int) -> list[str]:
        """File one recording of this host under so many dishes of a lab, and give the ids."""
        from backend.accounts.models import Lab
        from backend.config.local import actor_in, this_computer
        from backend.config.preparing import prepare
        from backend.imaging.services import confirm_stack, take_in_local_file

        prepare()
        lab = Lab.objects.create(name="Rendered")
        actor = actor_in(lab)
        taken_in = take_in_local_file(path=Path(path), lab=lab, by=this_computer())
        stacks = _again(taken_in, recordings)
        for number, stack in enumerate(stacks):
            confirm_stack(stack=stack, patient_code="R", cycle_label="1", dish_label=f"D{number}", actor=actor, by=actor.user)
        return [str(stack.id) for stack in stacks]

    def request(self, stacks: list[str]) -> list[str]:
        from backend.analysis.services import request_run
        from backend.config.local import actor_in
        from backend.imaging.models import Stack

        runs = []
        for stack in Stack.objects.select_related("dish", "lab").filter(id__in=stacks).order_by("created_at"):
            actor = actor_in(stack.lab)
            runs.append(str(request_run(stack=stack, by=actor.user, actor=actor).id))
        return runs

    def deliver(self, run: str, times: int) -> int:
        """Send the run's message again and again."""
        from backend.analysis.transitions import EXECUTE
        from backend.core.queue import send_now

        return sum(send_now(EXECUTE, run) for _ in range(times))

    def states(self) -> dict[str, list[Any]]:
        from backend.analysis.models import Run

        return {str(run.id): [run.state, run.attempts, run.frames_done, run.error] for run in Run.objects.all()}

    def results(self, run: str) -> dict[str, Any]:
        """Everything a run found, in an order that does not depend on how it came about."""
        from backend.analysis.models import Alert, ContentChange, KeyFrame, Placements, Run, Well

        row = Run.objects.get(id=run)
        own = {"run": row}
        batches = Placements.objects.filter(**own).order_by("first_frame")
        return {
            "run": [row.state, row.layout, row.frames_done, row.usable_frames],
            "wells": _rows(Well, own, "row", "column", "box", "content", "confidence", "content_probabilities", "is_filled_in"),
            "key_frames": _rows(KeyFrame, own, "frame_index", "layout", "is_lattice_consistent", "lattice_residual_px", "reason", "wells"),
            "changes": _rows(ContentChange, own, "frame_index", "row", "column", "content", "previous", "confidence"),
            "alerts": _rows(Alert, own, "frame_index", "kind", "place", "detail"),
            "placements": [[batch.first_frame + n, row] for batch in batches for n, row in enumerate(batch.rows)],
        }

    def gaps(self) -> list[str]:
        """Topics whose events are not numbered 1, 2, 3 ... to the last."""
        from backend.live.models import LoggedEvent, Topic

        wrong = []
        for topic in Topic.objects.all():
            seqs = list(LoggedEvent.objects.filter(topic=topic).order_by("seq").values_list("seq", flat=True))
            if seqs != list(range(1, topic.seq + 1)):
                wrong.append(topic.name)
        return wrong

    def events(self, run: str) -> list[str]:
        """What was told of this run on its dish's topic, in order."""
        from backend.analysis.models import Run
        from backend.live.models import LoggedEvent

        dish = Run.objects.get(id=run).stack.dish_id
        told = LoggedEvent.objects.filter(topic__name=f"dish.{dish}").order_by("seq").values_list("type", "payload")
        return [kind for kind, payload in told if run in (payload.get("run_id"), payload.get("run", {}).get("id"))]

    def can_write(self) -> bool:
        """Nobody holds the database."""
        from django.db import OperationalError, connection, transaction

        connection.close()
        kept = connection.settings_dict["OPTIONS"].get("timeout")
        if kept is not None:
            connection.settings_dict["OPTIONS"]["timeout"] = 0.3
        try:
            with transaction.atomic():
                return True
        except OperationalError:
            return False
        finally:
            connection.close()
            if kept is not None:
                connection.settings_dict["OPTIONS"]["timeout"] = kept


def _again(stack: Any, recordings: int) -> list[Any]:
    """The recording and copies of its row, so many together."""
    fields = [field.name for field in stack._meta.concrete_fields if field.name not in ("id", "created_at")]
    values = {field: getattr(stack, field) for field in fields}
    return [stack, *(type(stack).objects.create(**values) for _ in range(recordings - 1))]


def _rows(table: Any, own: dict[str, Any], *fields: str) -> list[list[Any]]:
    return [list(row) for row in table.objects.filter(**own).order_by(*fields[:3]).values_list(*fields)]


def main() -> None:
    django.setup()
    control = Control()
    for line in sys.stdin:
        command, arguments = json.loads(line)
        print(json.dumps(getattr(control, command)(**arguments)), flush=True)


if __name__ == "__main__":
    main()
