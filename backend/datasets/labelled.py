"""Imported labels as candidates for a data set: of each picture the one that counts, of each annotator the latest."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from backend.core.concealment import Hidden
from backend.datasets.coarse import coarse_of
from backend.datasets.values import CONTENTS, GAS_OUTSIDE, NO_WELLS, Box, Candidate, Filters, Task, given_split
from backend.labels.formats.references import picture_reference
from backend.labels.models import LabelAnnotation, Picture

BEGINNING = datetime.min.replace(tzinfo=UTC)
ROWS_AT_ONCE = 500
TELLING = ("local", "cloud", "path", "web")
"""Ways of naming a picture whose folders somebody made."""


def annotations_of(lab_id: UUID, filters: Filters) -> QuerySet[LabelAnnotation]:
    """What people said of pictures that are here; cancelled ones, drafts and machines' predictions are no labels."""
    rows = LabelAnnotation.objects.filter(
        task__lab_id=lab_id, task__picture__isnull=False, kind=LabelAnnotation.Kind.ANNOTATION, is_current=True, was_cancelled=False
    )
    if filters.annotators:
        rows = rows.filter(annotator__in=filters.annotators)
    if filters.imports:
        rows = rows.filter(Q(imported_by_id__in=filters.imports) | Q(task__brought_by_id__in=filters.imports))
    if filters.ground_truth_only:
        rows = rows.filter(ground_truth=True)
    if filters.dishes:
        rows = rows.filter(task__picture__stack__dish_id__in=filters.dishes)
    return rows.select_related("task__picture__stack__dish__cycle__patient").defer(
        "result", "extra", "task__extra", "task__picture__stack__hours_since_start"
    )


def labelled(lab_id: UUID, task: Task, filters: Filters, hidden: Mapping[UUID, Hidden]) -> Iterator[Candidate]:
    """One candidate a picture, from the lab's imported labels; whatever is about a recording one is blind for is left out."""
    by_picture: defaultdict[UUID, list[Candidate]] = defaultdict(list)
    rows = annotations_of(lab_id, filters).order_by("task_id", "number", "id").iterator(chunk_size=ROWS_AT_ONCE)
    for annotation in rows:
        picture = annotation.task.picture
        if picture is None or (picture.stack_id is not None and hidden.get(picture.stack_id)):
            continue
        candidate = _candidate(annotation, picture, task)
        is_wanted = candidate is not None and (not filters.patients or candidate.patient in filters.patients)
        if candidate is not None and is_wanted and filters.take(candidate.labelled_at):
            by_picture[picture.id].append(candidate)
    for candidates in by_picture.values():
        yield _counting(candidates, task)


def _counting(candidates: list[Candidate], task: Task) -> Candidate:
    """Ground truth before the rest, then the latest; a picture that got two phases says so."""
    best = max(candidates, key=lambda one: (one.is_ground_truth, one.labelled_at or BEGINNING, one.source["annotations"]))
    phases = {candidate.label.get("phase") for candidate in candidates}
    if task == "phases" and len(phases) > 1 and not best.is_ground_truth:
        sources = sorted(key for candidate in candidates for key in candidate.source["annotations"])
        return _with(best, label={**best.label, "in_two_phases": True}, source={"annotations": sources})
    return best


def _with(candidate: Candidate, **changed: Any) -> Candidate:
    return Candidate(**{**candidate.__dict__, **changed})


def _candidate(annotation: LabelAnnotation, picture: Picture, task: Task) -> Candidate | None:
    data = {str(key).lower(): value for key, value in annotation.task.data.items()}
    label = _wells(annotation.dish, picture) if task == "wells" else _phase(annotation, picture, data)
    if label is None:
        return None
    patient, dish, embryo = _owners(picture, data, task)
    return Candidate(
        content_key=picture.sha256 if picture.stack_id is None else frame_key(picture.sha256, picture.frame_index, picture.plane or 0),
        label=label,
        classes=classes_of(label),
        width_px=picture.width,
        height_px=picture.height,
        picture_id=picture.id,
        stack_id=picture.stack_id,
        frame_index=picture.frame_index,
        plane=picture.plane or 0,
        patient=patient,
        dish=dish,
        embryo=embryo,
        annotator=annotation.annotator,
        labelled_at=_time(annotation.written_at) or _time(annotation.written_first_at) or annotation.created_at,
        is_ground_truth=annotation.ground_truth,
        given_split=given_split(data.get("split", "")),
        source={"annotations": [str(annotation.id)]},
    )


