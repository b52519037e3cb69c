"""The rule engine: ordered criteria over fields, graded or weighed; nothing here knows any published rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from backend.selection.courses import Courses, Span
from backend.selection.fields import EVENTS, PHASES, RATIOS, field_of

if TYPE_CHECKING:
    import numpy as np

Operator = Literal["between", "<=", "<", ">=", ">", "present", "absent"]
RuleKind = Literal["grades", "weighted"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
KINDS: tuple[RuleKind, ...] = get_args(RuleKind)
MOST_CRITERIA, MOST_GRADES = 40, 12
TAIL = 0.05
_LEAST_KNOWN = 0.5
"""Share of the draws that has to be decided before a value is told at all."""


class RuleError(ValueError):
    """What a lab entered makes no rule; `field` says where."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition; a threshold that nobody has entered yet is None."""

    field: str
    operator: Operator
    low: float | None = None
    high: float | None = None
    score: float = 1.0
    weight: float = 1.0
    is_required: bool = False

    @property
    def is_complete(self) -> bool:
        """Every threshold that the operator needs is there."""
        return (self.low is not None or "low" not in bounds_of(self.operator)) and (
            self.high is not None or "high" not in bounds_of(self.operator)
        )

    @property
    def points(self) -> float:
        return self.score * self.weight


@dataclass(frozen=True, slots=True)
class Grade:
    """A name, given to what meets all the criteria at these places."""

    name: str
    needs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """`grades`: the first grade whose criteria are met, best first; `weighted`: the points of all criteria that are met."""

    kind: RuleKind
    criteria: tuple[Criterion, ...]
    grades: tuple[Grade, ...] = ()

    @property
    def is_complete(self) -> bool:
        return bool(self.criteria) and all(criterion.is_complete for criterion in self.criteria)


@dataclass(frozen=True, slots=True)
class Fired:
    """How likely one criterion is met, and how likely nobody can say."""

    criterion: int
    probability: float
    unknown: float


@dataclass(frozen=True, slots=True)
class Score:
    """What a rule says of one embryo; `value` is None where less than half of the draws can be decided."""

    grade_probabilities: Mapping[str, float]
    undetermined: float
    """How likely the rule cannot say, because what it asks for was not observed."""
    expected: str | None
    """The likeliest grade."""
    value: float | None
    """The mean: points, or for grades 1 for the best and 0 for the last, evenly between."""
    low: float | None
    high: float | None
    fired: tuple[Fired, ...]
    assumed: tuple[str, ...]


def bounds_of(operator: str) -> tuple[str, ...]:
    """The thresholds an operator needs."""
    if operator == "between":
        return ("low", "high")
    return {"<=": ("high",), "<": ("high",), ">=": ("low",), ">": ("low",)}.get(operator, ())


def check(rule: Rule) -> None:
    """Raise RuleError where the rule means nothing; missing thresholds are no error, they only keep it off."""
    if not 1 <= len(rule.criteria) <= MOST_CRITERIA:
        raise RuleError("criteria", f"A rule has 1 to {MOST_CRITERIA} criteria, this has {len(rule.criteria)}.")
    for place, criterion in enumerate(rule.criteria):
        _check_criterion(place, criterion)
    if rule.kind == "weighted":
        if rule.grades:
            raise RuleError("grades", "A weighted rule adds points and gives no grades.")
        return
    names = [grade.name for grade in rule.grades]
    if not 2 <= len(names) <= MOST_GRADES or len(set(names)) != len(names) or not all(names):
        raise RuleError("grades", f"A graded rule has 2 to {MOST_GRADES} grades, each with its own name.")
    for grade in rule.grades:
        wrong = [need for need in grade.needs if not 0 <= need < len(rule.criteria)]
        if wrong:
            raise RuleError("grades", f"The grade {grade.name!r} needs criterion {wrong[0]}, and there are {len(rule.criteria)}, from 0.")
    if rule.grades[-1].needs:
        raise RuleError("grades", f"The last grade, {names[-1]!r}, is for all that meet no other, so it needs nothing.")


