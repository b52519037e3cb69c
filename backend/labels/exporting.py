"""Writes labels into an archive while it is sent, and into the record who took them away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from django.db import transaction

from backend.accounts.actor import Actor
from backend.accounts.models import Role
from backend.audit.services import record
from backend.core.errors import Refused
from backend.imaging.decoding import DecodingRefused
from backend.imaging.frames import Picture, jpeg_of
from backend.labels.formats.values import Remark, Task
from backend.labels.formats.writing import table, timeline, wow
from backend.labels.formats.writing.coco import CocoWriter
from backend.labels.formats.writing.config import ConfigBuilder
from backend.labels.formats.writing.label_studio import tasks_as_json
from backend.labels.formats.writing.naming import Names
from backend.labels.formats.writing.values import MarkedPicture, Member
from backend.labels.formats.writing.yolo import YoloWriter
from backend.labels.marks import CONTENTS, marked, wells_table
from backend.labels.outgoing import Asked, Going, PictureSource
from backend.labels.zipping import zipped
from backend.review.values import PHASES

Form = Literal["label-studio", "yolo", "coco", "csv"]
WELL_COLUMNS = ("task", "picture", "annotator", "well", "content", "x0", "y0", "x1", "y1", "source")


@dataclass(frozen=True)
class Export:
    """An archive to be saved; its bytes are made as they are fetched."""

    name: str
    blocks: Iterator[bytes]


@dataclass
class _Archive:
    """What one archive holds, and what became known while it was written."""

    going: Going
    with_pictures: bool
    names: Names = field(default_factory=Names)
    remarks: list[Remark] = field(default_factory=list)
    _seen: dict[PictureSource, str] = field(default_factory=dict)

    def name_of(self, source: PictureSource) -> str:
        """Under which the picture lies in the archive; always a JPEG, because it is rendered anew."""
        name = self.names.of(source, source.name, ".jpg")
        self._seen[source] = name
        return name

    def tasks(self, learn: Callable[[Task], None] = lambda _: None) -> Iterator[Task]:
        for one in self.going:
            if one.picture is not None:
                self.name_of(one.picture)
            learn(one.task)
            yield one.task

    def pictures(self) -> Iterator[Member]:
        """The pictures of everything that was named so far; one that cannot be rendered is left out and said."""
        for source, name in self._seen.items() if self.with_pictures else ():
            jpeg = self._jpeg(source, name)
            if jpeg is not None:
                yield f"images/{name}", iter([jpeg])

    def told(self) -> Iterator[Member]:
        """What was left out and why, where anything was."""
        if self.remarks:
            rows = ({"place": one.place, "code": one.code, "detail": one.detail} for one in self.remarks)
            yield "remarks.csv", table.rows_as_csv(("place", "code", "detail"), rows)

    def _jpeg(self, source: PictureSource, name: str) -> bytes | None:
        picture = Picture(source.sha256, source.frame, source.plane, 0)
        try:
            return jpeg_of(picture, owner=str(self.going.lab.id), name=source.name)
        except (DecodingRefused, FileNotFoundError) as problem:
            self.remarks.append(Remark(name, "picture_left_out", f"The picture cannot be read: {problem}"))
            return None


def export_labels(*, actor: Actor, lab_id: UUID, form: Form, asked: Asked, pictures: bool) -> Export:
    """Begin an archive of what the actor may see, after one row of the record says what leaves the product."""
    going = _going(actor, lab_id, asked)
    if asked.source == "onsets" and form in ("yolo", "coco"):
        raise Refused(
            "no_boxes_in_onsets",
            f"Onsets are spans of time; {form.upper()} holds boxes in pictures only.",
            "Take them out for Label Studio or as CSV.",
        )
    with transaction.atomic():
        record(
            actor=actor.user,
            lab_id=going.lab.id,
            action="labels.exported",
            subject=f"lab {going.lab.id}",
            after={
                "form": form,
                "source": asked.source,
                "tasks": going.count(),
                "withheld": going.withheld,
                "pictures": pictures,
                "annotators": asked.names_annotators,
                "imports": [str(key) for key in asked.imports],
                "dishes": [str(key) for key in asked.dishes],
            },
        )
    archive = _Archive(going, pictures and asked.source != "onsets")
    return Export(f"labels-{asked.source}-{form}.zip", zipped(_MEMBERS[form](archive)))


def counts_of(*, actor: Actor, lab_id: UUID, asked: Asked) -> dict[str, int]:
    """What an export would hold, without making it."""
    going = _going(actor, lab_id, asked)
    return {"tasks": going.count(), "withheld": going.withheld}


def _going(actor: Actor, lab_id: UUID, asked: Asked) -> Going:
    # As with data sets: what leaves the product in bulk leaves by those who make labels themselves.
    return Going(actor, actor.require(lab_id, Role.EMBRYOLOGIST, only_to_read=True), asked)


def _label_studio(archive: _Archive) -> Iterator[Member]:
    builder = ConfigBuilder()
    yield "tasks.json", tasks_as_json(archive.tasks(builder.add))
    own = {"dishes": wow.config(), "onsets": timeline.config(PHASES)}
    yield "config.xml", iter([own.get(archive.going.asked.source, builder.xml()).encode()])
    for kind, count in builder.unknown.items():
        detail = f"{count} results of the type {kind or 'nothing'} are in tasks.json, and no control in config.xml offers that type."
        archive.remarks.append(Remark("config.xml", "type_unknown", detail))
    yield from archive.pictures()
    yield from archive.told()


def _marked(archive: _Archive) -> Iterator[MarkedPicture]:
    """Pictures with what is marked in them; a task that shows none, or that nobody has looked at, is left out and said."""
    for one in archive.going:
        if one.picture is None:
            archive.remarks.append(Remark(one.task.place, "no_picture", "The picture is not here, so its size is not known."))
        elif one.frame is None and one.said is None:
            archive.remarks.append(
                Remark(one.task.place, "unlabelled", "Nobody has labelled this; left out, because no label is not an empty one.")
            )
        else:
            several = sum(said.kind == "annotation" and not said.was_cancelled for said in one.task.annotations)
            if one.said is not None and several > 1:
                detail = f"{several} annotations; the one marked as true, else the latest, went out."
                archive.remarks.append(Remark(one.task.place, "several_annotations", detail))
            yield replace(marked(one, archive.remarks), name=archive.name_of(one.picture))


def _yolo(archive: _Archive) -> Iterator[Member]:
    writer = YoloWriter(CONTENTS)
    yield from writer.members(_marked(archive))
    yield from archive.pictures()
    archive.remarks += writer.remarks
    yield from archive.told()


def _coco(archive: _Archive) -> Iterator[Member]:
    writer = CocoWriter(CONTENTS)
    yield "result.json", writer.content(_marked(archive))
    yield from archive.pictures()
    archive.remarks += writer.remarks
    yield from archive.told()


def _csv(archive: _Archive) -> Iterator[Member]:
    columns = table.columns_of(archive.tasks())
    yield "annotations.csv", table.annotations_as_csv(archive.tasks(), columns)
    if archive.going.asked.source == "onsets":
        phases = ("patient", "cycle", "dish", "embryo", "kind", "phase", "first_frame", "last_frame", "source")
        yield "phases.csv", table.rows_as_csv(phases, _phase_rows(archive.tasks()))
    else:
        yield "wells.csv", table.rows_as_csv(WELL_COLUMNS, wells_table(archive.going))
    yield from archive.pictures()
    yield from archive.told()


def _phase_rows(tasks: Iterable[Task]) -> Iterator[dict[str, table.Cell]]:
    for task in tasks:
        about: dict[str, table.Cell] = {key: task.data.get(key) for key in ("patient", "cycle", "dish", "embryo")}
        for said in task.annotations:
            for one in said.result:
                for span in one["value"].get("ranges", ()):
                    frames: dict[str, table.Cell] = {"first_frame": span["start"], "last_frame": span["end"]}
                    phase = one["value"]["timelinelabels"][0]
                    yield about | frames | {"kind": said.kind, "phase": phase, "source": one["origin"]}


_MEMBERS: dict[Form, Callable[[_Archive], Iterator[Member]]] = {
    "label-studio": _label_studio,
    "yolo": _yolo,
    "coco": _coco,
    "csv": _csv,
}
