"""How a lab does: rates, timings beside the published medians, and the time reviewing takes, over all and week by week."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.imaging.models import Stack
from backend.review.models import Reading
from backend.selection.courses import Embryo
from backend.selection.embryos import recorded
from backend.selection.fields import PHASES

DEFAULT_DAYS = 365
CLEAVED_BY, BLASTOCYST_BY = 45.0, 118.0
"""Hours at which rates are counted: day 2 (44 +- 1) and day 5 (116 +- 2), as the Vienna consensus of 2017 sets them."""
ISTANBUL: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        # Istanbul consensus 2025, medians of 140,872 embryos.
        "tPNf": {"icsi": 23, "ivf": 24},
        "t2": {"icsi": 26, "ivf": 27},
        "t4": {"icsi": 38, "ivf": 39},
        "t8": {"icsi": 57, "ivf": 58},
        "tM": {"icsi": 89, "ivf": 91},
        "tB": {"icsi": 108, "ivf": 107},
        "tEB": {"icsi": 113, "ivf": 113},
    }
)
_AT_ONCE = 40


@dataclass(frozen=True)
class Share:
    """`n` of `of`; None where nothing could be counted."""

    n: int
    of: int

    @property
    def share(self) -> float | None:
        return self.n / self.of if self.of else None


@dataclass(frozen=True)
class Timing:
    n: int
    p5: float
    median: float
    p95: float
    istanbul_median: Mapping[str, float] | None


@dataclass(frozen=True)
class Seconds:
    """The median time of a submitted review."""

    median: float | None
    n: int


@dataclass(frozen=True)
class Period:
    """Rates of the embryos recorded in a span of time, and of the reviews submitted in it."""

    starts: date
    embryos: int
    fertilisation: Share | None
    cleavage: Share
    blastulation: Share
    review_seconds: Seconds


@dataclass(frozen=True)
class Statistics(Period):
    until: date
    dishes: int
    hidden: int
    """Embryos left out, because the asker reads them blind."""
    timings: Mapping[str, Timing]
    by_week: Sequence[Period] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class _Counted:
    week: date
    embryo: Embryo


def statistics_of(actor: Actor, lab_id: UUID, since: date | None, until: date | None) -> Statistics:
    """Over the lab's recordings that began in this time, the last year where none is given; of each dish the latest recording."""
    lab = actor.require(lab_id)
    until = until or timezone.localdate()
    since = since or until - timedelta(days=DEFAULT_DAYS)
    stacks = [stack for stack in _stacks(lab.id) if since <= _day_of(stack) <= until]
    counted, hidden = [], 0
    for some in _portions(stacks):
        for one in recorded(some, actor).values():
            embryos = [one.embryo(place) for place in one.places()]
            hidden += sum(embryo is None for embryo in embryos)
            counted += [_Counted(_week_of(_day_of(one.stack)), embryo) for embryo in embryos if embryo is not None]
    reviews = list(_reviews(lab.id, since, until))
    weeks = sorted({one.week for one in counted} | {week for week, _ in reviews})
    whole = _period(since, [one.embryo for one in counted], [seconds for _, seconds in reviews])
    return Statistics(
        **vars(whole),
        until=until,
        dishes=len(stacks),
        hidden=hidden,
        timings=timings_of([one.embryo for one in counted]),
        by_week=[
            _period(week, [one.embryo for one in counted if one.week == week], [seconds for at, seconds in reviews if at == week])
            for week in weeks
        ],
    )


def timings_of(embryos: Sequence[Embryo]) -> dict[str, Timing]:
    """When phases began; those that were under way when a recording began are left out."""
    import numpy as np

    timings = {}
    for phase in PHASES:
        hours = [embryo.onsets[phase].hours for embryo in embryos if phase in embryo.onsets and not embryo.onsets[phase].is_censored]
        if hours:
            p5, median, p95 = (round(float(value), 2) for value in np.quantile(hours, (0.05, 0.5, 0.95)))
            timings[phase] = Timing(len(hours), p5, median, p95, ISTANBUL.get(phase))
    return timings


def fertilisation_of(embryos: Iterable[Embryo]) -> Share | None:
    """Two pronuclei, of those whose pronuclei somebody counted; None where nobody did."""
    counts = [embryo.grades["pn_count"] for embryo in embryos if "pn_count" in embryo.grades]
    return Share(sum(count == 2 for count in counts), len(counts)) if counts else None


def reached(embryos: Iterable[Embryo], phase: str, by_hour: float) -> Share:
    """Those at this phase or a later one by this hour, of those filmed until then that were not found abnormally fertilised."""
    yes = of = 0
    for embryo in embryos:
        if embryo.grades.get("pn_count", 2.0) != 2.0:
            continue
        later = PHASES[PHASES.index(phase) :]
        began = [embryo.onsets[one].hours for one in later if one in embryo.onsets]
        if began and min(began) <= by_hour:
            yes, of = yes + 1, of + 1
        elif embryo.end_hour is not None and embryo.end_hour >= by_hour and (embryo.is_followed or began):
            of += 1
    return Share(yes, of)


def _period(starts: date, embryos: Sequence[Embryo], seconds: Sequence[float]) -> Period:
    import numpy as np

    return Period(
        starts=starts,
        embryos=len(embryos),
        fertilisation=fertilisation_of(embryos),
        cleavage=reached(embryos, "t2", CLEAVED_BY),
        blastulation=reached(embryos, "tB", BLASTOCYST_BY),
        review_seconds=Seconds(float(np.median(seconds)) if seconds else None, len(seconds)),
    )


def _stacks(lab_id: UUID) -> list[Stack]:
    stacks: QuerySet[Stack] = Stack.objects.filter(lab_id=lab_id, state=Stack.State.READY).select_related("dish__cycle")
    latest = {stack.dish_id: stack for stack in stacks.defer("hours_since_start").order_by("created_at", "-id")}
    return list(latest.values())


def _portions(stacks: Sequence[Stack]) -> Iterator[list[Stack]]:
    """A few at a time, with the times of their frames: a year of them is too much to hold."""
    for first in range(0, len(stacks), _AT_ONCE):
        ids = [stack.id for stack in stacks[first : first + _AT_ONCE]]
        yield list(Stack.objects.filter(id__in=ids).select_related("dish__cycle"))


def _reviews(lab_id: UUID, since: date, until: date) -> Iterator[tuple[date, float]]:
    readings = Reading.objects.filter(
        stack__lab_id=lab_id, state=Reading.State.SUBMITTED, seconds_spent__gt=0, submitted_at__date__range=(since, until)
    )
    for submitted_at, seconds in readings.values_list("submitted_at", "seconds_spent"):
        if submitted_at is not None:
            yield _week_of(_local(submitted_at)), seconds


def _day_of(stack: Stack) -> date:
    return _local(stack.started_at or stack.created_at)


def _local(at: datetime) -> date:
    return timezone.localtime(at).date()


def _week_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())
