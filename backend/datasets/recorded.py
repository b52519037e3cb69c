"""What people of the lab said of recordings as candidates for a data set: submitted readings and corrected dishes, nothing a machine said.

Only where a well lies may come from the machine: the place is what a person looked at, not what they said of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from backend.core.concealment import Hidden
from backend.datasets.coarse import coarse_of
from backend.datasets.labelled import classes_of, frame_key
from backend.datasets.values import Candidate, Filters, Task
from backend.datasets.where import Followed, square
from backend.imaging.models import Stack
from backend.review.machine import latest_finished
from backend.review.models import Correction, Reading, Verdict
from backend.review.values import PHASES

LATEST_COARSE = 4


def recorded(lab_id: UUID, task: Task, filters: Filters, hidden: Mapping[UUID, Hidden]) -> Iterator[Candidate]:
    """From the confirmed recordings of a lab; places that one is blind for are left out."""
    if filters.imports:
        return
    stacks = Stack.objects.filter(lab_id=lab_id, state=Stack.State.READY).select_related("dish__cycle__patient").defer("hours_since_start")
    if filters.dishes:
        stacks = stacks.filter(dish_id__in=filters.dishes)
    if filters.patients:
        stacks = stacks.filter(dish__cycle__patient__code__in=filters.patients)
    corrected, read = Correction.objects.filter(stack__lab_id=lab_id), Reading.objects.filter(stack__lab_id=lab_id)
    about = set(corrected.values_list("stack_id", flat=True) if task == "wells" else read.values_list("stack_id", flat=True))
    stacks = stacks.filter(id__in=about).order_by("created_at", "id")
    for stack in stacks:
        run = latest_finished([stack.id]).get(stack.id)
        followed = Followed(run) if run is not None else None
        plane = run.plane if run is not None else stack.default_plane
        if task == "wells":
            if not hidden.get(stack.id):
                yield from _dish(stack, plane, followed, filters)
        elif followed is not None:
            yield from _embryos(stack, plane, followed, filters, hidden.get(stack.id))


def _dish(stack: Stack, plane: int, followed: Followed | None, filters: Filters) -> Iterator[Candidate]:
    """The frames at which a person said something of a well, where by then they had said of every well what it holds."""
    correction = Correction.objects.filter(stack=stack).first()
    if correction is None or filters.ground_truth_only:
        return
    wells = {place: well for place, well in correction.wells.items() if not well.get("is_removed")}
    removed = {place for place, well in correction.wells.items() if well.get("is_removed")}
    by = list(
        Verdict.objects.filter(stack=stack, reading=None, field__startswith="wells.").order_by("-id").values_list("by_name", "at")[:1]
    )
    annotator, at = by[0] if by else ("", correction.updated_at)
    if not _is_wanted(annotator, at, filters):
        return
    frames = {one["from_frame"] for well in wells.values() for one in well.get("content", ())}
    frames |= {well["box"]["frame_index"] for well in wells.values() if well.get("box")}
    patient, dish = _owners(stack)
    unusable = [tuple(span) for span in correction.unusable]
    for frame in sorted(frames):
        if frame >= stack.frame_count or any(first <= frame <= last for first, last in unusable):
            continue
        places = ((followed.places(frame) if followed else set()) | set(wells)) - removed
        label = _wells_at(frame, sorted(places), wells, followed)
        if label is None:
            continue
        yield Candidate(
            content_key=frame_key(stack.sha256, frame, plane),
            label=label,
            classes=classes_of(label),
            width_px=stack.width_px,
            height_px=stack.height_px,
            stack_id=stack.id,
            frame_index=frame,
            plane=plane,
            annotator=annotator,
            labelled_at=at,
            source={"corrections": [str(correction.id)]},
            patient=patient,
            dish=dish,
        )


def _wells_at(frame: int, places: Sequence[str], wells: Mapping[str, Any], followed: Followed | None) -> dict[str, Any] | None:
    """None where a well's content was not said by a person, or its place is not known in this frame."""
    found = []
    for place in places:
        said = wells.get(place, {})
        contents = [one["content"] for one in said.get("content", ()) if one["from_frame"] <= frame]
        own = said.get("box")
        box = own["box"] if own and own["frame_index"] == frame else followed.box(place, frame) if followed else None
        if not contents or box is None:
            return None
        found.append({"box": list(box), "content": contents[-1], "row": ord(place[0]) - ord("A"), "column": int(place[1:]) - 1})
    return {"wells": found, "gas_outside": False, "no_wells": False} if found else None


