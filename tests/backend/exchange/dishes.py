"""A dish that was analysed and read, as rows: nine embryos whose every onset is known."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from backend.analysis.compact import pack
from backend.analysis.models import EmbryoProfile, KeyFrame, Placements, Run, Well
from backend.analysis.values import place_name
from backend.imaging.models import Stack
from backend.registry.models import Weights
from tests.backend.registry.rows import set_in_use
from tests.exact.recording import CENTRES, RADIUS

FIRST_HOUR, STEP_HOURS = 20.0, 0.5
ONSETS = {"t2": 4, "t3": 10, "t4": 14, "t8": 22, "tM": 28, "tB": 34}
"""The frames in which they begin."""


def hour(frame: int) -> float:
    return FIRST_HOUR + STEP_HOURS * frame


def analysed(stack: Stack) -> Run:
    """A finished run of this recording, as a worker leaves it."""
    wells = set_in_use(
        Weights.objects.create(name="wells-1", task="wells", family="f", sha256="a" * 64, folder="w", state=Weights.State.CHECKED)
    )
    stages = set_in_use(
        Weights.objects.create(name="stages-1", task="stages", family="f", sha256="b" * 64, folder="s", state=Weights.State.CHECKED)
    )
    run = Run.objects.create(
        stack=stack, weights=wells, stager=stages, state=Run.State.FINISHED, finished_at=timezone.now(), layout="3x3", code_version="1.2.3"
    )
    boxes = {place: [x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS] for place, (x, y) in CENTRES.items()}
    found: list[dict[str, Any]] = []
    for (row, column), box in boxes.items():
        content = "empty" if (row, column) == (2, 2) else "embryo"
        Well.objects.create(run=run, row=row, column=column, box=box, content=content, confidence=0.9)
        found.append({"row": row, "column": column, "name": place_name(row, column), "box": box, "content": content})
        if content == "embryo":
            _profile(run, row, column)
    KeyFrame.objects.create(run=run, frame_index=0, wells=found, layout="3x3")
    Placements.objects.create(run=run, first_frame=0, frames=stack.frame_count, rows=[[1.0, 0.0, 0.0, 0.0, 1, 0]] * stack.frame_count)
    return run


def _profile(run: Run, row: int, column: int) -> None:
    onsets = [
        {
            "phase": phase,
            "frame_index": frame,
            "hours_post_insemination": hour(frame),
            "low": hour(frame) - 0.7,
            "high": hour(frame) + 0.4,
            "confidence": 0.91,
            "is_censored": False,
        }
        for phase, frame in ONSETS.items()
    ]
    cc2 = {"name": "cc2", "value": 3.0, "low": 2.25, "high": 3.75, "confidence": 0.8}
    event = {"kind": "direct_cleavage_1_3", "first_frame": 4, "last_frame": 10, "confidence": 0.7, "detail": "t3 - t2 is 3.0 h"}
    EmbryoProfile.objects.create(
        run=run, row=row, column=column, is_final=True, is_coarse=False, frames_called=40, onsets=onsets, intervals=[cc2], events=[event],
        calls=pack([]),
    )  # fmt: skip
