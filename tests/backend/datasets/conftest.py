"""A lab with labels that were brought in, and recordings that people read and put right."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from PIL import Image

from backend.accounts.actor import Actor, actor_for
from backend.analysis.models import ContentChange, KeyFrame, Placements, Run, Well
from backend.core.files import ContentStore
from backend.datasets.freezing import execute
from backend.datasets.models import DataSet, Freezing
from backend.datasets.services import freeze_data_set, make_data_set
from backend.imaging.models import Cycle, Dish, Patient, Stack
from backend.imaging.services import confirm_stack, take_in_local_file
from backend.labels.models import LabelAnnotation, LabelTask, Picture
from backend.readers.models import Assignment
from backend.registry.models import Weights
from backend.review.models import Correction, Reading
from tests.cast import Cast

FRAMES, WIDTH, HEIGHT = 12, 120, 90
Label = Callable[..., LabelAnnotation]


def drawn(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Any:
    """Grey noise of its own."""
    return np.random.default_rng(seed).integers(0, 255, (height, width), dtype=np.uint8)


@pytest.fixture
def admin(cast: Cast) -> Actor:
    return actor_for(cast.lab_admin)


@pytest.fixture
def picture(cast: Cast, tmp_path: Path) -> Callable[..., Picture]:
    """A picture with bytes of its own, in the content store."""

    def make(seed: int, *, name: str = "", lab: Any = None, kind: str = "png") -> Picture:
        path = tmp_path / f"picture-{seed}.{kind}"
        Image.fromarray(drawn(seed)).save(path)
        facts = {"name": name or path.name, "width": WIDTH, "height": HEIGHT}
        return Picture.objects.get_or_create(lab=lab or cast.lab, sha256=ContentStore().put(path), stack=None, defaults=facts)[0]

    return make


@pytest.fixture
def label(cast: Cast, picture: Callable[..., Picture]) -> Label:
    """One annotation of one picture, as an import writes it."""
    numbers = iter(range(1, 10_000))

    def make(
        seed: int,
        *,
        dish: Any = None,
        phases: Any = None,
        data: Any = None,
        task: LabelTask | None = None,
        of: Picture | None = None,
        **said: Any,
    ) -> LabelAnnotation:
        number = next(numbers)
        if task is None:
            shown = of or picture(seed)
            facts = {"image": f"s3://lab/{shown.name}", **(data or {})}
            task = LabelTask.objects.create(lab=cast.lab, instance="file", external_id=str(number), data=facts, place="x", picture=shown)
        values = {"kind": "annotation", "annotator": "anna@lab.org", "result": [], "written_at": "2026-03-01T10:00:00Z", **said}
        content = hashlib.sha256(str(number).encode()).hexdigest()
        return LabelAnnotation.objects.create(
            task=task, external_id=str(number), content_hash=content, dish=dish, phases=phases, **values
        )  # fmt: skip

    return make


def wells(*contents: str, gas_outside: bool = False, no_wells: bool = False) -> dict[str, Any]:
    """What an annotation says of a dish, side by side."""
    told = [
        {"box_px": [10 + 25 * place, 10, 30 + 25 * place, 30], "content": content, "region": f"r{place}", "row": 0, "column": place}
        for place, content in enumerate(contents)
    ]
    return {"wells": told, "gas_outside": gas_outside, "no_wells": no_wells, "phase": None}


def phase(number: int) -> dict[str, Any]:
    return {"wells": [], "gas_outside": False, "no_wells": False, "phase": str(number)}


@pytest.fixture
def embryos(label: Label) -> list[LabelAnnotation]:
    """Ten embryos with four pictures each, a phase each; embryos of one patient are two."""
    return [
        label(
            number * 10 + shown,
            dish=phase(1 + shown),
            data={"embryo": f"e{number}", "patient": f"P{number // 2}", "frame": shown * 100},
        )
        for number in range(10)
        for shown in range(4)
    ]


@pytest.fixture
def make_set(cast: Cast, admin: Actor) -> Callable[..., DataSet]:
    def make(task: str = "phases", *, name: str = "First", filters: Any = None, steps: Any = None, **split: Any) -> DataSet:
        rule = {"shares": [80, 10, 10], "seed": 1, "keep_given": True, **split}
        said = {"name": name, "task": task, "filters": filters or {}, "steps": steps or {}, "split": rule}
        return make_data_set(actor=admin, lab_id=cast.lab.id, by=cast.lab_admin, **said)

    return make


@pytest.fixture
def frozen(cast: Cast, admin: Actor) -> Callable[[DataSet], DataSet]:
    """Ask for it and let the worker do it."""

    def freeze(row: DataSet) -> DataSet:
        freeze_data_set(actor=admin, data_set_id=row.id, by=cast.lab_admin)
        for freezing in Freezing.objects.filter(dataset=row, state="queued"):
            execute(freezing.id)
        row.refresh_from_db()
        return row

    return freeze


@pytest.fixture
def recording(cast: Cast, tmp_path: Path) -> Callable[..., Stack]:
    """A confirmed recording with its bytes, two wells found by a finished run that follows them a pixel a frame."""

    def make(dish: str = "D1", *, patient: str = "P-1") -> Stack:
        path = tmp_path / f"{dish}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for frame in range(FRAMES):
                file = io.BytesIO()
                Image.fromarray(drawn(hash_of(dish) + frame)).save(file, "PNG")
                archive.writestr(f"{frame:03d}.png", file.getvalue())
        stack = take_in_local_file(path=path, lab=cast.lab, by=cast.embryologist)
        said = {"patient_code": patient, "cycle_label": "C1", "dish_label": dish, "hpi_at_first_frame": 0.0}
        stack = confirm_stack(stack=stack, actor=actor_for(cast.embryologist), by=cast.embryologist, **said)
        follow(stack)
        return stack

    return make


@pytest.fixture
def known(cast: Cast) -> Callable[..., Stack]:
    """Only the rows of such a recording."""

    def make(dish: str = "D1", *, patient: str = "P-1", lab: Any = None) -> Stack:
        lab = lab or cast.lab
        owner, _ = Patient.objects.get_or_create(lab=lab, code=patient)
        cycle, _ = Cycle.objects.get_or_create(patient=owner, label="C1")
        sha256 = hashlib.sha256(dish.encode()).hexdigest()
        row = Dish.objects.create(lab=lab, cycle=cycle, label=dish)
        facts = {"width_px": WIDTH, "height_px": HEIGHT, "frame_count": FRAMES, "planes": [0.0], "sha256": sha256}
        stack = Stack.objects.create(lab=lab, dish=row, name=f"{dish}.zip", state=Stack.State.READY, **facts)
        follow(stack)
        return stack

    return make


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode())


BOXES = {"A1": [10, 10, 40, 40], "A2": [60, 20, 90, 50]}


def follow(stack: Stack) -> None:
    finder, _ = Weights.objects.get_or_create(sha256="0" * 64, defaults={"task": "wells", "state": Weights.State.CHECKED})
    run = Run.objects.create(stack=stack, weights=finder, state=Run.State.FINISHED, layout="1x2")
    found = [{"row": 0, "column": place, "box": box} for place, box in enumerate(BOXES.values())]
    KeyFrame.objects.create(run=run, frame_index=0, wells=found, layout="1x2")
    Placements.objects.create(run=run, first_frame=0, frames=FRAMES, rows=[[1, 0, frame, 0, 1, 0] for frame in range(FRAMES)])
    for place, box in enumerate(BOXES.values()):
        Well.objects.create(run=run, row=0, column=place, box=box, content="embryo", confidence=1)


def emptied(stack: Stack, column: int, frame: int) -> None:
    """The machine saw the embryo leave."""
    said = {"frame_index": frame, "row": 0, "column": column, "content": "empty", "previous": "embryo", "confidence": 1}
    ContentChange.objects.create(run=Run.objects.get(stack=stack), **said)


def read(stack: Stack, reader: Any, place: str = "A1", state: str = "submitted", **onsets: int) -> Reading:
    """One person's reading: the frames at which phases begin."""
    now = timezone.now()
    marked = {name.replace("plus", "+"): {"frame_index": frame, "source": "own"} for name, frame in onsets.items()}
    row, column = ord(place[0]) - ord("A"), int(place[1:]) - 1
    said = {"state": state, "updated_at": now, "submitted_at": now if state == "submitted" else None, "onsets": marked}
    return Reading.objects.create(stack=stack, row=row, column=column, reader=reader, **said)


def correct(stack: Stack, **wells: dict[str, Any]) -> Correction:
    return Correction.objects.create(stack=stack, wells=wells, updated_at=timezone.now())


@pytest.fixture
def is_blind() -> Callable[..., None]:
    """Ask somebody to read an embryo blind."""

    def ask(person: Any, stack: Stack, place: str) -> None:
        row, column = ord(place[0]) - ord("A"), int(place[1:]) - 1
        Assignment.objects.create(stack=stack, row=row, column=column, reader=person, is_blind=True, by=person, by_name=person.name)

    return ask
