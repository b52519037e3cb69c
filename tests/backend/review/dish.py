"""Rows of a dish as the product keeps them, and short ways to write readings of it."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from backend.accounts.models import Lab
from backend.analysis.models import EmbryoProfile, Run, Well
from backend.imaging.models import Cycle, Dish, Patient, Stack
from backend.registry.models import Weights

FRAMES = 40


def make_stack(lab: Lab, label: str = "D1", **fields: Any) -> Stack:
    patient, _ = Patient.objects.get_or_create(lab=lab, code="P-1")
    cycle, _ = Cycle.objects.get_or_create(patient=patient, label="C1")
    dish = Dish.objects.create(lab=lab, cycle=cycle, label=label)
    facts = {
        "state": Stack.State.READY,
        "frame_count": FRAMES,
        "planes": [0.0, 15.0],
        "width_px": 384,
        "height_px": 288,
        "interval_minutes": 30.0,
        "hpi_at_first_frame": 20.0,
        "sha256": "0" * 64,
    }
    return Stack.objects.create(lab=lab, dish=dish, name=f"{label}.zip", **(facts | fields))


def onset(phase: str, frame: int, confidence: float = 0.9) -> dict[str, Any]:
    hours = 20 + frame / 2
    bounds = {"low": hours - 1, "high": hours + 1, "confidence": confidence, "is_censored": False}
    return {"phase": phase, "frame_index": frame, "hours_post_insemination": hours, **bounds}


COLLAPSE = {"kind": "collapse", "first_frame": 30, "last_frame": 33, "confidence": 0.7, "detail": "lost 60 % of its area"}
WELLS = {"A1": "embryo", "A2": "embryo", "A3": "gas"}


def read_by_the_machine(stack: Stack, t2: int = 4) -> Run:
    """A finished run; a later one with another t2 overrules it."""
    facts = {"task": "wells", "family": "yolo", "folder": "w", "state": Weights.State.CHECKED}
    weights, _ = Weights.objects.get_or_create(name="w", sha256="0" * 64, defaults=facts)
    run = Run.objects.create(stack=stack, weights=weights, state=Run.State.FINISHED, frames_total=FRAMES, layout="1x3")
    for column, content in enumerate(WELLS.values()):
        Well.objects.create(run=run, row=0, column=column, box=[0, 0, 90, 90], content=content, confidence=0.9)
        if content == "embryo":
            EmbryoProfile.objects.create(
                run=run,
                row=0,
                column=column,
                is_final=True,
                is_coarse=False,
                frames_called=FRAMES,
                onsets=[onset("t2", t2), onset("t4", 20, 0.7)],
                events=[COLLAPSE],
                calls=b"",
            )
    return run


def change(field: str, value: Any, reason: str = "") -> dict[str, Any]:
    return {"field": field, "value": value, "reason": reason}


def at_frame(phase: str, frame: int, source: str = "own") -> dict[str, Any]:
    return change(f"onsets.{phase}", {"frame_index": frame, "source": source})


def patch(client: APIClient, address: str, version: int | str | None, changes: list[dict[str, Any]], **said: Any) -> Any:
    """As the page does: with the version it knows, or without one."""
    headers = {} if version is None else {"If-Match": version if isinstance(version, str) else f'"{version}"'}
    return client.patch(address, {"changes": changes, **said}, headers=headers)


def write(client: APIClient, stack: Stack, changes: list[dict[str, Any]], place: str = "A1", version: int = 0, **said: Any) -> Any:
    answer = patch(client, f"/api/readings/{stack.id}/{place}/", version, changes, **said)
    assert answer.status_code == 200, answer.data
    return answer.json()


def submit(client: APIClient, stack: Stack, place: str = "A1", version: int = 0) -> Any:
    answer = client.post(f"/api/readings/{stack.id}/{place}/submit/", {}, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == 200, answer.data
    return answer.json()
