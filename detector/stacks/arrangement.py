"""From names to frames and planes: which file is which focus of which moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from detector.stacks.limits import Limits
from detector.stacks.names import natural_key, shown
from detector.stacks.refusals import Code, refusal

_MICROMETRE_FOLDER = re.compile(
    r"(?:F|focus|foc|defocus)[ _]?([+-]?\d+(?:\.\d+)?)(?: ?um| ?µm)?|([+-]?\d+(?:\.\d+)?) ?(?:um|µm)", re.IGNORECASE
)
_NUMBERED_FOLDER = re.compile(r"(?:z|plane|slice|layer)[ _-]?(\d+)", re.IGNORECASE)
_PLANE_IN_NAME = re.compile(r"(?:^|[_ .-])F(-?\d+)(?=$|[_ .])")
_DIGITS = re.compile(r"\d+")
_MOST_SHOWN = 5

Slots = list[list[int | None]]
"""For each frame and plane the position of its file in the list of names, None where the plane lacks the frame."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The files of a recording in their order."""

    planes: tuple[float, ...]
    slots: Slots
    notes: tuple[str, ...]


def arrange(names: Sequence[str], label: str, limits: Limits) -> Arrangement:
    """Tell planes by folder (F-15, F0, F15; Z1, Z2) or name, and sort frames by their numbers; refuse what stays ambiguous."""
    groups = _by_plane(names, label)
    if len(groups) > limits.planes:
        raise refusal(Code.FRAMES_TOO_MANY, f"{label} has {len(groups)} planes, more than {limits.planes}.")
    keys = _best_keys(names, groups, label)
    order = sorted({key for positions in groups.values() for key in (keys[p] for p in positions)})
    if len(order) > limits.frames:
        raise refusal(Code.FRAMES_TOO_MANY, f"{label} has {len(order)} frames, more than {limits.frames}.")
    rows = {key: row for row, key in enumerate(order)}
    planes = sorted(groups)
    slots: Slots = [[None] * len(planes) for _ in order]
    for column, plane in enumerate(planes):
        for position in groups[plane]:
            slots[rows[keys[position]]][column] = position
    return Arrangement(tuple(planes), slots, (*_incomplete(planes, slots), *_gaps(names, groups)))


def _by_plane(names: Sequence[str], label: str) -> dict[float, list[int]]:
    folders: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        folders.setdefault(name.rpartition("/")[0], []).append(position)
    if len(folders) == 1:
        return _by_name(names)
    parents = {folder.rpartition("/")[0] for folder in folders}
    leaves = [folder.rpartition("/")[2] for folder in folders]
    for pattern in (_MICROMETRE_FOLDER, _NUMBERED_FOLDER):
        found = [pattern.fullmatch(leaf) for leaf in leaves]
        if len(parents) == 1 and all(found):
            numbers = [float(next(group for group in match.groups() if group)) for match in found if match]
            if len(set(numbers)) == len(numbers):
                in_order = sorted(zip(numbers, folders.values(), strict=True), key=lambda pair: pair[0])
                is_measured = pattern is _MICROMETRE_FOLDER
                return {number if is_measured else float(i): positions for i, (number, positions) in enumerate(in_order)}
    listed = sorted(folders, key=natural_key)
    some = ", ".join(shown(folder or ".") for folder in listed[:_MOST_SHOWN]) + (" ..." if len(listed) > _MOST_SHOWN else "")
    raise refusal(
        Code.RECORDINGS_SEVERAL,
        f"{label} holds pictures in {len(folders)} folders that are no focal planes of one recording: {some}.",
        "Upload each recording by itself; folders of focal planes are called F-15, F0, F15 or Z1, Z2, Z3.",
    )


def _by_name(names: Sequence[str]) -> dict[float, list[int]]:
    """Planes from a part of the name such as _F-15_ when every name has one and every plane the same frames."""
    groups: dict[float, list[int]] = {}
    rests: dict[float, set[str]] = {}
    for position, name in enumerate(names):
        found = _PLANE_IN_NAME.findall(_stem(name))
        if len(found) != 1:
            return {0.0: list(range(len(names)))}
        groups.setdefault(float(found[0]), []).append(position)
        rests.setdefault(float(found[0]), set()).add(_PLANE_IN_NAME.sub("", _stem(name)))
    frames = next(iter(rests.values()), set())
    if len(groups) > 1 and all(rest == frames for rest in rests.values()):
        return groups
    return {0.0: list(range(len(names)))}


def _best_keys(names: Sequence[str], groups: dict[float, list[int]], label: str) -> list[tuple[object, ...]]:
    """The reading of names under which the planes agree best on what a frame is."""
    candidates: list[tuple[int, list[tuple[object, ...]]]] = []
    readings: tuple[Callable[[str], tuple[object, ...]], ...] = (
        lambda name: natural_key(_PLANE_IN_NAME.sub("", _stem(name))),
        lambda name: (int((_DIGITS.findall(_stem(name)) or ["-1"])[-1]),),
    )
    clash: tuple[str, str] | None = None
    for reading in readings if len(groups) > 1 else readings[:1]:
        keys = [reading(name) for name in names]
        twice = next((pair for positions in groups.values() if (pair := _twice(names, keys, positions))), None)
        clash = clash or twice
        if twice is None:
            candidates.append((len(set(keys)), keys))
    if not candidates:
        first, second = clash or ("", "")
        raise refusal(
            Code.FRAMES_AMBIGUOUS, f"{label}: {shown(first)} and {shown(second)} have the same frame number; their order cannot be told."
        )
    return min(candidates, key=lambda candidate: candidate[0])[1]


def _twice(names: Sequence[str], keys: Sequence[Hashable], positions: Sequence[int]) -> tuple[str, str] | None:
    seen: dict[Hashable, int] = {}
    for position in positions:
        if keys[position] in seen:
            return names[seen[keys[position]]], names[position]
        seen[keys[position]] = position
    return None


def _incomplete(planes: Sequence[float], slots: Slots) -> list[str]:
    """One line that says which planes have fewer frames than the recording."""
    counts = [sum(row[column] is not None for row in slots) for column in range(len(planes))]
    short = [f"{plane:g} has {count}" for plane, count in zip(planes, counts, strict=True) if count < len(slots)]
    return [f"Not every plane has all {len(slots)} frames: plane {', plane '.join(short)}."] if short else []


def _gaps(names: Sequence[str], groups: dict[float, list[int]]) -> list[str]:
    """One line about numbers that are missing in a plane, when the names count in ones."""
    largest = max(groups.values(), key=len)
    splits = [_DIGITS.findall(_stem(names[p])) for p in largest]
    if len({_DIGITS.sub("#", _stem(names[p])) for p in largest}) != 1 or not splits[0]:
        return []
    varying = [column for column in zip(*splits, strict=True) if len(set(column)) > 1]
    if len(varying) != 1:
        return []
    numbers = sorted(map(int, varying[0]))
    missing = numbers[-1] - numbers[0] + 1 - len(numbers)
    if not 0 < missing <= len(numbers):
        return []
    gaps = [f"{a + 1}" if b - a == 2 else f"{a + 1} to {b - 1}" for a, b in pairwise(numbers) if b - a > 1]
    some = ", ".join(gaps[:_MOST_SHOWN]) + (" ..." if len(gaps) > _MOST_SHOWN else "")
    return [f"{missing} frame numbers are missing ({some}); the frames that are here are read in order."]


def _stem(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[0]
