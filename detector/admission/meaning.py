"""What the classes of a stranger's net mean here: told by a person, or plain from their names."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

from detector.admission.refusals import refused, shown

CONTENTS = ("empty", "embryo", "gas", "embryo_gas")
OUTSIDE, NOTHING = "gas_outside", "nothing"
MEANINGS = (*CONTENTS, OUTSIDE, NOTHING)
MOST_CLASSES = 80
_PLAIN = {
    "empty": "empty", "empty_well": "empty", "well_empty": "empty", "blank": "empty", "embryo": "embryo", "well_embryo": "embryo",
    "embryo_well": "embryo", "well_with_embryo": "embryo", "gas": "gas", "bubble": "gas", "gas_bubble": "gas", "well_gas": "gas",
    "gas_well": "gas", "embryo_gas": "embryo_gas", "embryo_and_gas": "embryo_gas", "embryo_with_gas": "embryo_gas",
    "embryo_bubble": "embryo_gas", "embryo_with_bubble": "embryo_gas", "gas_embryo": "embryo_gas", "gas_outside": "gas_outside",
    "gas_outside_wells": "gas_outside", "outside_gas": "gas_outside", "bubble_outside": "gas_outside",
}  # fmt: skip


def names_of(text: str) -> tuple[str, ...]:
    """Class names as exporters note them, such as "{0: 'empty', 1: 'embryo'}"; raises the refusal of other text."""
    if len(text) > 16_384:
        raise refused("classes_wrong", f"The list of classes has {len(text)} characters.")
    try:
        told = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise refused("classes_wrong", f"The list of classes cannot be read: {shown(text)}.") from None
    return checked_names(told)


def checked_names(told: object) -> tuple[str, ...]:
    """Class names in the order of their numbers, from a list or a table by number."""
    if isinstance(told, dict):
        if set(told) != set(range(len(told))):
            raise refused("classes_wrong", "The numbers of the classes do not go from 0 up without a gap.")
        told = [told[number] for number in range(len(told))]
    if not isinstance(told, list | tuple) or not all(isinstance(name, str) and 0 < len(name) <= 100 for name in told):
        raise refused("classes_wrong", "The names of the classes are no short texts.")
    if not 0 < len(told) <= MOST_CLASSES:
        raise refused("classes_wrong", f"It has {len(told)} classes; 1 to {MOST_CLASSES} are served.")
    if len(set(told)) != len(told):
        raise refused("classes_wrong", "Two classes have the same name.")
    return tuple("".join(c if c.isprintable() else " " for c in name) for name in told)


def guessed(names: Sequence[str]) -> dict[str, str]:
    """What plain names mean; a name that is not plain is left out."""
    found = {}
    for name in names:
        plain = _PLAIN.get(re.sub(r"[\s+&/._-]+", "_", name.strip().lower()))
        if plain is not None:
            found[name] = plain
    return found


def meaning_of(names: Sequence[str], said: Mapping[str, str] | None) -> list[str]:
    """A meaning for each class; raises `classes_unmapped`, with what was found, where somebody has to say more."""
    if said is not None and (foreign := [value for value in said.values() if value not in MEANINGS]):
        raise refused("bad_mapping", f"{shown(foreign[0])} is no meaning.", f"Meanings are {', '.join(MEANINGS)}.")
    known = guessed(names) if said is None else dict(said)
    lacking = [name for name in names if name not in known]
    if lacking or not any(known[name] in CONTENTS for name in names):
        what = f"It is not known what {', '.join(shown(name, 40) for name in lacking[:8])} means." if lacking else "No class is a content."
        problem = refused("classes_unmapped", what)
        problem.found = {"classes": list(names), "suggested": guessed(names)}  # type: ignore[attr-defined]
        raise problem
    return [known[name] for name in names]
