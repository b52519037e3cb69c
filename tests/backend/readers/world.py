"""A recording that the machine has read, and a colleague who has read its first embryo; their values are told apart from anybody else's."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.db import transaction

from backend.accounts.actor import actor_for
from backend.accounts.models import User
from backend.analysis.compact import Called, pack
from backend.analysis.models import EmbryoProfile, Run, StageCalls, Well
from backend.analysis.profile_values import profile_value
from backend.imaging.models import Stack
from backend.live.events import CallValue, ProfileDecoded, StagesCalled
from backend.live.publish import publish
from backend.live.topics import dish_topic
from backend.registry.models import Weights
from backend.review.commenting import add_comment
from backend.review.services import FieldChange, change_reading, submit_reading
from backend.review.values import PHASES
from tests.backend.access.world import World

MACHINES = ("26.731", "0.9137", "machine-only")
"""An hour, a share and a word that nothing but the machine's findings about A1 holds."""
COLLEAGUES = "colleague-only"
LAST_CALL = {"frame_index": 88, "hours_post_insemination": 26.731, "stage": "t2", "coarse": "cleavage", "confidence": 0.9137}


def have_it_read_by_the_machine(stack: Stack, weights: Weights, *, columns: int = 3) -> Run:
    """A finished run with an embryo in every well, its rows and its events; only A1's values are the marked ones."""
    Stack.objects.filter(id=stack.id).update(frame_count=1000, interval_minutes=10.0, hpi_at_first_frame=17.0)
    stack.refresh_from_db()
    run = Run.objects.create(
        stack=stack, weights=weights, state=Run.State.FINISHED, frames_done=1000, frames_total=1000, layout=f"1x{columns}"
    )
    for column in range(columns):
        Well.objects.create(run=run, row=0, column=column, box=[90.0 * column, 0, 80, 80], content="embryo", confidence=0.9)
        _profile(run, column, is_marked=column == 0)
    return run


def _profile(run: Run, column: int, *, is_marked: bool) -> None:
    call = LAST_CALL if is_marked else {**LAST_CALL, "hours_post_insemination": 30.5, "confidence": 0.5}
    onset = {"phase": "t2", "frame_index": 58, "low": 26.2, "high": 27.1, "is_censored": False} | {
        name: call[name] for name in ("hours_post_insemination", "confidence")
    }
    event = {
        "kind": "direct_cleavage",
        "first_frame": 58,
        "last_frame": 60,
        "confidence": 0.7,
        "detail": "machine-only" if is_marked else "",
    }
    profile = EmbryoProfile.objects.create(
        run=run, row=0, column=column, is_final=True, is_coarse=False, frames_called=1, last=call, onsets=[onset], intervals=[],
        events=[event], calls=pack([Called(88, "t2", 0.5, ())]),
    )  # fmt: skip
    StageCalls.objects.create(run=run, row=0, column=column, first_frame=88, calls=pack([Called(88, "t2", 0.5, ())]))
    value = profile_value(profile)
    with transaction.atomic():
        topic = dish_topic(run.stack.dish_id)
        publish(topic, StagesCalled(run_id=str(run.id), row=0, column=column, name=value.name, calls=[CallValue(**call)]))
        publish(topic, ProfileDecoded(run_id=str(run.id), profile=value))


def have_it_read_by(user: User, stack: Stack, place: str = "A1", **fields: Any) -> None:
    """Write these and submit: `t2=40` is an onset's frame, `icm="A"` a grade."""
    actor = actor_for(user)
    changes = [
        FieldChange(f"onsets.{name}", {"frame_index": value}) if name in PHASES else FieldChange(f"grades.{name}", value)
        for name, value in fields.items()
    ]
    reading = change_reading(actor=actor, stack_id=stack.id, place=place, version=0, changes=changes)
    submit_reading(actor=actor, stack_id=stack.id, place=place, version=reading.version)


def marked(world: World) -> World:
    """The world of the access matrix, read by the machine and by the colleague."""
    run = have_it_read_by_the_machine(world.stack, Weights.objects.get(name="v"))
    colleague = actor_for(world.cast.colleague)
    line = {"kind": "line", "frame_index": 3, "plane": 0, "points": [[1.0, 1.0], [2.0, 2.0]], "label": "colleague-only"}
    changes = [
        FieldChange("onsets.t2", {"frame_index": 731}, "colleague-only reason"),
        FieldChange("measurements.m1", line),
        FieldChange("grades.icm", "B"),
    ]
    reading = change_reading(actor=colleague, stack_id=world.stack.id, place="A1", version=0, changes=changes)
    submit_reading(actor=colleague, stack_id=world.stack.id, place="A1", version=reading.version)
    add_comment(actor=colleague, stack_id=world.stack.id, place="A1", text="colleague-only comment")
    return dataclasses.replace(world, run=run)
