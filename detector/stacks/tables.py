"""A table beside the frames that says when each was taken: CSV with a column of files or frame numbers and one of times."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median

from detector.stacks.times import Timeline, from_hours, from_stamps

_FILE_COLUMNS = {"file", "filename", "file_name", "name", "image", "image_name", "picture", "path"}
_NUMBER_COLUMNS = {"frame", "index", "number", "frame_index", "frame_number", "frame_no", "no", "n", "image_index"}
_HOUR_COLUMNS = {"hours", "hour", "h", "hpi", "time_h", "t_h", "time_hours", "hours_post_insemination", "hours_since_start", "time_hpi"}
_MINUTE_COLUMNS = {"minutes", "minute", "min", "time_min", "t_min", "time_minutes"}
_SECOND_COLUMNS = {"seconds", "second", "s", "sec", "time_s", "t_s", "time_sec", "time_seconds"}
_ANY_TIME_COLUMNS = {"time", "t", "timestamp", "datetime", "date_time", "taken_at", "acquired"}
_UNITS = {**dict.fromkeys(_HOUR_COLUMNS, 1.0), **dict.fromkeys(_MINUTE_COLUMNS, 1 / 60), **dict.fromkeys(_SECOND_COLUMNS, 1 / 3600)}
_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?")
# A bare "time" is taken for hours only when that gives an interval at which dishes are recorded.
_PLAUSIBLE_HOURS = (0.5 / 60, 2.0)


def times_of_table(text: str, frame_names: Sequence[str]) -> Timeline | None:
    """The times that a table gives for these frames; None when the text is no such table."""
    rows = _rows(text)
    if not rows:
        return None
    header = [re.sub(r"[^a-z0-9]+", "_", cell.strip().lower()).strip("_") for cell in rows[0]]
    which = next((i for i, h in enumerate(header) if h in _FILE_COLUMNS | _NUMBER_COLUMNS), None)
    when = next((i for i, h in enumerate(header) if h in _UNITS), None)
    if when is None:
        when = next((i for i, h in enumerate(header) if h in _ANY_TIME_COLUMNS), None)
    if which is None or when is None or which == when:
        return None
    cells = {row[which].strip(): row[when].strip() for row in rows[1:] if len(row) > max(which, when)}
    matched = _match(cells, frame_names, is_number=header[which] in _NUMBER_COLUMNS)
    if matched is None:
        known = sum(name.rpartition("/")[2] in cells for name in frame_names)
        return Timeline(notes=(f"The table beside the frames names {known} of {len(frame_names)} of them; its times are not used.",))
    return _timeline(matched, header[when])


def _rows(text: str) -> list[list[str]]:
    first = text.lstrip("\ufeff").splitlines()[:1]
    delimiter = max(",;\t", key=lambda mark: first[0].count(mark)) if first else ","
    try:
        return [row for row in csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter) if row]
    except csv.Error:
        return []


def _match(cells: dict[str, str], names: Sequence[str], *, is_number: bool) -> list[str] | None:
    """The time cell of every frame, by name, by the number in the name or by counting; None unless all are there."""
    last_parts = [name.rpartition("/")[2] for name in names]
    for keys in (names, last_parts, [part.rpartition(".")[0] for part in last_parts]):
        if all(key in cells for key in keys):
            return [cells[key] for key in keys]
    if not is_number:
        return None
    numbered = {int(key): value for key, value in cells.items() if re.fullmatch(r"\d{1,9}", key)}
    in_names = [int((re.findall(r"\d{1,9}", part.rpartition(".")[0]) or ["-1"])[-1]) for part in last_parts]
    counts = range(len(names)) if 0 in numbered else range(1, len(names) + 1)
    for numbers in (in_names, list(counts)):
        if len(set(numbers)) == len(names) and all(number in numbered for number in numbers):
            return [numbered[number] for number in numbers]
    return None


def _timeline(cells: Sequence[str], column: str) -> Timeline:
    hours = [_hours(cell, _UNITS.get(column, 1.0)) for cell in cells]
    known = [hour for hour in hours if hour is not None]
    if len(known) < len(cells):
        return from_stamps([_stamp(cell) for cell in cells], "csv")
    if column in _UNITS or any(":" in cell for cell in cells):
        return from_hours(known, "csv")
    steps = [later - earlier for earlier, later in pairwise(known)]
    if steps and _PLAUSIBLE_HOURS[0] <= median(steps) <= _PLAUSIBLE_HOURS[1]:
        timeline = from_hours(known, "csv")
        return Timeline(
            timeline.hours, None, timeline.source, (*timeline.notes, f'The column "{column}" has no unit; it is read as hours.')
        )
    return Timeline(notes=(f'The column "{column}" of the table beside the frames has no unit; its times are not used.',))


def _hours(cell: str, factor: float) -> float | None:
    if clock := _CLOCK.fullmatch(cell):
        return int(clock[1]) + int(clock[2]) / 60 + float(clock[3] or 0) / 3600
    plain = cell.replace(",", ".")
    return float(plain) * factor if re.fullmatch(r"-?\d{1,9}(?:\.\d{1,9})?", plain) else None


def _stamp(cell: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cell).replace(tzinfo=None)
    except ValueError:
        return None
