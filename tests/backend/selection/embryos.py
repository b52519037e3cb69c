"""Embryos with times written down by hand."""

from __future__ import annotations

from typing import Any

from backend.selection.courses import Embryo, Onset, draw
from backend.selection.rules import Rule, Score, score

PHASES_TYPICAL = {
    "tPB2": 3.0, "tPNa": 7.4, "tPNf": 24.2, "t2": 27.2, "t3": 37.2, "t4": 38.0, "t5": 50.4, "t6": 52.4, "t7": 55.4, "t8": 57.8,
    "t9+": 72.0, "tM": 90.0, "tSB": 95.0, "tB": 108.0, "tEB": 116.6,
}  # fmt: skip


def onset(hours: float, spread: float = 0.0, seen: float = 1.0, **options: Any) -> Onset:
    """Sure to `spread` hours either way."""
    return Onset(hours, hours - spread, hours + spread, seen, **options)


def embryo(spread: float = 0.0, /, *, without: tuple[str, ...] = (), **facts: Any) -> Embryo:
    """A typical embryo, filmed every ten minutes for five days; onsets given by name replace its own (t9: t9+)."""
    own = {
        ("t9+" if name == "t9" else name): facts.pop(name) for name in list(facts) if ("t9+" if name == "t9" else name) in PHASES_TYPICAL
    }
    onsets = {
        phase: hours if isinstance(hours, Onset) else onset(hours, spread)
        for phase, hours in (PHASES_TYPICAL | own).items()
        if phase not in without
    }
    options = {"end_hour": 140.0, "step_hours": 1 / 6, "is_followed": True} | facts
    return Embryo(onsets=onsets, **options)


def told(rule: Rule, one: Embryo) -> Score:
    return score(rule, draw(one))
