"""Times between effective onsets: the machine's own where a person changed nothing, else from the onsets as they now stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from backend.exchange.contents import IntervalLine, OnsetLine

ENDS: Mapping[str, tuple[str, str]] = {
    "VP": ("tPNa", "tPNf"),
    "ECC1": ("tPB2", "t2"),
    "cc2": ("t2", "t3"),
    "s2": ("t3", "t4"),
    "cc3": ("t3", "t5"),
    "s3": ("t5", "t8"),
}
"""Begin and end of each, after Ciray 2014."""
SHARE = "CS2-8"
SHARE_OF = ("t2", "t3", "t4", "t5", "t8")


def intervals_of(onsets: Iterable[OnsetLine], machine: Sequence[Mapping[str, Any]], absent: Collection[str] = ()) -> list[IntervalLine]:
    """In the order of their definition; one whose ends nobody knows, or of which a person says that there were none, is left out."""
    known = {onset.phase: onset for onset in onsets}
    told = {one["name"]: one for one in machine}
    lines: list[IntervalLine | None] = []
    for name, phases in {**ENDS, SHARE: SHARE_OF}.items():
        if not set(absent).isdisjoint(phases):
            continue
        ends = [known.get(phase) for phase in phases]
        if any(end is not None and end.source == "human" for end in ends):
            lines.append(_share(ends) if name == SHARE else _between(name, ends[0], ends[1]))
        elif name in told:
            one = told[name]
            lines.append(IntervalLine(name, one["value"], one["low"], one["high"], "machine"))
    return [line for line in lines if line is not None]


def _between(name: str, begin: OnsetLine | None, end: OnsetLine | None) -> IntervalLine | None:
    if begin is None or end is None or begin.hours is None or end.hours is None or begin.is_censored:
        return None
    low = high = None
    if begin.low is not None and begin.high is not None and end.low is not None and end.high is not None:
        # The widest the ends allow: how far a person's onset and the machine's err together is not known.
        low, high = max(0.0, round(end.low - begin.high, 3)), round(end.high - begin.low, 3)
    return IntervalLine(name, round(end.hours - begin.hours, 3), low, high, "human")


def _share(ends: Sequence[OnsetLine | None]) -> IntervalLine | None:
    hours = [None if end is None or end.is_censored else end.hours for end in ends]
    t2, t3, t4, t5, t8 = hours
    if t2 is None or t3 is None or t4 is None or t5 is None or t8 is None or t8 <= t2:
        return None
    return IntervalLine(SHARE, round(((t3 - t2) + (t5 - t4)) / (t8 - t2), 3), None, None, "human")
