"""Finished runs of a lab as rows, without a picture: embryos that are as unsure as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.accounts.models import Lab, User
from backend.analysis.compact import STAGES, Called, pack
from backend.analysis.models import EmbryoProfile, KeyFrame, Run, StageCalls, Well
from backend.analysis.values import place_name
from backend.imaging.models import Cycle, Dish, Patient, Stack
from backend.registry.models import Weights

FRAMES = 40
FIRST_H, EVERY_H = 20.0, 0.5
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def shares(stage: str, sure: float) -> tuple[float, ...]:
    rest = (1 - sure) / (len(STAGES) - 1)
    return tuple(sure if one == stage else rest for one in STAGES)


def calls(stage: str = "t2", sure: float = 0.95, frames: int = FRAMES) -> list[Called]:
    return [Called(frame, stage, sure, shares(stage, sure), 0.8) for frame in range(frames)]


def onset(phase: str = "t2", hours: float | None = 27.2, width: float = 1.0, confidence: float = 1.0, **said: Any) -> dict[str, Any]:
    frame = 10 if hours is None else round((hours - FIRST_H) / EVERY_H)
    low = (frame if hours is None else hours) - width / 2
    known = {"phase": phase, "frame_index": frame, "hours_post_insemination": hours, "low": low, "high": low + width}
    return known | {"confidence": confidence, "is_censored": False} | said


def event(kind: str, confidence: float = 0.9, first_frame: int = 5) -> dict[str, Any]:
    return {"kind": kind, "first_frame": first_frame, "last_frame": first_frame + 4, "confidence": confidence, "detail": f"{kind} seen"}


class Recorded:
    """One recording of one dish with one finished run; embryos are added well by well."""

    def __init__(self, lab: Lab, label: str = "D1", day: int = 0, stack: Stack | None = None, **run: Any) -> None:
        self.stack = stack or _stack(lab, label, day)
        weights, _ = Weights.objects.get_or_create(
            sha256="0" * 64, defaults={"name": "w", "task": "wells", "family": "yolo", "folder": "w", "state": Weights.State.CHECKED}
        )
        self.run = Run.objects.create(stack=self.stack, weights=weights, state=Run.State.FINISHED, **run)

    def embryo(
        self,
        place: tuple[int, int] = (0, 0),
        *,
        onsets: Sequence[dict[str, Any]] | None = None,
        events: Sequence[dict[str, Any]] = (),
        decoded: Sequence[Called] | None = None,
        alone: Sequence[Called] | None = None,
        content: str = "embryo",
        confidence: float = 0.95,
    ) -> Recorded:
        """A sure one where nothing is said."""
        row, column = place
        decoded = calls() if decoded is None else decoded
        last = decoded[-1]
        EmbryoProfile.objects.create(
            run=self.run,
            row=row,
            column=column,
            is_final=True,
            is_coarse=False,
            frames_called=len(decoded),
            last={
                "frame_index": last.frame_index,
                "hours_post_insemination": None,
                "stage": last.stage,
                "coarse": "cleavage",
                "confidence": last.confidence,
            },
            onsets=[onset()] if onsets is None else list(onsets),
            events=list(events),
            calls=pack(decoded),
        )
        seen = decoded if alone is None else alone
        if seen:
            StageCalls.objects.create(run=self.run, row=row, column=column, first_frame=0, calls=pack(seen))
        return self.well(place, content, confidence)

    def doubtful(self, place: tuple[int, int], doubt: float) -> Recorded:
        """The surer of an event, the more doubtful the embryo: one number to order by."""
        return self.embryo(place, events=[event("fragmentation", doubt)])

    def well(self, place: tuple[int, int], content: str, confidence: float) -> Recorded:
        row, column = place
        box = [100 * column, 100 * row, 100 * column + 80, 100 * row + 80]
        Well.objects.create(run=self.run, row=row, column=column, box=box, content=content, confidence=confidence)
        key, _ = KeyFrame.objects.get_or_create(run=self.run, frame_index=0, defaults={"wells": []})
        key.wells.append({"row": row, "column": column, "name": place_name(row, column), "box": box})
        key.save()
        return self


def _stack(lab: Lab, label: str, day: int) -> Stack:
    patient, _ = Patient.objects.get_or_create(lab=lab, code="P")
    cycle, _ = Cycle.objects.get_or_create(patient=patient, label="1")
    dish, _ = Dish.objects.get_or_create(cycle=cycle, label=label, defaults={"lab": lab})
    return Stack.objects.create(
        lab=lab,
        dish=dish,
        name=f"{label}.zip",
        state=Stack.State.READY,
        frame_count=FRAMES,
        planes=[0.0],
        width_px=900,
        height_px=900,
        sha256="a" * 64,
        interval_minutes=60 * EVERY_H,
        hpi_at_first_frame=FIRST_H,
        started_at=BEGAN + timedelta(days=day),
    )


def blind(lab: Lab, person: User | None = None) -> None:
    """Everybody of the lab reads blind first, or one person does."""
    from backend.readers.models import PersonalRule, ReviewSettings

    if person is None:
        ReviewSettings.objects.update_or_create(lab=lab, defaults={"blind_first": True})
    else:
        PersonalRule.objects.update_or_create(lab=lab, user=person, defaults={"blind_first": True})
