"""Every file below a folder, found as it is needed: neither a folder of a million files nor a tree of any depth fills the memory."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Found:
    """A file by its path below the folder, with `/` between the parts."""

    path: str
    size: int
    mtime_ns: int


def walk(folder: Path) -> Iterator[Found]:
    """Regular files only, in the order in which the file system names them; links lead nowhere, and hidden things are left alone."""
    open_folders = [os.scandir(folder)]
    try:
        while open_folders:
            entry = next(open_folders[-1], None)
            if entry is None:
                open_folders.pop().close()
                continue
            if entry.name.startswith("."):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    open_folders.append(os.scandir(entry.path))
                    continue
                status = entry.stat(follow_symlinks=False)
            except OSError:
                # It went away, or nobody may read it; what can be read is taken.
                continue
            if stat.S_ISREG(status.st_mode):
                yield Found(os.path.relpath(entry.path, folder).replace(os.sep, "/"), status.st_size, status.st_mtime_ns)
    finally:
        for one in open_folders:
            one.close()
