"""A frozen data set to take elsewhere: pictures and labels in one ZIP, written while it is sent."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import Actor
from backend.accounts.models import Role
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.files import ContentStore
from backend.datasets.models import DataSet, DataSetItem
from backend.datasets.pictures import Shown, png_of, shown_of
from backend.datasets.selectors import data_set_visible_to, items_visible_to
from backend.datasets.values import CONTENTS, GAS_OUTSIDE, PHASE_CLASSES
from backend.imaging.decoding import DecodingRefused
from backend.imaging.names import attachment

Form = Literal["yolo", "coco", "csv"]
BLOCK_BYTES = 256 * 1024
ROWS_AT_ONCE = 500
SUFFIXES = ((b"\xff\xd8", "jpg"), (b"\x89PNG", "png"), (b"II*\0", "tif"), (b"MM\0*", "tif"))
COLUMNS = ("file", "split", "width_px", "height_px", "patient", "dish", "embryo", "place", "frame", "annotator", "labelled_at")
WELL_COLUMNS = ("row", "column", "content", "x0", "y0", "x1", "y1")
ANY_TIME = (1980, 1, 1, 0, 0, 0)
"""Equal data sets make equal archives."""


@dataclass(frozen=True)
class Export:
    """The archive's bytes as they come, and the name it is saved under."""

    pieces: Iterator[bytes]
    disposition: str


@dataclass(frozen=True)
class Named:
    """An item under the name its picture has outside."""

    item: DataSetItem
    name: str


def export_data_set(*, actor: Actor, data_set_id: UUID, form: Form) -> Export:
    """What the actor may see of a frozen data set, and one row of the record that says what left the product."""
    row = data_set_visible_to(actor, data_set_id)
    actor.require(row.lab_id, Role.EMBRYOLOGIST, only_to_read=True)
    if row.state != DataSet.State.FROZEN:
        raise Refused("data_set_not_frozen", f"The data set is {row.get_state_display()}.", "Freeze it first.", http_status=409)
    items = items_visible_to(actor, row)
    if form == "yolo" and row.task != DataSet.Task.WELLS:
        raise Refused("wrong_form", "Phases have no boxes, so YOLO cannot say them.", "Export it as CSV or COCO.", http_status=409)
    with transaction.atomic():
        after = {"form": form, "hash": row.hash, "items": items.count()}
        record(actor=actor.user, lab_id=row.lab_id, action="data_set.exported", subject=f"data_set {row.id}", after=after)
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", row.name).strip("-.") or "data-set"
    whole = re.sub(r"[/\\]", "-", row.name)
    members = _members(row, lambda: items.select_related("picture", "stack").defer("stack__hours_since_start").iterator(ROWS_AT_ONCE), form)
    return Export(_zipped(members), attachment(f"{whole}-{form}.zip", f"{plain[:60]}-{form}.zip"))


Items = Callable[[], Iterator[DataSetItem]]
Members = Iterator[tuple[str, Iterator[bytes]]]


def _members(row: DataSet, items: Items, form: Form) -> Members:
    """Pictures first, then what is said of them; a picture that cannot be read any more is left out and named."""
    missing: list[str] = []
    names: dict[int, str] = {}
    for item in items():
        content, suffix = _picture(item)
        name = f"{item.number:06d}.{suffix}"
        if content is None:
            missing.append(name)
            continue
        names[item.number] = name
        yield f"images/{name}", content

    def named() -> Iterator[Named]:
        return (Named(item, names[item.number]) for item in items() if item.number in names)

    yield from _labels(row, named, form)
    about = {
        "name": row.name, "task": row.task, "hash": row.hash, "frozen_at": row.frozen_at and row.frozen_at.isoformat(),
        "filters": row.filters, "split": row.split, "steps": row.steps, "counts": row.counts, "left_out": missing,
        "note": "Pictures are as they were brought in, before any step.",
    }  # fmt: skip
    yield "about.json", iter([json.dumps(about, ensure_ascii=False, indent=1).encode()])
    for split in DataSetItem.Split.values:
        yield f"{split}.txt", (f"images/{one.name}\n".encode() for one in named() if one.item.split == split)


