"""The one folder of the server that recordings may be imported from, if any was configured."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from backend.accounts.actor import Actor
from backend.accounts.models import Role
from backend.core.errors import Refused

MOST_ENTRIES = 5000


@dataclass(frozen=True)
class FolderEntry:
    """A file or folder that may be imported."""

    name: str
    is_folder: bool
    size_bytes: int


def entries_of(*, path: str, lab_id: str, actor: Actor) -> list[FolderEntry]:
    """Folders first, then files, by name; hidden ones, links and special files are passed over."""
    actor.require(lab_id, Role.EMBRYOLOGIST)
    folder = path_in_server_folder(path)
    if not folder.is_dir():
        raise _not_there()
    entries: list[FolderEntry] = []
    for child in folder.iterdir():
        try:
            status = child.lstat()
        except OSError:
            continue
        # A name that is no text cannot be shown, so it cannot be chosen either.
        if child.name.startswith(".") or not child.name.isprintable() or not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            continue
        is_folder = stat.S_ISDIR(status.st_mode)
        entries.append(FolderEntry(child.name, is_folder, 0 if is_folder else status.st_size))
        if len(entries) >= MOST_ENTRIES:
            break
    return sorted(entries, key=lambda entry: (not entry.is_folder, entry.name.lower()))


def path_in_server_folder(path: str) -> Path:
    """The place that a relative path means, with every link followed before it is judged; 404 for anything outside."""
    if not settings.SERVER_FOLDER:
        raise Refused(
            "no_server_folder", "No server folder is configured here.", "Ask who runs the server to set SERVER_FOLDER.", http_status=404
        )
    root = Path(settings.SERVER_FOLDER).resolve()
    if "\0" in path or len(path) > 1024:
        raise _not_there()
    try:
        place = (root / path.lstrip("/")).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise _not_there() from None
    if not place.is_relative_to(root) or not (place.is_dir() or place.is_file()):
        raise _not_there()
    return place


def _not_there() -> Refused:
    return Refused(
        "not_in_server_folder", "There is no such file or folder in the server folder.", "Choose one from the list.", http_status=404
    )
