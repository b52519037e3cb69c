"""`python -m tests.backend.analysis.at_once COUNT` confirms so many recordings of one dish while a worker tells of a run on it."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from typing import Any

import django


def main(count: int) -> None:
    django.setup()
    from django.db import connection, transaction

    from backend.accounts.models import Lab
    from backend.analysis.models import Run
    from backend.analysis.services import confirm
    from backend.analysis.transitions import announce
    from backend.analysis.values import run_value
    from backend.config.local import actor_in
    from backend.imaging.models import Stack
    from backend.live import events
    from backend.registry.models import Weights
    from tests.backend.registry.rows import set_in_use

    lab = Lab.objects.get(name="North clinic")
    actor = actor_in(lab)
    set_in_use(Weights.objects.create(name="w", task="wells", family="yolo", sha256="0" * 64, folder="w", state=Weights.State.CHECKED))
    stacks = [Stack.objects.create(lab=lab, name="a", state=Stack.State.RECOGNISED, frame_count=1, planes=[0.0]) for _ in range(count)]
    told: dict[str, Any] = {"confirmed": 0, "announced": 0, "errors": []}
    is_over = threading.Event()

    def add(stack: Stack) -> None:
        said = {"patient_code": "P", "cycle_label": "1", "dish_label": "D"}
        confirm(stack=stack, wants_run=True, by=actor.user, actor=actor, **said)
        told["confirmed"] += 1

    def tell(run: Run) -> None:
        """As the recorder does: the dish first, then the lab."""
        with transaction.atomic():
            announce(run, events.RunQueued(run=run_value(run)))
        told["announced"] += 1

    def keep_telling() -> None:
        while not is_over.is_set():
            attempt(lambda: tell(run))
        connection.close()

    def attempt(act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            told["errors"].append(f"{type(error).__name__}: {error}")

    add(stacks.pop())
    run = Run.objects.select_related("stack__dish", "weights").get()
    worker = threading.Thread(target=keep_telling)
    worker.start()
    for stack in stacks:
        attempt(lambda stack=stack: add(stack))
    is_over.set()
    worker.join()
    print(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]))
