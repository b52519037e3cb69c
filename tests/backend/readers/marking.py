"""`python -m tests.backend.readers.marking read` has a machine read a dish of the first lab, and the embryologist asked to read A1 blind.

Prints the dish and the recording; `again STACK` has the machine tell of it once more, `submit STACK` submits the embryologist's reading.
"""

from __future__ import annotations

import json
import sys

import django


def main(what: str, stack_id: str = "") -> None:
    django.setup()
    from backend.accounts.models import Lab, User
    from backend.imaging.models import Cycle, Dish, Patient, Stack
    from backend.readers.models import Assignment
    from backend.registry.models import Weights
    from tests.backend.readers.world import have_it_read_by, have_it_read_by_the_machine

    embryologist = User.objects.get(email="embryologist@example.org")
    weights, _ = Weights.objects.get_or_create(name="w", task="wells", family="yolo", sha256="0" * 64, folder="w", state="checked")
    if what == "submit":
        have_it_read_by(embryologist, Stack.objects.get(id=stack_id), t2=60)
    elif what == "again":
        have_it_read_by_the_machine(Stack.objects.get(id=stack_id), weights)
    else:
        lab = Lab.objects.get(name="North clinic")
        cycle = Cycle.objects.create(patient=Patient.objects.create(lab=lab, code="P"), label="1")
        dish = Dish.objects.create(lab=lab, cycle=cycle, label="D")
        stack = Stack.objects.create(lab=lab, dish=dish, name="r", state=Stack.State.READY, sha256="a" * 64, planes=[0.0])
        Assignment.objects.create(stack=stack, row=0, column=0, reader=embryologist, is_blind=True, by_name="x")
        have_it_read_by_the_machine(stack, weights)
        print(json.dumps({"dish": str(dish.id), "stack": str(stack.id)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