def _check_criterion(place: int, criterion: Criterion) -> None:
    where = f"criteria.{place}"
    field = field_of(criterion.field)
    if field is None:
        raise RuleError(
            where, f"There is no field {criterion.field[:40]!r}; name an onset, an interval such as t5-t3, an event or a grade."
        )
    if criterion.operator not in OPERATORS:
        raise RuleError(where, f"There is no operator {criterion.operator[:20]!r}.")
    if field.kind == "event" and criterion.operator not in ("present", "absent"):
        raise RuleError(where, f"{criterion.field} is an event: it can be present or absent.")
    if field.kind not in ("event", "onset") and criterion.operator in ("present", "absent"):
        raise RuleError(where, f"{criterion.field} is a number, so it needs a threshold.")
    if criterion.operator == "between" and None not in (criterion.low, criterion.high) and criterion.low > criterion.high:  # type: ignore[operator]
        raise RuleError(where, f"The lower threshold {criterion.low:g} lies above the upper one {criterion.high:g}.")


def score(rule: Rule, courses: Courses) -> Score:
    """What the rule says of an embryo that may have taken any of these courses; wants a rule that is complete."""
    import numpy as np

    met = [_met(criterion, courses) for criterion in rule.criteria]
    fired = tuple(Fired(k, float(yes.mean()), float((~yes & ~no).mean())) for k, (yes, no) in enumerate(met))
    assumed = tuple(phase for phase in courses.assumed if any(phase in _needs(criterion) for criterion in rule.criteria))
    failed = np.any([no for criterion, (_, no) in zip(rule.criteria, met, strict=True) if criterion.is_required], axis=0)
    failed = np.broadcast_to(failed, (courses.count,))
    if rule.kind == "weighted":
        values, known = _points(rule, met, failed, courses.count)
        return Score({}, float(1 - known.mean()), None, *_told(values, known), fired, assumed)
    place, known = _places(rule, met, failed, courses.count)
    shares = {grade.name: float((known & (place == k)).mean()) for k, grade in enumerate(rule.grades)}
    value = 1.0 - place / (len(rule.grades) - 1)
    likeliest = max(shares, key=lambda name: shares[name])
    is_told = known.mean() >= _LEAST_KNOWN
    return Score(shares, float(1 - known.mean()), likeliest if is_told else None, *_told(value, known), fired, assumed)


def _told(values: Any, known: Any) -> tuple[float | None, float | None, float | None]:
    import numpy as np

    if known.mean() < _LEAST_KNOWN:
        return None, None, None
    low, high = np.quantile(values[known], (TAIL, 1 - TAIL))
    return float(values[known].mean()), float(low), float(high)


def _points(rule: Rule, met: Sequence[tuple[Any, Any]], failed: Any, count: int) -> tuple[Any, Any]:
    """The points of what is met; an embryo that fails what is required gets the least the rule can give."""
    import numpy as np

    total, known = np.zeros(count), np.ones(count, dtype=bool)
    for criterion, (yes, no) in zip(rule.criteria, met, strict=True):
        total += np.where(yes, criterion.points, 0.0)
        known &= yes | no | (criterion.points == 0)
    least = sum(min(criterion.points, 0.0) for criterion in rule.criteria)
    return np.where(failed, least, total), known | failed


def _places(rule: Rule, met: Sequence[tuple[Any, Any]], failed: Any, count: int) -> tuple[Any, Any]:
    """The place of the first grade whose needs are met; unknown from the first on that might be met."""
    import numpy as np

    last = len(rule.grades) - 1
    place: Any = np.full(count, last)
    is_open = ~failed
    known = failed.copy()
    for criterion, (yes, no) in zip(rule.criteria, met, strict=True):
        # Whether what is required holds has to be known before any grade is.
        is_open = is_open & (yes | no) if criterion.is_required else is_open
    for k, grade in enumerate(rule.grades):
        all_met = np.all([met[need][0] for need in grade.needs], axis=0)
        some_failed = np.any([met[need][1] for need in grade.needs], axis=0)
        place = np.where(is_open & all_met, k, place)
        known |= is_open & all_met
        is_open = is_open & some_failed
    return place, known