def _embryos(stack: Stack, plane: int, followed: Followed, filters: Filters, hidden: Hidden | None) -> Iterator[Candidate]:
    """Frames between two onsets that a person marked, of every embryo; of several readers the one who submitted last."""
    if filters.ground_truth_only:
        return
    patient, dish = _owners(stack)
    latest: dict[str, Reading] = {}
    submitted = Reading.objects.filter(stack=stack, state=Reading.State.SUBMITTED).select_related("reader")
    for reading in submitted.order_by("submitted_at", "id"):
        if (hidden is None or reading.place not in hidden) and _is_wanted(reading.reader.name, reading.submitted_at, filters):
            latest[reading.place] = reading
    for place, reading in sorted(latest.items()):
        for coarse, spans in sorted(spans_of(reading.onsets, stack.frame_count).items()):
            frames = [frame for first, until in spans for frame in _while_there(first, until, place, followed) if followed.is_usable(frame)]
            for frame in _spread(frames, filters.frames_a_phase):
                box = followed.box(place, frame)
                cut = square(box, stack.width_px, stack.height_px) if box is not None else None
                if cut is None:
                    continue
                label = {"phase": coarse, "frame": frame}
                yield Candidate(
                    content_key=frame_key(stack.sha256, frame, plane, cut),
                    label=label,
                    classes=classes_of(label),
                    width_px=round(cut[2] - cut[0]),
                    height_px=round(cut[3] - cut[1]),
                    stack_id=stack.id,
                    frame_index=frame,
                    plane=plane,
                    place=place,
                    cut=cut,
                    patient=patient,
                    dish=dish,
                    embryo=f"{dish} {place}",
                    annotator=reading.reader.name,
                    labelled_at=reading.submitted_at,
                    source={"readings": [str(reading.id)]},
                )


def spans_of(onsets: Mapping[str, Any], frames: int) -> dict[int, list[tuple[int, int]]]:
    """By coarse phase the frames [first, until) that can be nothing else: between two marked onsets of it, or of it and the very next.

    After an onset of the last coarse phase nothing else can come, so that one lasts to the end.
    """
    marked = [(PHASES.index(phase), said["frame_index"]) for phase, said in onsets.items() if phase in PHASES and "frame_index" in said]
    marked.sort()
    spans: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for (phase, first), (following, until) in pairwise(marked):
        coarse = coarse_of(PHASES[phase])
        if coarse is not None and first < until and coarse == coarse_of(PHASES[following - 1]):
            spans[coarse].append((first, until))
    if marked and coarse_of(PHASES[marked[-1][0]]) == LATEST_COARSE and marked[-1][1] < frames:
        spans[LATEST_COARSE].append((marked[-1][1], frames))
    return dict(spans)


def _while_there(first: int, until: int, place: str, followed: Followed) -> range:
    """Embryos are taken out before a recording ends; an emptied well shows no phase."""
    gone = followed.gone(place, first)
    return range(first, until if gone is None else min(until, gone))


def _spread(frames: Sequence[int], most: int) -> list[int]:
    if len(frames) <= most:
        return list(frames)
    if most == 1:
        return [frames[len(frames) // 2]]
    step = (len(frames) - 1) / (most - 1)
    return [frames[round(number * step)] for number in range(most)]


def _is_wanted(annotator: str, at: datetime | None, filters: Filters) -> bool:
    return (not filters.annotators or annotator in filters.annotators) and filters.take(at)


def _owners(stack: Stack) -> tuple[str, str]:
    """Patient and dish."""
    if stack.dish is None:
        return "", ""
    cycle = stack.dish.cycle
    return cycle.patient.code, f"{cycle.patient.code} {cycle.label} {stack.dish.label}"
