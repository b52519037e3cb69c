"""Dishes that the machine has read to the end, and rules of the lab."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.utils import timezone

from backend.accounts.actor import Actor, actor_for
from backend.analysis.compact import pack
from backend.analysis.models import EmbryoProfile, KeyFrame, Run, Well
from backend.imaging.models import Cycle, Dish, Patient, Stack
from backend.registry.models import Weights
from backend.review.services import FieldChange, change_reading, submit_reading
from backend.selection.models import RuleSet
from backend.selection.ruling import rule_json
from backend.selection.selectors import rule_of
from backend.selection.templates import TEMPLATES
from tests.backend.selection.embryos import PHASES_TYPICAL
from tests.cast import Cast

INTERVAL_MINUTES, FRAMES = 10.0, 841
"""140 hours from fertilisation on."""
MakeDish = Callable[..., Dish]
Times = Mapping[str, float]


def frame_of(hours: float) -> int:
    return round(hours * 60 / INTERVAL_MINUTES)


def onset_json(phase: str, hours: float, spread: float) -> dict[str, Any]:
    bounds = {"low": hours - spread, "high": hours + spread, "confidence": 1.0, "is_censored": False}
    return {"phase": phase, "frame_index": frame_of(hours), "hours_post_insemination": hours} | bounds


@pytest.fixture
def make_dish(cast: Cast) -> MakeDish:
    """A dish of one row; `embryos` are times by phase that replace typical ones, one mapping an embryo."""

    def make(
        label: str = "D1", embryos: tuple[Times, ...] = ({}, {}, {}), *, patient: str = "P-1", spread: float = 0.1, frames: int = FRAMES,
        **fields: Any,
    ) -> Dish:  # fmt: skip
        lab = fields.pop("lab", cast.lab)
        owner, _ = Patient.objects.get_or_create(lab=lab, code=patient)
        cycle, _ = Cycle.objects.get_or_create(patient=owner, label=fields.pop("cycle", label), defaults={"method": "icsi"})
        dish = Dish.objects.create(lab=lab, cycle=cycle, label=label)
        facts = {"state": Stack.State.READY, "sha256": hashlib.sha256(label.encode()).hexdigest(), "planes": [0.0], "width_px": 900}
        times = {"frame_count": frames, "interval_minutes": INTERVAL_MINUTES, "hpi_at_first_frame": 0.0, "height_px": 90}
        stack = Stack.objects.create(lab=lab, dish=dish, name=f"{label}.zip", **(facts | times | fields))
        finder, _ = Weights.objects.get_or_create(sha256="0" * 64, defaults={"task": "wells", "state": Weights.State.CHECKED})
        run = Run.objects.create(stack=stack, weights=finder, state=Run.State.FINISHED, layout=f"1x{len(embryos)}")
        wells = [{"name": f"A{column + 1}", "box": [90.0 * column, 0.0, 90.0 * column + 80, 80.0]} for column in range(len(embryos))]
        KeyFrame.objects.create(run=run, frame_index=0, wells=wells)
        for column, own in enumerate(embryos):
            Well.objects.create(run=run, row=0, column=column, box=wells[column]["box"], content="embryo", confidence=0.9)
            onsets = [
                onset_json(phase, hours, spread) for phase, hours in (PHASES_TYPICAL | own).items() if hours and frame_of(hours) < frames
            ]
            EmbryoProfile.objects.create(
                run=run, row=0, column=column, is_final=True, is_coarse=False, frames_called=frames, onsets=onsets, calls=pack([])
            )
        return dish

    return make


@pytest.fixture
def colleague(cast: Cast) -> Actor:
    return actor_for(cast.colleague)


@pytest.fixture
def admin(cast: Cast) -> Actor:
    return actor_for(cast.lab_admin)


@pytest.fixture
def rule_on(cast: Cast) -> Callable[..., RuleSet]:
    """A rule made from a template with the published thresholds entered, and turned on."""

    def make(template: str = "meseguer", **fields: Any) -> RuleSet:
        published = TEMPLATES[template]
        rule = rule_json(published.emptied()) | {
            "criteria": [
                given | {"low": one.low, "high": one.high}
                for given, one in zip(rule_json(published.emptied())["criteria"], published.criteria, strict=True)
            ]
        }
        facts = {"lab": cast.lab, "name": template, "template": template, "is_on": True, "updated_at": timezone.now()}
        rule_set = RuleSet.objects.create(**(facts | rule | fields))
        assert rule_of(rule_set).is_complete
        return rule_set

    return make


def read(actor: Actor, dish: Dish, place: str = "A1", **fields: Any) -> None:
    """Write a reading and submit it; onsets are given in hours, everything else as it is."""
    stack = Stack.objects.get(dish=dish)
    changes = [
        FieldChange(f"onsets.{name}", {"frame_index": frame_of(value)})
        if name in PHASES_TYPICAL
        else FieldChange(name.replace("__", "."), value)
        for name, value in fields.items()
    ]
    reading = change_reading(actor=actor, stack_id=stack.id, place=place, version=0, changes=changes, seconds_spent=40.0)
    submit_reading(actor=actor, stack_id=stack.id, place=place, version=reading.version)
