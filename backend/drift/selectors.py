"""How a lab's recordings have changed since its detectors came into use, week by week and incubator by incubator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from backend.accounts.actor import NOT_HERE, Actor
from backend.accounts.models import Lab
from backend.analysis.models import Run
from backend.core.errors import Refused
from backend.core.jobs.models import UNDER_WAY
from backend.drift.comparing import MOST_IN_REFERENCE, Level, Moved, level_of, moved
from backend.drift.figures import FORMULA, NAMES
from backend.drift.models import Recalibration, RunFigures, Standing
from backend.registry.models import Weights
from backend.registry.selectors import weights_in_use

WEEKS = 26
LEAST_EMBRYOS, LEAST_PATIENTS = 12, 4
"""As `detector recalibrate` has it; a test compares them."""


@dataclass(frozen=True, slots=True)
class Week:
    """The recordings read in one week, Monday to Sunday."""

    starts_on: date
    runs: int
    figures: Mapping[str, Moved]


@dataclass(frozen=True, slots=True)
class Incubator:
    """One incubator, or all dishes of which nobody said where they were filmed."""

    name: str
    reference_runs: int
    reference_from: datetime | None
    levels: Mapping[str, Level]
    weeks: Sequence[Week]

    @property
    def alarms(self) -> list[str]:
        """Figures that are alarming in the last week that can be judged."""
        return [name for name in NAMES if self._last_judged(name)]

    def _last_judged(self, name: str) -> bool:
        judged = [week.figures[name] for week in self.weeks if name in week.figures and week.figures[name].shift is not None]
        return bool(judged) and judged[-1].is_alarming


@dataclass(frozen=True, slots=True)
class Drift:
    """A lab's recordings since the weights in use were first used there."""

    wells: Weights | None
    stages: Weights | None
    incubators: Sequence[Incubator]


def drift_of(actor: Actor, lab_id: UUID) -> Drift:
    """Runs with other weights than those in use are left out: their sureness is not comparable."""
    lab = actor.require(lab_id)
    return drift_in(lab.id)


def drift_in(lab_id: UUID) -> Drift:
    """The same for the server's own watch."""
    wells, stages = weights_in_use("wells", lab_id), weights_in_use("stages", lab_id)
    runs = Run.objects.filter(stack__lab_id=lab_id, state=Run.State.FINISHED, figures__formula=FORMULA, weights=wells, stager=stages)
    rows = runs.order_by("finished_at").values_list("stack__dish__incubator", "stack_id", "finished_at", "figures__values")
    of: dict[str, _Seen] = defaultdict(_Seen)
    known: set[UUID] = set()
    for incubator, stack_id, at, values in rows.iterator(chunk_size=500):
        # A recording that was read twice would count twice.
        if at is not None and stack_id not in known:
            known.add(stack_id)
            of[incubator or ""].add(at, values)
    return Drift(wells, stages, [of[name].incubator(name) for name in sorted(of)])


def recalibration_under_way(lab: Lab) -> Recalibration | None:
    return Recalibration.objects.filter(lab=lab, state__in=UNDER_WAY).select_related(*Recalibration.LOADED_WITH).first()


def recalibrations_visible_to(actor: Actor, lab_id: UUID) -> QuerySet[Recalibration]:
    """Newest first."""
    lab = actor.require(lab_id)
    return Recalibration.objects.filter(lab=lab).select_related(*Recalibration.LOADED_WITH).order_by("-created_at", "-id")


def recalibration_visible_to(actor: Actor, recalibration_id: UUID) -> Recalibration:
    rows = Recalibration.objects.filter(lab_id__in=actor.lab_ids_seen).select_related(*Recalibration.LOADED_WITH)
    row = rows.filter(id=recalibration_id).first()
    if row is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return row


def labs_with_figures() -> Iterable[UUID]:
    return RunFigures.objects.values_list("run__stack__lab_id", flat=True).distinct().order_by("run__stack__lab_id")


def standings() -> QuerySet[Standing]:
    """What the worker's rounds last reckoned, a row a lab."""
    return Standing.objects.order_by("lab_id")


class _Seen:
    """What is kept of one incubator's recordings while they pass by, oldest first: the beginning and the last weeks."""

    def __init__(self) -> None:
        self._first: list[Mapping[str, float]] = []
        self._from: datetime | None = None
        self._weeks: dict[date, list[Mapping[str, float]]] = {}

    def add(self, at: datetime, values: Mapping[str, float]) -> None:
        self._from = self._from or at
        if len(self._first) < MOST_IN_REFERENCE:
            self._first.append(values)
        self._weeks.setdefault(_monday(at), []).append(values)
        if len(self._weeks) > WEEKS:
            del self._weeks[min(self._weeks)]

    def incubator(self, name: str) -> Incubator:
        levels = {figure: level for figure in NAMES if (level := level_of(figure, _of(figure, self._first))) is not None}
        weeks = [
            Week(starts_on, len(inside), {f: moved(_of(f, inside), levels.get(f)) for f in NAMES if _of(f, inside)})
            for starts_on, inside in sorted(self._weeks.items())
        ]
        return Incubator(name, len(self._first), self._from, levels, weeks)


def _of(figure: str, seen: Sequence[Mapping[str, float]]) -> list[float]:
    return [values[figure] for values in seen if figure in values]


def _monday(at: datetime) -> date:
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())