def classes_of(label: Mapping[str, Any]) -> tuple[str, ...]:
    """What of a label is counted: contents once for each well, or the phase."""
    if "phase" in label:
        return (str(label["phase"]),)
    classes = [str(well["content"]) for well in label.get("wells", ())]
    classes += [GAS_OUTSIDE] if label.get("gas_outside") else []
    classes += [NO_WELLS] if label.get("no_wells") else []
    return tuple(classes)


def frame_key(sha256: str, frame: int | None, plane: int, cut: Box | None = None) -> str:
    """Names one frame of a recording, or a cut of it, as the hash of its bytes would."""
    named = f"{sha256}|{frame}|{plane}|{'' if cut is None else ','.join(f'{side:g}' for side in cut)}"
    return hashlib.sha256(named.encode()).hexdigest()


def _wells(dish: Any, picture: Picture) -> dict[str, Any] | None:
    """The wells that are at least partly within the picture; None where nothing was said of wells."""
    if not isinstance(dish, dict):
        return None
    wells = []
    for said in dish.get("wells") or ():
        box = _within(said["box_px"], picture.width, picture.height)
        if box is not None and said.get("content") in CONTENTS:
            wells.append({"box": box, "content": said["content"], "row": said.get("row"), "column": said.get("column")})
    no_wells = bool(dish.get("no_wells"))
    if not wells and not no_wells:
        return None
    return {"wells": wells, "gas_outside": bool(dish.get("gas_outside")), "no_wells": no_wells and not wells}


def _within(box: Iterable[float], width: int, height: int) -> list[float] | None:
    x0, y0, x1, y1 = (float(side) for side in box)
    cut = [round(max(x0, 0.0), 2), round(max(y0, 0.0), 2), round(min(x1, width), 2), round(min(y1, height), 2)]
    return cut if cut[0] < cut[2] and cut[1] < cut[3] else None


def _phase(annotation: LabelAnnotation, picture: Picture, data: Mapping[str, Any]) -> dict[str, Any] | None:
    said = annotation.dish.get("phase") if isinstance(annotation.dish, dict) else None
    number, coarse = _frame_number(picture, data), coarse_of(said)
    phases = set() if coarse is None else {coarse}
    if not phases:
        # A range counts frames from 1.
        phases = {
            coarse
            for one in annotation.phases or ()
            if (one.get("first_frame") or 1) <= number + 1 <= (one.get("last_frame") or number + 1)
            and (coarse := coarse_of(one.get("phase"))) is not None
        }
    if not phases:
        return None
    label: dict[str, Any] = {"phase": min(phases), "frame": number}
    return {**label, "in_two_phases": True} if len(phases) > 1 or _is_yes(data.get("in_two_phases")) else label


def _is_yes(said: object) -> bool:
    return str(said).strip().lower() in {"1", "true", "yes"}


def _frame_number(picture: Picture, data: Mapping[str, Any]) -> int:
    if picture.frame_index is not None:
        return picture.frame_index
    said = str(data.get("frame", ""))
    digits = [said] if said.isdecimal() else re.findall(r"\d+", PurePosixPath(picture.name).stem)
    return int(digits[-1][:9]) if digits else 0


def _owners(picture: Picture, data: Mapping[str, Any], task: Task) -> tuple[str, str, str]:
    """Whose picture this is, as far as anybody says: the recording's dish, else what the import's own columns name."""
    patient, dish, embryo = (str(data.get(name) or "").strip()[:100] for name in ("patient", "dish", "embryo"))
    stack = picture.stack
    if stack is not None and stack.dish is not None:
        patient = stack.dish.cycle.patient.code
        dish = f"{patient} {stack.dish.cycle.label} {stack.dish.label}"
        return patient, dish, f"{dish} {embryo}" if embryo else ""
    if task == "phases" and not embryo:
        # Pictures of one embryo lie in one folder, which is all that tells of it where no column does; Label Studio's own is a project's.
        reference = picture_reference(dict(data))
        embryo = PurePosixPath(reference.full_path).parent.name if reference is not None and reference.scheme in TELLING else ""
    dish = f"{patient} {dish}" if patient and dish else dish
    return patient, dish, f"{dish} {embryo}" if dish and embryo else embryo


def _time(said: str) -> datetime | None:
    try:
        at = parse_datetime(said)
    except ValueError:
        return None
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=UTC)
