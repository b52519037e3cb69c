"""How well two readers agree, per phase and grade, and how well all who read the same embryos do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from backend.readers.annotations import MACHINE, Annotation, Embryo, Material, embryos_of_both
from backend.readers.figures import cohen, fleiss, intraclass, weighted_cohen
from backend.review.values import PHASES

Pair = tuple[Annotation, Annotation]
# In order from least to most; kinds of multinucleation have none.
RANKS: Mapping[str, Sequence[Any]] = {
    "expansion": (1, 2, 3, 4, 5, 6),
    "icm": ("A", "B", "C", "D"),
    "te": ("A", "B", "C", "D"),
    "fragmentation": ("none", "mild", "severe"),
    "evenness": ("even", "uneven"),
    "pn_count": (0, 1, 2, 3, 4),
}
KINDS: Mapping[str, Sequence[Any]] = {"multinucleation": ("none", "at_2", "at_4", "at_both")}
GRADES = {**RANKS, **KINDS}
LEAST_READERS = 3


@dataclass(frozen=True)
class Times:
    """Agreement on onsets; errors are the first reader's hour less the second's."""

    n: int
    mean_abs_hours: float | None
    mean_signed_hours: float | None
    within_tolerance: float | None
    missed_by_a: int
    missed_by_b: int
    icc: float | None
    icc_low: float | None
    icc_high: float | None


@dataclass(frozen=True)
class _Onsets:
    """Hours that both gave, each with the tolerance of its phase."""

    hours: list[tuple[float, float]]
    tolerances: list[float]
    missed_by_a: int
    missed_by_b: int


def agreement(material: Material, a: str, b: str, tolerances: Mapping[str, float]) -> dict[str, Any]:
    """The whole answer for two readers, either of whom may be the machine."""
    annotations = material.annotations
    embryos = embryos_of_both(annotations.get(a, {}), annotations.get(b, {}))
    pairs = [(annotations[a][embryo], annotations[b][embryo]) for embryo in embryos]
    ends = [material.ends[embryo[0]] for embryo in embryos]
    return {
        "pairs": len(pairs),
        "phases": {phase: asdict(_times(_onsets(pairs, [phase], tolerances))) for phase in PHASES},
        "overall": asdict(_times(_onsets(pairs, PHASES, tolerances))),
        "stages": _stages(pairs, ends),
        "grades": {name: _grade(pairs, name) for name in GRADES},
        "fleiss": {name: _all_readers(material, name) for name in GRADES},
        "by_reader": [_against(material, reader, b, tolerances) for reader in material.names if reader != b],
        "readers": [{"id": reader, "name": name} for reader, name in material.names.items()],
    }


def _against(material: Material, reader: str, reference: str, tolerances: Mapping[str, float]) -> dict[str, Any]:
    """One line of a table of people: each against the same reference."""
    own, other = material.annotations[reader], material.annotations.get(reference, {})
    pairs = [(own[embryo], other[embryo]) for embryo in embryos_of_both(own, other)]
    overall = asdict(_times(_onsets(pairs, PHASES, tolerances)))
    return {"reader": {"id": reader, "name": material.names[reader]}, "pairs": len(pairs), "overall": overall}


def _onsets(pairs: Sequence[Pair], phases: Sequence[str], tolerances: Mapping[str, float]) -> _Onsets:
    hours: list[tuple[float, float]] = []
    allowed: list[float] = []
    missed_by_a = missed_by_b = 0
    for first, second in pairs:
        for phase in phases:
            if phase in first.unsure or phase in second.unsure:
                continue
            one, other = first.onsets.get(phase), second.onsets.get(phase)
            if one is not None and other is not None:
                hours.append((one, other))
                allowed.append(tolerances[phase])
            missed_by_a += one is None and other is not None
            missed_by_b += one is not None and other is None
    return _Onsets(hours, allowed, missed_by_a, missed_by_b)


def _times(onsets: _Onsets) -> Times:
    errors = [one - other for one, other in onsets.hours]
    # Hours of frames are rounded to five places, so that a tolerance of an hour holds for frames an hour apart.
    near = [abs(error) <= allowed + 1e-4 for error, allowed in zip(errors, onsets.tolerances, strict=True)]
    icc = intraclass(onsets.hours)
    return Times(
        n=len(errors),
        mean_abs_hours=_mean([abs(error) for error in errors]),
        mean_signed_hours=_mean(errors),
        within_tolerance=_mean([float(is_near) for is_near in near]),
        missed_by_a=onsets.missed_by_a,
        missed_by_b=onsets.missed_by_b,
        icc=icc.value if icc else None,
        icc_low=icc.low if icc else None,
        icc_high=icc.high if icc else None,
    )


def _stages(pairs: Sequence[Pair], ends: Sequence[float | None]) -> dict[str, Any]:
    """Which phase each says an embryo is in, looked at once an hour from where both have named one."""
    first: list[int] = []
    second: list[int] = []
    for (one, other), end in zip(pairs, ends, strict=True):
        if not one.onsets or not other.onsets or end is None:
            continue
        hour = max(min(one.onsets.values()), min(other.onsets.values()))
        while hour <= end:
            first.append(_phase_at(one, hour))
            second.append(_phase_at(other, hour))
            hour += 1.0
    return {"n": len(first), "kappa": cohen(first, second), "weighted_kappa": weighted_cohen(first, second)}


def _phase_at(annotation: Annotation, hour: float) -> int:
    """The place in PHASES of the latest phase begun by then."""
    begun = [number for number, phase in enumerate(PHASES) if annotation.onsets.get(phase, hour + 1) <= hour]
    return begun[-1]


def _grade(pairs: Sequence[Pair], name: str) -> dict[str, Any]:
    given = [(one.grades[name], other.grades[name]) for one, other in pairs if name in one.grades and name in other.grades]
    ranks = [(GRADES[name].index(one), GRADES[name].index(other)) for one, other in given]
    first, second = [one for one, _ in ranks], [other for _, other in ranks]
    weighted = weighted_cohen(first, second) if name in RANKS else None
    same = _mean([float(one == other) for one, other in ranks])
    return {"n": len(ranks), "same": same, "kappa": cohen(first, second), "weighted_kappa": weighted}


def _all_readers(material: Material, name: str) -> dict[str, Any]:
    """Fleiss' kappa of the embryos that three people or more graded; of each as many as all of them have, the earliest first."""
    given: dict[Embryo, list[tuple[Any, Any]]] = {}
    for reader, own in material.annotations.items():
        for embryo, annotation in own.items():
            if reader != MACHINE and name in annotation.grades:
                given.setdefault(embryo, []).append((annotation.submitted_at, annotation.grades[name]))
    enough = [sorted(one, key=lambda told: told[0]) for one in given.values() if len(one) >= LEAST_READERS]
    readers = min((len(one) for one in enough), default=0)
    counts = [Counter(grade for _, grade in one[:readers]) for one in enough]
    kappa = fleiss([[count[grade] for grade in GRADES[name]] for count in counts])
    return {"n": len(enough), "readers": readers, "kappa": kappa}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
