"""`python -m tests.backend.review.at_once COUNT` lets two editors write so many edits each, at the very same moment, to the same things."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from typing import Any

import django

PLACES = ["A1", "A2", "A3", "A4", "A5"]


def main(count: int) -> None:
    django.setup()
    from django.db import connection

    from backend.accounts.actor import Actor, actor_for
    from backend.accounts.models import Lab, User
    from backend.audit.models import Entry
    from backend.core.versions import ChangedMeanwhile
    from backend.review import correcting, services
    from backend.review.models import Correction, Reading, Verdict
    from backend.review.values import FieldChange
    from tests.backend.review.dish import make_stack

    lab = Lab.objects.get(name="North clinic")
    actors = [actor_for(User.objects.get(name=name)) for name in ("embryologist", "colleague")]
    stack = make_stack(lab, frame_count=10 * count)
    told: dict[str, Any] = {"accepted": 0, "errors": []}
    counted, together = threading.Lock(), threading.Barrier(2)

    def until_accepted(write: Callable[[int], Any]) -> None:
        version = 0
        for _ in range(500):
            try:
                write(version)
            except ChangedMeanwhile:
                version += 1
                continue
            with counted:
                told["accepted"] += 1
            return
        raise TimeoutError("An edit was refused 500 times.")

    def edit(which: int, number: int) -> None:
        """Both windows are one person's at a reading, and two people's at the corrections."""
        frame = 2 * number + which
        for place in PLACES:
            together.wait(timeout=300)
            onset = FieldChange("onsets.t2", {"frame_index": frame, "source": "own"})
            said = {"actor": actors[0], "stack_id": stack.id, "place": place, "changes": [onset]}
            until_accepted(lambda version, said=said: services.change_reading(version=version, **said))
            content = FieldChange(f"wells.{place}.content", [{"from_frame": frame, "content": "gas"}])
            own: dict[str, Actor | Any] = {"actor": actors[which], "stack_id": stack.id, "changes": [content]}
            until_accepted(lambda version, own=own: correcting.change_corrections(version=version, **own))

    def work(which: int) -> None:
        try:
            for number in range(count):
                edit(which, number)
        except Exception as error:
            told["errors"].append(f"{type(error).__name__}: {error}")
            together.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = list(Verdict.objects.order_by("id").values_list("reading", "field", "before", "after"))
    chains: dict[tuple[Any, str], list[tuple[Any, Any]]] = {}
    for reading, name, before, after in history:
        chains.setdefault((reading, name), []).append((before, after))
    told["verdicts"] = len(history)
    told["audited"] = Entry.objects.filter(action__in=["reading.changed", "correction.changed"]).count()
    told["versions"] = {
        "readings": list(Reading.objects.values_list("version", flat=True)),
        "corrections": list(Correction.objects.values_list("version", flat=True)),
    }
    told["broken_chains"] = [
        name for (_, name), chain in chains.items() if [one for one, _ in chain] != [None, *(two for _, two in chain)][: len(chain)]
    ]
    print(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]))
