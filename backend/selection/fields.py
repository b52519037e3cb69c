"""What a criterion may speak of: onsets, times between them, events and grades, each with its unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

PHASES = ("tPB2", "tPNa", "tPNf", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9+", "tM", "tSB", "tB", "tEB", "tHB")
"""In the order of development (Ciray 2014)."""
DIVISIONS = ("t2", "t3", "t4", "t5", "t6", "t7", "t8")
"""Phases that may be shorter than the time between two frames."""
INTERVALS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # (later, earlier), as Ciray 2014 names them.
        "VP": ("tPNf", "tPNa"),
        "ECC1": ("t2", "tPB2"),
        "cc2": ("t3", "t2"),
        "s2": ("t4", "t3"),
        "cc3": ("t5", "t3"),
        "s3": ("t8", "t5"),
    }
)
RATIOS: Mapping[str, tuple[str, ...]] = MappingProxyType({"CS2-8": ("t2", "t3", "t4", "t5", "t8"), "r": ("t2", "t3", "t5")})
"""Shares of one time in another, with the onsets each needs."""
SEEN_BY_MACHINE = (
    "direct_cleavage_1_3",
    "direct_cleavage_2_5",
    "reverse_cleavage",
    "early_compaction",
    "collapse",
    "reexpansion",
    "arrest",
    "gas_bubble",
    "out_of_focus",
    "well_emptied",
    "pronuclei_not_observed",
    "fragmentation",
)
"""Events whose absence from a machine's profile says that it did not see one."""
SEEN_BY_PEOPLE = ("chaotic_division", "multinucleation", "uneven_cells")
EVENTS = (*SEEN_BY_MACHINE, *SEEN_BY_PEOPLE)
GRADES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        # Letters and words become numbers, so that one set of operators serves all; smaller is better except for expansion.
        "expansion": {str(grade): float(grade) for grade in range(1, 7)},
        "icm": {"A": 1.0, "B": 2.0, "C": 3.0, "D": 4.0},
        "te": {"A": 1.0, "B": 2.0, "C": 3.0, "D": 4.0},
        "fragmentation_grade": {"none": 0.0, "mild": 1.0, "severe": 2.0},
        "evenness": {"even": 0.0, "uneven": 1.0},
        "pn_count": {str(count): float(count) for count in range(5)},
        "multinucleation_grade": {"none": 0.0, "at_2": 1.0, "at_4": 2.0, "at_both": 3.0},
    }
)
GRADE_KEYS: Mapping[str, str] = MappingProxyType(
    # A reading's own names; two of them are also names of events.
    {key.removesuffix("_grade"): key for key in GRADES}
)
_DIFFERENCE = re.compile(r"(t[A-Z0-9][A-Za-z0-9]*\+?)-(t[A-Z0-9][A-Za-z0-9]*\+?)")

Kind = Literal["onset", "interval", "ratio", "event", "grade"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a criterion may name; `needs` are the onsets it is computed from."""

    key: str
    kind: Kind
    unit: str = ""
    needs: tuple[str, ...] = ()
    values: Mapping[str, float] | None = None


def field_of(key: str) -> Field | None:
    """The field of this name, also the difference of any two onsets such as `tB-tSB`; None where there is none."""
    if key in CATALOGUE:
        return CATALOGUE[key]
    match = _DIFFERENCE.fullmatch(key)
    if match is None or match[1] not in PHASES or match[2] not in PHASES or PHASES.index(match[1]) <= PHASES.index(match[2]):
        return None
    return Field(key, "interval", "h", (match[1], match[2]))


CATALOGUE: Mapping[str, Field] = MappingProxyType(
    {
        field.key: field
        for field in (
            *(Field(phase, "onset", "hpi", (phase,)) for phase in PHASES),
            *(Field(name, "interval", "h", ends) for name, ends in INTERVALS.items()),
            *(Field(name, "ratio", "", needs) for name, needs in RATIOS.items()),
            *(Field(name, "event") for name in EVENTS),
            *(Field(name, "grade", values=values) for name, values in GRADES.items()),
        )
    }
)
