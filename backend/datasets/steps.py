"""The steps that pictures may go through before they are learned from; the detector takes them, a test holds both lists together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.core.errors import Refused

MOST_STEPS = 12
MOST_COPIES = 20


@dataclass(frozen=True)
class Parameter:
    """A number within bounds."""

    low: float
    high: float
    usual: float
    is_odd: bool = False
    is_amount: bool = False
    """Drawn anew for each picture within plus and minus this, where a step is drawn at random."""


PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {
    "gaussian": {"sigma_px": Parameter(0.1, 20, 1, is_amount=True)},
    "median": {"size_px": Parameter(3, 15, 3, is_odd=True)},
    "bilateral": {"size_px": Parameter(3, 15, 5, is_odd=True), "sigma_grey": Parameter(1, 150, 25), "sigma_px": Parameter(1, 50, 3)},
    "contrast": {"gain": Parameter(0.2, 4, 1.2)},
    "clahe": {"clip": Parameter(0.5, 20, 2), "tiles": Parameter(2, 32, 8)},
    "noise": {"sigma_grey": Parameter(0.1, 60, 5, is_amount=True)},
    "flip": {"across": Parameter(0, 1, 1), "down": Parameter(0, 1, 0)},
    "rotate": {"degrees": Parameter(-180, 180, 15, is_amount=True)},
    "shift": {"x": Parameter(-0.5, 0.5, 0.05, is_amount=True), "y": Parameter(-0.5, 0.5, 0.05, is_amount=True)},
    "crop": {"keep": Parameter(0.3, 1, 0.9)},
}
MOVING = frozenset({"flip", "rotate", "shift", "crop"})
"""Steps that move labels along."""


def checked_steps(said: Any) -> list[dict[str, Any]]:
    """Steps with every parameter filled in; refuses the first that is wrong."""
    if not isinstance(said, list) or len(said) > MOST_STEPS:
        raise _wrong(f"Steps are a list of at most {MOST_STEPS}.")
    return [_checked(one) for one in said]


def _checked(said: Any) -> dict[str, Any]:
    name = said.get("step") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(name, str) or name not in PARAMETERS:
        raise _wrong(f"There is no step {str(name)[:40]!r}; there are {', '.join(PARAMETERS)}.")
    known = PARAMETERS[name]
    if unknown := sorted(str(key) for key in set(said) - {"step"} - set(known)):
        raise _wrong(f"{name} has no {unknown[0][:40]!r}; it has {', '.join(known)}.")
    values: dict[str, Any] = {"step": name}
    for key, parameter in known.items():
        value = said.get(key, parameter.usual)
        if isinstance(value, bool) or not isinstance(value, int | float) or not parameter.low <= value <= parameter.high:
            raise _wrong(f"{key} of {name} lies between {parameter.low:g} and {parameter.high:g}, not {str(value)[:40]}.")
        if parameter.is_odd and int(value) % 2 != 1:
            raise _wrong(f"{key} of {name} is an odd number, not {value:g}.")
        values[key] = value
    return values


def _wrong(why: str) -> Refused:
    return Refused("wrong_steps", why, "Correct the step; the list of steps tells which numbers each takes.")
