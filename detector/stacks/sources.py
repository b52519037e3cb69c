"""Where a recording's files come from: one file, a folder, or (in archive.py) the members of a ZIP."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from detector.stacks.blobs import Blob, FileBlob
from detector.stacks.limits import Limits
from detector.stacks.names import check_name, is_clutter, shown
from detector.stacks.refusals import Code, refusal


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a source; `name` is relative with / between folders, `key` is the source's own business."""

    name: str
    size: int
    key: int = 0


class Source(Protocol):
    """A set of named files; clutter of operating systems is already left out."""

    label: str
    """The recording's own name, fit to be shown."""

    def entries(self) -> list[Entry]: ...

    def open(self, entry: Entry) -> Blob: ...

    def ends_cheaply(self, entry: Entry) -> bool:
        """True when the last bytes of the entry can be had without unpacking all of it."""
        ...

    def close(self) -> None: ...


class FolderSource:
    """A folder on disk and its subfolders; links are refused so that nothing outside it is read."""

    def __init__(self, root: Path, label: str, limits: Limits) -> None:
        self.label = label
        self._root = root
        self._limits = limits

    def entries(self) -> list[Entry]:
        found: list[Entry] = []
        waiting = [""]
        seen = total = 0
        while waiting:
            folder = waiting.pop()
            with os.scandir(self._root / folder) as listing:
                for item in listing:
                    seen += 1
                    if seen > self._limits.pictures:
                        raise refusal(Code.FRAMES_TOO_MANY, f"{self.label} holds more than {self._limits.pictures} files.")
                    name = folder + item.name
                    if is_clutter(name):
                        continue
                    check_name(name, self._limits)
                    if item.is_symlink():
                        raise refusal(Code.LINK_REFUSED, f"{shown(name)} in {self.label} is a link.")
                    if item.is_dir(follow_symlinks=False):
                        waiting.append(name + "/")
                        continue
                    size = item.stat(follow_symlinks=False).st_size
                    total += size
                    found.append(Entry(name, size))
        if total > self._limits.recording_bytes:
            raise refusal(Code.FILE_TOO_LARGE, f"{self.label} holds {total} bytes, more than {self._limits.recording_bytes}.")
        return found

    def open(self, entry: Entry) -> Blob:
        return FileBlob(self._root / entry.name, shown(entry.name))

    def ends_cheaply(self, entry: Entry) -> bool:  # noqa: ARG002
        return True

    def close(self) -> None:
        pass


class SingleSource:
    """One file that was given by itself; its neighbours on disk are not looked at."""

    def __init__(self, blob: Blob, name: str) -> None:
        self.label = blob.name
        self._blob = blob
        self._name = name

    def entries(self) -> list[Entry]:
        return [Entry(self._name, self._blob.size)]

    def open(self, entry: Entry) -> Blob:  # noqa: ARG002
        return _Borrowed(self._blob)

    def ends_cheaply(self, entry: Entry) -> bool:  # noqa: ARG002
        return True

    def close(self) -> None:
        self._blob.close()


class _Borrowed:
    """The same blob without the right to close it."""

    def __init__(self, blob: Blob) -> None:
        self.name = blob.name
        self.size = blob.size
        self.read_at = blob.read_at
        self.head = blob.head

    def rest(self) -> None:
        pass

    close = rest


def read_all(source: Source, entry: Entry, limits: Limits) -> bytes:
    """The whole content of one picture file, after its size was held against the limit."""
    if entry.size > limits.picture_bytes:
        raise refusal(Code.FILE_TOO_LARGE, f"{shown(entry.name)} has {entry.size} bytes, more than {limits.picture_bytes} for one picture.")
    blob = source.open(entry)
    try:
        return blob.read_at(0, blob.size)
    finally:
        blob.close()
