"""What people said of embryos that the stager in use has read: the one thing that tells how sure it may be.

Only readings of a person's own count. Onsets taken over from the machine agree with it by themselves and would say that it is never wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from backend.analysis.compact import Called, unpack
from backend.analysis.models import Run, StageCalls
from backend.imaging.models import Stack
from backend.imaging.selectors import first_hour_of, hours_of
from backend.registry.models import Weights
from backend.review.machine import latest_finished
from backend.review.models import Reading

LEAST_ONSETS = 3
"""Fewer leave most frames between two onsets that nobody gave."""


def embryos_told(lab_id: UUID, stager: Weights) -> Iterator[dict[str, Any]]:
    """One embryo at a time, as `detector recalibrate` reads them; of several readers the one who submitted last."""
    for run, patient, readings in _recordings(lab_id, stager):
        hours = hours_of(Stack.objects.select_related("dish__cycle").get(id=run.stack_id))
        for reading in readings:
            told = _told(reading, _calls(run.id, reading), hours)
            if told is not None:
                yield {"patient": patient, **told}


def count_told(lab_id: UUID, stager: Weights) -> tuple[int, int]:
    """Embryos and patients that there are to fit on, by what was read and by whom; no frame is looked at, for a page asks this."""
    embryos = [patient for _, patient, readings in _recordings(lab_id, stager) for _ in readings]
    return len(embryos), len(set(embryos))


def _recordings(lab_id: UUID, stager: Weights) -> Iterator[tuple[Run, str, list[Reading]]]:
    """Recordings whose latest run is by this stager and whose hours are known, with the patient and the readings that count."""
    submitted = Reading.objects.filter(stack__lab_id=lab_id, state=Reading.State.SUBMITTED).order_by("submitted_at", "id")
    latest: dict[UUID, dict[str, Reading]] = {}
    for reading in submitted:
        latest.setdefault(reading.stack_id, {})[reading.place] = reading
    stacks = Stack.objects.filter(id__in=latest).select_related("dish__cycle__patient").defer("hours_since_start")
    runs = latest_finished(list(latest))
    for stack in stacks.order_by("created_at", "id"):
        run = runs.get(stack.id)
        if run is None or run.stager_id != stager.id or stack.dish is None or first_hour_of(stack) is None:
            continue
        readings = [reading for _, reading in sorted(latest[stack.id].items()) if _is_of_ones_own(reading)]
        if readings:
            yield run, stack.dish.cycle.patient.code, readings


def write_told(lab_id: UUID, stager: Weights, path: Path) -> int:
    """Write all of them, one a line; the number of embryos. Patients are told apart by a number, not by their code."""
    numbers: dict[str, str] = {}
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for one in embryos_told(lab_id, stager):
            patient = numbers.setdefault(one["patient"], str(len(numbers)))
            file.write(json.dumps(one | {"patient": patient}) + "\n")
            count += 1
    return count


def _calls(run_id: UUID, reading: Reading) -> list[Called]:
    """What each frame told alone, in order; a frame that was read closer later counts by its later reading."""
    rows = StageCalls.objects.filter(run_id=run_id, row=reading.row, column=reading.column)
    by_frame = {call.frame_index: call for row in rows for call in unpack(row.calls) if not (call.is_dark or call.is_out_of_view)}
    return [by_frame[frame] for frame in sorted(by_frame)]


def _marked(reading: Reading) -> dict[str, Any]:
    return {phase: said for phase, said in reading.onsets.items() if "frame_index" in said}


def _is_of_ones_own(reading: Reading) -> bool:
    """It leans on the machine nowhere, and gives onsets enough."""
    marked = _marked(reading).values()
    return len(marked) >= LEAST_ONSETS and all(said.get("source") == "own" for said in marked)


def _told(reading: Reading, calls: list[Called], hours: list[float | None]) -> dict[str, Any] | None:
    """None where no hour is known of an onset, or no frame lies after the first one."""
    marked = _marked(reading)
    onsets = {phase: hours[said["frame_index"]] for phase, said in marked.items() if said["frame_index"] < len(hours)}
    seen = [(hour, call) for call in calls if call.frame_index < len(hours) and (hour := hours[call.frame_index]) is not None]
    if len(onsets) < len(marked) or None in onsets.values() or not seen or seen[-1][0] < min(h for h in onsets.values() if h is not None):
        return None
    return {
        "hours": [hour for hour, _ in seen],
        "probabilities": [[round(share, 4) for share in call.probabilities] for _, call in seen],
        "onsets": onsets,
        "until": None,
    }
