"""The demo lab: three rendered dishes, so that a newcomer has something to look at before the first upload."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from backend.accounts.models import Lab, Membership, Role, User
from backend.analysis.services import request_run
from backend.config.local import actor_in, this_computer
from backend.core.errors import Refused
from backend.imaging.models import Dish
from backend.imaging.services import confirm_stack, take_in_local_file

LAB = "Demo"


@dataclass(frozen=True)
class DemoDish:
    """A dish and how it is rendered; the same seed draws the same dish."""

    label: str
    seed: int
    layout: str
    options: Sequence[str] = ()
    is_analysed: bool = True
    frames: int = 32
    size: tuple[int, int] = (640, 460)


DISHES = (
    DemoDish("Quiet dish", 25, "3x3"),
    DemoDish("Gas bubbles", 21, "4x4", ("--contents", "embryo,embryo,empty,gas,embryo_gas", "--gas-outside", "--stray")),
    DemoDish("Not yet analysed", 22, "4x3", is_analysed=False),
)


def seed_demo() -> list[str]:
    """Fill the demo lab with what it lacks, and give the labels of the dishes that were added."""
    lab = open_demo_lab()
    known = set(Dish.objects.filter(lab=lab).values_list("label", flat=True))
    wanted = [dish for dish in DISHES if dish.label not in known]
    for dish in wanted:
        with tempfile.TemporaryDirectory(prefix="demo-", dir=settings.DATA_DIR) as folder:
            _add(lab, dish, Path(folder))
    return [dish.label for dish in wanted]


@transaction.atomic
def open_demo_lab() -> Lab:
    """The demo lab, with every admin of the instance as its admin."""
    lab, _ = Lab.objects.get_or_create(name=LAB, defaults={"is_demo": True})
    for admin in User.objects.filter(is_instance_admin=True):
        Membership.objects.get_or_create(user=admin, lab=lab, defaults={"role": Role.ADMIN})
    return lab


def _add(lab: Lab, dish: DemoDish, folder: Path) -> None:
    _render(dish, folder)
    (folder / "truth.json").unlink(missing_ok=True)
    stack = take_in_local_file(path=folder, lab=lab, by=this_computer(), name=f"{dish.label}.zip")
    if stack.refusal:
        raise Refused(**stack.refusal)
    actor = actor_in(lab)
    stack = confirm_stack(
        stack=stack,
        patient_code="DEMO-1",
        cycle_label="1",
        dish_label=dish.label,
        hpi_at_first_frame=1.0,
        layout=dish.layout,
        actor=actor,
        by=actor.user,
    )
    if dish.is_analysed:
        request_run(stack=stack, by=actor.user, actor=actor)


def _render(dish: DemoDish, folder: Path) -> None:
    """In a process of its own: this one is not to load the renderer."""
    width, height = dish.size
    size = ["--width", str(width), "--height", str(height), "--layout", dish.layout, "--frames", str(dish.frames)]
    times = ["--interval-minutes", "30"]
    command = ["nice", sys.executable, "-m", "detector", "render", "recording", "--seed", str(dish.seed), "--out", str(folder)]
    subprocess.run([*command, *size, *times, *dish.options], cwd=settings.BASE_DIR, check=True, stdout=subprocess.DEVNULL, timeout=300)