def _labels(row: DataSet, named: Callable[[], Iterator[Named]], form: Form) -> Members:
    if form == "csv":
        yield "labels.csv", _table(row.task, named())
        return
    # Loaded where they are used: masks, which our items have none of, would bring numpy into the web process.
    from backend.labels.formats.writing.values import Mark, MarkedPicture

    def marked() -> Iterator[MarkedPicture]:
        for one in named():
            label, size = one.item.label, (one.item.width_px, one.item.height_px)
            marks = [Mark(well["content"], _four(well["box"])) for well in label.get("wells", ())]
            if "phase" in label:
                # Of one embryo's picture all of it is the embryo.
                marks = [Mark(str(label["phase"]), (0.0, 0.0, float(size[0]), float(size[1])))]
            marks += [Mark(GAS_OUTSIDE, (0.0, 0.0, float(size[0]), float(size[1])))] if label.get("gas_outside") and form == "coco" else []
            yield MarkedPicture(one.name, *size, tuple(marks))

    classes = (*CONTENTS, GAS_OUTSIDE) if row.task == DataSet.Task.WELLS and form == "coco" else CONTENTS
    classes = classes if row.task == DataSet.Task.WELLS else PHASE_CLASSES
    if form == "yolo":
        from backend.labels.formats.writing.yolo import YoloWriter

        yield from YoloWriter(classes).members(marked())
        lines = [f"{split if split != 'validation' else 'val'}: {split}.txt" for split in DataSetItem.Split.values]
        names = [f"  {number}: {name}" for number, name in enumerate(classes)]
        yield "data.yaml", iter(["\n".join(["path: .", *lines, "names:", *names, ""]).encode()])
    else:
        from backend.labels.formats.writing.coco import CocoWriter

        yield "result.json", CocoWriter(classes).content(marked())


def _table(task: str, named: Iterator[Named]) -> Iterator[bytes]:
    """One line a well, or one line a picture of an embryo; a dish without wells has one line without a well."""
    extra = WELL_COLUMNS if task == DataSet.Task.WELLS else ("phase", "in_two_phases")
    yield _line([*COLUMNS, *extra])
    for one in named:
        item, label = one.item, one.item.label
        at = item.labelled_at.isoformat() if item.labelled_at else ""
        frame = label.get("frame", item.frame_index)
        head = [f"images/{one.name}", item.split, item.width_px, item.height_px, item.patient, item.dish, item.embryo, item.place, frame]
        head += [item.annotator, at]
        if task == DataSet.Task.PHASES:
            yield _line([*head, label["phase"], int(bool(label.get("in_two_phases")))])
            continue
        wells = [[well["row"], well["column"], well["content"], *well["box"]] for well in label.get("wells", ())]
        for well in wells or [[None] * len(WELL_COLUMNS)]:
            yield _line([*head, *well])


def _line(values: list[Any]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerow(["" if value is None else _safe(value) for value in values])
    return written.getvalue().encode()


def _safe(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula says that it is text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _four(box: list[float]) -> tuple[float, float, float, float]:
    return float(box[0]), float(box[1]), float(box[2]), float(box[3])


def _picture(item: DataSetItem) -> tuple[Iterator[bytes] | None, str]:
    """The original file where the item is one, a lossless PNG of our own where it is a part of a recording."""
    try:
        if item.picture is not None and item.picture.stack_id is None:
            path = ContentStore().path_of(item.picture.sha256)
            with path.open("rb") as file:
                head = file.read(4)
            suffix = next((suffix for start, suffix in SUFFIXES if head.startswith(start)), "png")
            return _blocks(str(path)), suffix
        return iter([png_of(shown_item(item))]), "png"
    except (FileNotFoundError, DecodingRefused):
        return None, "png"


def shown_item(item: DataSetItem) -> Shown:
    """The item's picture as a decoder finds it."""
    if item.picture is not None:
        return shown_of(item.picture)
    assert item.stack is not None  # noqa: S101 - a constraint of the table
    cut = None if item.cut is None else _four(item.cut)
    return Shown(item.stack.sha256, str(item.stack.lab_id), item.stack.name, item.frame_index or 0, item.plane, cut)


def _blocks(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


class _Tap(io.RawIOBase):
    """Hands on what the archive writes instead of keeping it."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.waiting.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        taken, self.waiting = b"".join(self.waiting), []
        return taken


def _zipped(members: Members) -> Iterator[bytes]:
    """Stored, not deflated: pictures are compressed already."""
    tap = _Tap()
    with zipfile.ZipFile(tap, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, content in members:
            with archive.open(zipfile.ZipInfo(name, ANY_TIME), "w", force_zip64=True) as member:
                for block in content:
                    member.write(block)
                    if tap.waiting:
                        yield tap.taken()
            yield tap.taken()
    yield tap.taken()


async def beside_the_loop(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same, made in a thread piece by piece."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
