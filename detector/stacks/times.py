"""When frames were taken: from names, EXIF stamps or measured hours; never from an assumed interval."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

_STAMP = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
    r"(?:[T _.-]*|_?at_?)([01]\d|2[0-3])[-_.:hH]?([0-5]\d)(?:[-_.:mM]?([0-5]\d)(?:[.,_](\d{1,6})(?!\d))?)?"
)
_DAY_FIRST = re.compile(
    r"(?<!\d)(0[1-9]|[12]\d|3[01])\.(0[1-9]|1[0-2])\.((?:19|20)\d\d)[T _.-]+([01]\d|2[0-3])[-_.:hH]([0-5]\d)(?:[-_.:mM]([0-5]\d))?"
)
_HOURS_MINUTES = re.compile(r"(?<![A-Za-z\d])[tT]?(\d{1,3})h(\d{1,2})(?:m(?:in)?)?(?![A-Za-z\d])")
_HOURS = re.compile(r"(?<![A-Za-z\d.])[tT]?(\d{1,3}(?:\.\d{1,4})?)(?:h|hpi|hrs?|hours?)(?![A-Za-z\d])")
_EXIF = re.compile(r"(\d{4}):(\d\d):(\d\d)[ T](\d\d):(\d\d):(\d\d)")


@dataclass(frozen=True, slots=True)
class Timeline:
    """The times of all frames of a recording, or of none."""

    hours: tuple[float, ...] | None = None
    started_at: datetime | None = None
    source: str = "none"
    notes: tuple[str, ...] = ()

    @property
    def interval_minutes(self) -> float | None:
        """Median time between neighbouring frames."""
        if self.hours is None or len(self.hours) < 2:
            return None
        steps = [later - earlier for earlier, later in pairwise(self.hours)]
        return round(median(steps) * 60, 4)


def stamp_of_name(name: str) -> datetime | None:
    """The date and time that a file name spells out."""
    stem = name.rpartition("/")[2].rpartition(".")[0]
    found = _STAMP.search(stem)
    if found:
        year, month, day, hour, minute, second, fraction = found.groups()
    elif found := _DAY_FIRST.search(stem):
        day, month, year, hour, minute, second = found.groups()
        fraction = None
    else:
        return None
    try:
        return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), int((fraction or "0").ljust(6, "0")))
    except ValueError:
        return None


def hours_of_name(name: str) -> float | None:
    """The hours that a file name spells out, as in t017.5h or 17h30m."""
    stem = name.rpartition("/")[2].rpartition(".")[0]
    if found := _HOURS_MINUTES.search(stem):
        hours, minutes = int(found[1]), int(found[2])
        return hours + minutes / 60 if minutes < 60 else None
    return float(found[1]) if (found := _HOURS.search(stem)) else None


def stamp_of_exif(text: str) -> datetime | None:
    """The time of an EXIF or TIFF stamp, YYYY:MM:DD HH:MM:SS."""
    found = _EXIF.match(text)
    try:
        return datetime(*map(int, found.groups())) if found else None  # type: ignore[arg-type]
    except ValueError:
        return None


def from_stamps(stamps: Sequence[datetime | None], source: str) -> Timeline:
    """Times from one stamp a frame; missing, identical or backward stamps are told apart in a note and not used."""
    known = [stamp for stamp in stamps if stamp is not None]
    if not known:
        return Timeline()
    if len(known) < len(stamps):
        return Timeline(notes=(f"Only {len(known)} of {len(stamps)} frames carry a time ({source}); the times are not used.",))
    if len(known) == 1:
        return Timeline((0.0,), known[0], source)
    hours = [(stamp - known[0]).total_seconds() / 3600 for stamp in known]
    return from_hours(hours, source, started_at=known[0])


def from_hours(hours: Sequence[float], source: str, *, started_at: datetime | None = None) -> Timeline:
    """Times from one number of hours a frame, shifted so that the first is 0."""
    if any(later < earlier for earlier, later in pairwise(hours)):
        return Timeline(notes=(f"The times ({source}) run backwards between frames; they are not used.",))
    if len(hours) > 1 and hours[-1] == hours[0]:
        return Timeline(notes=(f"All frames carry the same time ({source}); it is not used.",))
    notes = (f"The first frame's time ({source}) is {hours[0]:g} h.",) if hours and hours[0] > 0 else ()
    return Timeline(tuple(round(value - hours[0], 6) for value in hours), started_at, source, notes)
