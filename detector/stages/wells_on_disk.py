"""One well's frames in a folder: which file is which frame, and when it was taken where the names say so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from detector.errors import DetectorError
from detector.stacks import open_stack
from detector.stacks.limits import DEFAULT
from detector.stacks.names import claims_picture, shown
from detector.stacks.sources import FolderSource
from detector.stacks.times import hours_of_name, stamp_of_name
from detector.stages.decoding import Clock
from detector.types import Image

_NUMBER = re.compile(r"\d+")
_HOURS = re.compile(r"(?<![A-Za-z\d.])[tT]?\d{1,3}(?:\.\d{1,4})?h(?:pi|rs?|ours?|\d{1,2}(?:m(?:in)?)?)?(?![A-Za-z\d])")
_FOCUS = re.compile(r"-?\d+(?:\.\d+)?")
_FORM = "Give one folder a well, with one picture a frame whose name is the frame's number, such as 0123.png."


@dataclass(frozen=True, slots=True)
class WellFolder:
    """The frames of one well in order of their numbers."""

    path: Path
    numbers: tuple[int, ...]
    names: tuple[str, ...]
    hours: tuple[float, ...] | None
    """Hours since the recording's start where every name spells them out."""
    beside: tuple[tuple[str, ...], ...] = ()
    """The same frames in the focal planes next to these, below and above, where there are any."""

    def pictures(self) -> Iterator[Image]:
        """One grey picture a frame; raises StackError where one cannot be read whole."""
        return self._read(self.names)

    def planes(self) -> Iterator[Iterator[Image]]:
        """The pictures of each focal plane that is read, the middle one first."""
        return map(self._read, (self.names, *self.beside))

    def _read(self, names: tuple[str, ...]) -> Iterator[Image]:
        for name in names:
            with open_stack(self.path / name) as stack:
                yield stack.read(0)

    def clock(self, interval_minutes: float | None, start_hpi: float | None) -> Clock | None:
        """Times from the interval that was given, else from the names, else none; frame number 0 is the recording's start."""
        if interval_minutes is not None:
            return Clock(np.array(self.numbers, dtype=float) * interval_minutes, start_hpi)
        return None if self.hours is None else Clock(np.array(self.hours) * 60.0, start_hpi)


def read_well_folder(path: Path) -> WellFolder:
    """Find the frames; of several focal planes, each a folder, the middle one and those beside it. Raises DetectorError with the reason."""
    if not path.is_dir():
        reason = "is no folder" if path.exists() else "does not exist"
        raise DetectorError("folder_missing", f"{shown(path.name)} {reason}.", _FORM)
    entries = FolderSource(path, shown(path.name), DEFAULT).entries()
    folders = _planes([entry.name for entry in entries if claims_picture(entry.name)], path)
    if not folders:
        raise DetectorError("frames_none", f"{shown(path.name)} holds no picture.", _FORM)
    middle = len(folders) // 2
    numbered = _numbered(folders[middle], path)
    numbers = tuple(sorted(numbered))
    near = [_numbered(folders[other], path) for other in (middle - 1, middle + 1) if 0 <= other < len(folders)]
    # A plane that lacks a frame would be read beside another moment.
    beside = tuple(tuple(plane[number] for number in numbers) for plane in near if set(numbers) <= plane.keys())
    ordered = [numbered[number] for number in numbers]
    return WellFolder(path, numbers, tuple(ordered), _hours_of(ordered), beside)


def _numbered(names: list[str], path: Path) -> dict[int, str]:
    numbered: dict[int, str] = {}
    for name in names:
        number = _number_of(name)
        if number in numbered:
            twice = f"{shown(numbered[number])} and {shown(name)}"
            raise DetectorError("frames_ambiguous", f"{twice} in {shown(path.name)} are both frame {number}.", _FORM)
        numbered[number] = name
    return numbered


def _planes(names: list[str], path: Path) -> list[list[str]]:
    """The names of each focal plane, from the lowest up; one list where there are no planes."""
    folders: dict[str, list[str]] = {}
    for name in names:
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    if len(folders) < 2:
        return list(folders.values())
    focus = {folder: _FOCUS.findall(folder) for folder in folders}
    if "" in folders or any(not found for found in focus.values()):
        listed = ", ".join(shown(folder or ".") for folder in sorted(folders)[:4])
        raise DetectorError("wells_several", f"{shown(path.name)} holds pictures in several folders: {listed}.", _FORM)
    return [folders[folder] for folder in sorted(folders, key=lambda folder: float(focus[folder][-1]))]


def _number_of(name: str) -> int:
    stem = _HOURS.sub(" ", name.rpartition("/")[2].rpartition(".")[0])
    found = _NUMBER.findall(stem)
    if not found or len(found[-1]) > 9:
        raise DetectorError("frame_unnumbered", f"{shown(name)} has no frame number in its name.", _FORM)
    return int(found[-1])


def _hours_of(names: list[str]) -> tuple[float, ...] | None:
    """Hours where every name has them and they rise with the numbers."""
    spelled = [hours_of_name(name) for name in names]
    hours = [hour for hour in spelled if hour is not None]
    if len(hours) < len(names):
        stamps = [stamp for stamp in map(stamp_of_name, names) if stamp is not None]
        hours = [(stamp - stamps[0]).total_seconds() / 3600 for stamp in stamps]
    if len(hours) < len(names) or len(hours) < 2 or any(later <= earlier for earlier, later in pairwise(hours)):
        return None
    return tuple(hours)
