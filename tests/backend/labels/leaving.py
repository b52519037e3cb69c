"""What tests of going out need: labels that came in, dishes that were analysed, and archives taken apart again."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rest_framework.test import APIClient

from backend.accounts.actor import actor_for
from backend.accounts.models import Lab, User
from backend.analysis.models import Run
from backend.core.files import ContentStore
from backend.imaging.models import Stack
from backend.labels import importing, services
from backend.labels.models import LabelImport, Picture
from tests.backend.exchange.dishes import analysed
from tests.backend.imaging.pictures import jpeg, zip_of_frames
from tests.backend.review.dish import make_stack
from tests.honesty import REAL_DATA

PRESET = REAL_DATA / "label_studio" / "wow_preset"
SIZE = (384, 275)


def well(number: int, content: Sequence[str] = (), size: tuple[int, int] = SIZE) -> list[dict[str, Any]]:
    """One well in the lab's convention."""
    about = {"id": f"w{number}", "to_name": "image", "original_width": size[0], "original_height": size[1], "image_rotation": 0}
    shape = {"x": 10.0 + 20 * (number % 5), "y": 10.5 + 25 * (number // 5), "radiusX": 8.5, "radiusY": 11.25, "rotation": 0}
    rows = [{**about, "origin": "manual", "type": "ellipselabels", "from_name": "well", "value": {**shape, "ellipselabels": ["Well"]}}]
    if content:
        chosen = {**shape, "choices": list(content)}
        rows.append({**about, "origin": "manual", "type": "choices", "from_name": "content", "value": chosen})
    return rows


def annotation(number: int, result: list[dict[str, Any]], **said: Any) -> dict[str, Any]:
    times = {"created_at": "2026-11-20T10:00:00Z", "updated_at": f"2026-11-20T10:00:{number % 60:02}Z"}
    return {
        "id": number,
        "completed_by": 1,
        "was_cancelled": False,
        "ground_truth": False,
        "lead_time": 4.5,
        **times,
        **said,
        "result": result,
    }


def task(number: int, annotations: list[dict[str, Any]], **said: Any) -> dict[str, Any]:
    data = {"image": f"/data/upload/7/0a1b2c3d-dish-{number}.jpg"}
    return {"id": number, "data": data, "project": 7, "meta": {}, "annotations": annotations, "predictions": [], "drafts": [], **said}


def bring(
    lab: Lab, by: User, tasks: Sequence[dict[str, Any]], *, pictures: Sequence[str] = (), preset: str = "wow", folder: Path
) -> LabelImport:
    """Import these as somebody does on the page: read, looked at, confirmed."""
    file = folder / "labels.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("tasks.json", json.dumps(list(tasks)))
        for number, name in enumerate(pictures):
            archive.writestr(f"images/{name}", jpeg(number, SIZE))
    row = services.take_file(path=file, name="labels.zip", lab=lab, by=by, instance="", preset=preset)
    importing.execute(row.id)
    row.refresh_from_db()
    assert row.state == "previewed", row.error
    services.confirm_import(actor=actor_for(by), row=row, mapping=None, choices={})
    importing.execute(row.id)
    row.refresh_from_db()
    assert row.state == "finished", row.error
    return row


def analysed_stack(lab: Lab, folder: Path, *, label: str = "D1") -> tuple[Stack, Run]:
    """A recording with real bytes and a finished run of nine wells."""
    file = folder / f"{label}.zip"
    file.write_bytes(zip_of_frames(40, (384, 288)))
    stack = make_stack(lab, label, sha256=ContentStore().put(file), format="image-zip", planes=[0.0])
    return stack, analysed(stack)


def frame_of(stack: Stack, frame: int = 0) -> Picture:
    facts = {"lab": stack.lab, "sha256": stack.sha256, "name": "frame.jpg", "width": stack.width_px, "height": stack.height_px}
    return Picture.objects.create(stack=stack, frame_index=frame, plane=stack.default_plane, **facts)


def export_of(client: APIClient, lab: Lab, form: str = "label-studio", **query: Any) -> dict[str, bytes]:
    """The members of an archive, as a browser saves it."""
    answer: Any = client.get(f"/api/labs/{lab.id}/label-exports/{form}.zip", query)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def tasks_in(members: dict[str, bytes]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(members["tasks.json"])
    return told
