"""How long a training will take, before it is asked for: as many steps as its recipe makes, at the pace of those before it."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from backend.training.models import TrainingJob

LATEST = 5
"""Trainings whose pace counts: a server changes."""
STEPS = {"wells": 480, "phases": 900}
"""What each recipe makes at most where nobody says otherwise; a test holds them to the detector's."""
PASSES = 2
"""All steps are made to choose how many are best, and those again from everything."""
BUILT_IN_S = {"wells": 0.6, "phases": 0.3}
"""Seconds a step on two idle cores; of wells, half of the processor seconds that a step was measured to take."""


@dataclass(frozen=True)
class Pace:
    """Of one recipe on this server; with no `trainings` behind it, a figure from elsewhere."""

    recipe: str
    steps: int
    seconds_a_step: float
    trainings: int
    passes: int = PASSES


def paces() -> list[Pace]:
    """One for each recipe; of other labs' trainings only this mean is told."""
    return [_pace(recipe) for recipe in STEPS]


def _pace(recipe: str) -> Pace:
    done = TrainingJob.objects.filter(recipe=recipe, state=TrainingJob.State.FINISHED).order_by("-finished_at")
    told = [facts for facts in done.values_list("facts", flat=True)[:LATEST] if facts.get("minutes") and facts.get("steps")]
    seconds, steps = 60 * sum(facts["minutes"] for facts in told), sum(facts["steps"] for facts in told)
    return Pace(recipe, settings.TRAIN_STEPS or STEPS[recipe], seconds / steps if steps else BUILT_IN_S[recipe], len(told))