def _met(criterion: Criterion, courses: Courses) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """In which draws the criterion is met, and in which it is not; in the others nobody can say."""
    import numpy as np

    if criterion.operator in ("present", "absent"):
        yes, no = _happened(criterion.field, courses)
        return (yes, no) if criterion.operator == "present" else (no, yes)
    span = span_of(criterion.field, courses)
    low = -np.inf if criterion.low is None or "low" not in bounds_of(criterion.operator) else criterion.low
    high = np.inf if criterion.high is None or "high" not in bounds_of(criterion.operator) else criterion.high
    match criterion.operator:
        case "<":
            return span.high < high, span.low >= high
        case ">":
            return span.low > low, span.high <= low
        case _:
            return (span.low >= low) & (span.high <= high), (span.high < low) | (span.low > high)


def _happened(name: str, courses: Courses) -> tuple[Any, Any]:
    import numpy as np

    nobody = np.zeros(courses.count, dtype=bool)
    if name in PHASES:
        span = courses.onsets[name]
        return courses.seen[name] | np.isfinite(span.high), span.low >= courses.end_hour
    if name in EVENTS and name in courses.events:
        return courses.events[name], ~courses.events[name]
    return nobody, nobody


def span_of(name: str, courses: Courses) -> Span:
    """The bounds of a field in every draw; infinite where nothing is known."""
    import numpy as np

    field = field_of(name)
    if field is None or field.kind == "event":
        raise RuleError(name, f"{name!r} is not a number.")
    if field.kind == "onset":
        return courses.onsets[name]
    if field.kind == "grade":
        value = courses.grades.get(name)
        return Span(np.full(courses.count, -np.inf if value is None else value), np.full(courses.count, np.inf if value is None else value))
    if field.kind == "ratio":
        return _ratio(name, courses)
    later, earlier = (courses.onsets[phase] for phase in field.needs)
    with np.errstate(invalid="ignore"):
        low, high = later.low - earlier.high, later.high - earlier.low
    is_exact = (later.low == later.high) & (earlier.low == earlier.high)
    # No phase begins before an earlier one, except where people told it so.
    low = np.where(np.isnan(low) | (~is_exact & (low < 0)), 0.0, low)
    return Span(low, np.where(np.isnan(high), np.inf, high))


def _ratio(name: str, courses: Courses) -> Span:
    import numpy as np

    spans = {phase: courses.onsets[phase] for phase in RATIOS[name]}
    known = np.logical_and.reduce([(span.low == span.high) & np.isfinite(span.low) for span in spans.values()])
    t = {phase: np.where(known, span.low, 0.0) for phase, span in spans.items()}
    if name == "r":
        part, whole = t["t5"] - t["t3"], t["t5"] - t["t2"]
    else:
        part, whole = t["t3"] - t["t2"] + t["t5"] - t["t4"], t["t8"] - t["t2"]
    value = part / np.maximum(whole, 1e-6)
    return Span(np.where(known, value, -np.inf), np.where(known, value, np.inf))


def _needs(criterion: Criterion) -> tuple[str, ...]:
    field = field_of(criterion.field)
    return field.needs if field is not None else ()


def text_of(criterion: Criterion) -> str:
    """The criterion in words; an ellipsis stands for a threshold that is missing."""
    low, high = ("…" if bound is None else f"{bound:g}" for bound in (criterion.low, criterion.high))
    match criterion.operator:
        case "between":
            return f"{low} <= {criterion.field} <= {high}"
        case "<" | "<=":
            return f"{criterion.field} {criterion.operator} {high}"
        case ">" | ">=":
            return f"{criterion.field} {criterion.operator} {low}"
        case _:
            return f"{criterion.field} {criterion.operator}"
