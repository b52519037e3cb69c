"""Runs and what they found, read only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from backend.accounts.actor import NOT_HERE, Actor
from backend.analysis.models import Alert, ContentChange, EmbryoProfile, KeyFrame, Placements, Run, Well
from backend.analysis.profiles import provisional_calls
from backend.analysis.values import place_name, run_value
from backend.core import concealment
from backend.core.errors import Refused
from backend.imaging.models import Dish, Stack
from backend.imaging.selectors import dishes_visible_to, stacks_visible_to
from backend.live.selectors import latest_seq
from backend.live.topics import dish_topic
from backend.registry.models import Weights

__all__ = ["run_value"]
PLACEMENTS_AT_ONCE = 5000
CONTENTS = ("empty", "embryo", "gas", "embryo_gas")
HOLDS_EMBRYO = ("embryo", "embryo_gas")


@dataclass(frozen=True)
class DishSummary:
    """A dish with its latest recording and what its latest run says of it."""

    dish: Dish
    stack: Stack | None
    run: Run | None
    well_counts: dict[str, int] = field(default_factory=dict)
    alert_count: int = 0


def runs_visible_to(actor: Actor) -> QuerySet[Run]:
    runs = Run.objects.filter(stack__lab_id__in=actor.lab_ids_seen).select_related("stack__dish", "weights", "stager")
    return runs.defer("stack__hours_since_start").order_by("-created_at", "id")


def run_visible_to(actor: Actor, run_id: UUID) -> Run:
    run = runs_visible_to(actor).filter(id=run_id).first()
    if run is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return run


def run_to_export(actor: Actor, run_id: UUID) -> Run:
    """The run with the names of everything it belongs to."""
    run_visible_to(actor, run_id)
    related = ("stack__dish__cycle__patient", "weights", "stager")
    return Run.objects.select_related(*related).defer("stack__hours_since_start").get(id=run_id)


def dishes_with_runs(actor: Actor) -> QuerySet[Dish]:
    """The actor's dishes, each with the id and state of its latest run and whether that raised an alert."""
    latest = Run.objects.filter(stack__dish=OuterRef("pk")).order_by("-created_at", "id")
    stacks = Stack.objects.filter(dish=OuterRef("pk")).order_by("-created_at", "id")
    dishes = dishes_visible_to(actor).annotate(
        latest_run=Subquery(latest.values("id")[:1]),
        latest_run_state=Subquery(latest.values("state")[:1]),
        latest_stack=Subquery(stacks.values("id")[:1]),
    )
    return dishes.annotate(has_alerts=Exists(Alert.objects.filter(run_id=OuterRef("latest_run"))))


def summaries(dishes: Iterable[Any], actor: Actor) -> list[DishSummary]:
    """What lists show of these dishes of `dishes_with_runs`, in four queries however many they are."""
    dishes = list(dishes)
    stacks = stacks_visible_to(actor).in_bulk([dish.latest_stack for dish in dishes if dish.latest_stack])
    runs = runs_visible_to(actor).in_bulk([dish.latest_run for dish in dishes if dish.latest_run])
    counts: dict[UUID, dict[str, int]] = {run_id: dict.fromkeys(CONTENTS, 0) for run_id in runs}
    for run_id, content, wells in Well.objects.filter(run__in=runs).order_by().values_list("run", "content").annotate(Count("id")):
        counts[run_id][content] = wells
    alerts = dict(Alert.objects.filter(run__in=runs).order_by().values_list("run").annotate(Count("id")))
    return [
        DishSummary(
            dish=dish,
            stack=stacks.get(dish.latest_stack),
            run=runs.get(dish.latest_run),
            well_counts=counts.get(dish.latest_run, dict.fromkeys(CONTENTS, 0)),
            alert_count=alerts.get(dish.latest_run, 0),
        )
        for dish in dishes
    ]


def dish_summary(actor: Actor, dish_id: UUID) -> DishSummary:
    dish = dishes_with_runs(actor).filter(id=dish_id).first()
    if dish is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return summaries([dish], actor)[0]


NEEDS_ATTENTION = Q(latest_run_state__in=[Run.State.FAILED, Run.State.QUARANTINED]) | Q(has_alerts=True)
DISH_STATES = {
    "running": Q(latest_run_state__in=Run.UNDER_WAY),
    "ready": Q(latest_run_state=Run.State.FINISHED),
    "attention": NEEDS_ATTENTION,
}


def weights_named(weights_id: UUID, stack: Stack) -> Weights:
    """What is shipped, or of the lab whose recording it is."""
    weights = Weights.objects.filter(Q(lab=None) | Q(lab_id=stack.lab_id), id=weights_id, task="wells").first()
    if weights is None:
        raise Refused("not_found", "There are no such weights.", "Look at the list of detectors.", http_status=404)
    return weights


def placements_of(run: Run, first_frame: int) -> list[list[float]]:
    """The rows from this frame on without a gap, at most 5,000 frames."""
    end = first_frame + PLACEMENTS_AT_ONCE
    rows: list[list[float]] = []
    for batch in Placements.objects.filter(run=run, first_frame__lt=end, first_frame__gt=first_frame - PLACEMENTS_AT_ONCE).order_by(
        "first_frame"
    ):
        rows.extend(batch.rows[max(0, first_frame - batch.first_frame) :])
    return rows[:PLACEMENTS_AT_ONCE]


def snapshot(dish_id: UUID, actor: Actor, run_id: UUID | None = None) -> dict[str, Any]:
    """The dish with the findings of one run, the latest where none is named; `live_seq` is read before anything else."""
    live_seq = latest_seq(dish_topic(dish_id))
    summary = dish_summary(actor, dish_id)
    runs = list(runs_visible_to(actor).filter(stack__dish=summary.dish))
    run = runs[0] if runs and run_id is None else next((one for one in runs if one.id == run_id), None)
    if run is None and run_id is not None:
        raise Refused("not_found", "This dish has no such run.", "Open the dish without naming a run.", http_status=404)
    wells = list(Well.objects.filter(run=run)) if run else []
    # A profile's calls travel by themselves.
    profiles = list(EmbryoProfile.objects.filter(run=run).defer("calls")) if run else []
    hidden = concealment.hidden_places(actor.user.id, run.stack_id) if run else concealment.NOTHING
    # A finished run has said all in its profiles.
    calls = provisional_calls(run, profiles) if run and run.state != Run.State.FINISHED else {}
    embryos = {_place(well) for well in wells if well.content in HOLDS_EMBRYO} | {_place(profile) for profile in profiles} | set(calls)
    return {
        "dish": summary,
        "live_seq": live_seq,
        "run": run,
        "runs": runs,
        "wells": wells,
        "key_frames": KeyFrame.objects.filter(run=run) if run else [],
        "content_changes": ContentChange.objects.filter(run=run) if run else [],
        # Alerts of one frame stay in the order they were raised in.
        "alerts": Alert.objects.filter(run=run).order_by("frame_index", "id") if run else [],
        "profiles": [profile for profile in profiles if _place(profile) not in hidden],
        "calls": {place: told for place, told in calls.items() if place not in hidden},
        "hidden_places": hidden.among(embryos),
    }


def _place(one: Well | EmbryoProfile) -> str:
    return place_name(one.row, one.column)
