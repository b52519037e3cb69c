"""The demo lab: three rendered dishes, so that a newcomer has something to look at before the first upload."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
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
START_HPI = 3.0
AT_ONCE = 2
"""Renderings side by side; more would take the processors from the page that a newcomer has just opened."""


@dataclass(frozen=True)
class DemoDish:
    """A dish whose embryos develop from hour START_HPI on, and how it is rendered; the same seed draws the same dish."""

    label: str
    seed: int
    layout: str
    frames: int
    interval_minutes: int
    size: tuple[int, int]
    options: Sequence[str] = ()
    is_analysed: bool = True


DISHES = (
    DemoDish("Five days", 33, "3x3", 121, 60, (1280, 960), ("--contents", ",".join(["embryo"] * 6 + ["empty"]))),
    DemoDish(
        "Gas bubbles", 21, "4x4", 48, 60, (640, 460), ("--contents", "embryo,embryo,empty,gas,embryo_gas", "--gas-outside", "--stray")
    ),
    DemoDish("Not yet analysed", 22, "4x3", 61, 120, (1280, 960), is_analysed=False),
)
"""The longest to render comes first."""


def seed_demo() -> list[str]:
    """Fill the demo lab with what it lacks, and give the labels of the dishes that were added, in the order in which they were ready."""
    lab = open_demo_lab()
    known = set(Dish.objects.filter(lab=lab).values_list("label", flat=True))
    added = []
    with tempfile.TemporaryDirectory(prefix="demo-", dir=settings.DATA_DIR) as scratch, ThreadPoolExecutor(AT_ONCE) as pool:
        folders = {dish: Path(scratch, str(dish.seed)) for dish in DISHES if dish.label not in known}
        drawn = {pool.submit(_render, dish, folder): dish for dish, folder in folders.items()}
        for rendering in as_completed(drawn):
            rendering.result()
            _add(lab, drawn[rendering], folders[drawn[rendering]])
            added.append(drawn[rendering].label)
    return added


@transaction.atomic
def open_demo_lab() -> Lab:
    """The demo lab, with every admin of the instance as its admin."""
    lab, _ = Lab.objects.get_or_create(name=LAB, defaults={"is_demo": True})
    for admin in User.objects.filter(is_instance_admin=True):
        Membership.objects.get_or_create(user=admin, lab=lab, defaults={"role": Role.ADMIN})
    return lab


def _add(lab: Lab, dish: DemoDish, folder: Path) -> None:
    for told in folder.glob("*.json"):
        told.unlink()
    stack = take_in_local_file(path=folder, lab=lab, by=this_computer(), name=f"{dish.label}.zip")
    if stack.refusal:
        raise Refused(**stack.refusal)
    actor = actor_in(lab)
    stack = confirm_stack(
        stack=stack,
        patient_code="DEMO-1",
        cycle_label="1",
        dish_label=dish.label,
        hpi_at_first_frame=START_HPI,
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
    times = ["--start-hpi", str(START_HPI), "--interval-minutes", str(dish.interval_minutes)]
    drawn = ["render", "recording", "--developing", "--seed", str(dish.seed), "--out", str(folder), *size, *times, *dish.options]
    command = ["nice", sys.executable, "-m", "detector", *drawn]
    subprocess.run(command, cwd=settings.BASE_DIR, check=True, stdout=subprocess.DEVNULL, timeout=600)
