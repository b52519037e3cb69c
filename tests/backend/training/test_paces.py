"""What is said of a training before it starts: how long it would take here, and which pictures it is judged on."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.readers.models import PersonalRule
from backend.registry.models import Weights
from backend.training.models import TrainingJob
from backend.training.paces import BUILT_IN_S, LATEST, STEPS, paces
from backend.training.selectors import materials_of
from detector.training.stages_labels import FINE
from detector.training.wells_learning import Recipe
from tests.backend.training.test_services import Known
from tests.backend.worklist.rows import Recorded
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def done(cast: Cast, known: Known, in_use: Weights) -> Any:
    """A finished training of phases with these facts."""

    def make(minutes: float, steps: int, **more: Any) -> TrainingJob:
        said = {"facts": {"minutes": minutes, "steps": steps}, "state": "finished", "candidate": in_use, "finished_at": timezone.now()}
        row = known(f"set {TrainingJob.objects.count()}")
        return TrainingJob.objects.create(lab=cast.lab, dataset=row, recipe="phases", start=in_use, **said | more)

    return make


def told(recipe: str) -> tuple[float, int]:
    (one,) = [pace for pace in paces() if pace.recipe == recipe]
    return one.seconds_a_step, one.trainings


def test_the_steps_of_each_recipe_are_those_of_the_detector(settings: Any) -> None:
    settings.TRAIN_STEPS = 0
    assert {pace.recipe: pace.steps for pace in paces()} == STEPS == {"wells": Recipe().steps, "phases": FINE.steps}
    settings.TRAIN_STEPS = 7
    assert {pace.steps for pace in paces()} == {7}


def test_without_an_earlier_training_the_pace_is_the_built_in_one_and_says_so() -> None:
    assert told("phases") == (BUILT_IN_S["phases"], 0)


def test_the_pace_is_that_of_the_latest_trainings_of_the_recipe_that_were_finished_here(done: Any) -> None:
    done(100.0, 10)
    for _ in range(LATEST):
        done(2.0, 400)
    assert told("phases") == (pytest.approx(0.3), LATEST)
    assert told("wells") == (BUILT_IN_S["wells"], 0)


def test_a_training_that_was_over_in_no_time_or_came_to_nothing_sets_no_pace(done: Any) -> None:
    done(0.0, 9)
    done(9.0, 10, state="failed", candidate=None)
    assert told("phases") == (BUILT_IN_S["phases"], 0)


def test_what_is_learned_from_chosen_by_and_held_out_is_counted_for_each_data_set(admin: Actor, cast: Cast, known: Known) -> None:
    known("A", splits=("train", "train", "validation", "test"))
    known("B", state="draft")
    assert [(one.dataset.name, one.pictures) for one in materials_of(admin, cast.lab.id)] == [
        ("A", {"train": 2, "validation": 1, "test": 1}),
        ("B", {"train": 1, "validation": 0, "test": 1}),
    ]


def test_who_reads_blind_is_not_told_how_many_pictures_there_are(admin: Actor, cast: Cast, known: Known) -> None:
    stack = Recorded(cast.lab, "Dish").embryo().stack
    known("A", stack_ids=[str(stack.id)])
    PersonalRule.objects.create(lab=cast.lab, user=cast.lab_admin, blind_first=True)
    (one,) = materials_of(admin, cast.lab.id)
    assert (one.reason, one.pictures) == (None, None)
