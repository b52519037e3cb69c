"""Names of files inside archives: plain, unique, and never a path that anybody gave."""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = re.compile(r"[^\w.()+ -]+")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
LONGEST = 120


class Names:
    """Gives every picture its own name; two pictures never share a stem, because label files are matched by it."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._given: dict[object, str] = {}

    def of(self, key: object, wanted: str, suffix: str | None = None) -> str:
        """The name of this thing, the same whenever it is asked; `suffix` replaces the one that `wanted` has."""
        if key not in self._given:
            self._given[key] = self._fresh(plain(wanted), suffix)
        return self._given[key]

    def _fresh(self, name: str, suffix: str | None) -> str:
        stem, dot, end = name.rpartition(".")
        if not dot:
            stem, end = name, ""
        end = suffix if suffix is not None else f".{end}" if end else ""
        chosen, count = stem, 1
        while chosen.casefold() in self._taken:
            count += 1
            chosen = f"{stem}-{count}"
        self._taken.add(chosen.casefold())
        return f"{chosen}{end}"


def plain(name: str) -> str:
    """The last part of a path without anything that a file system or a terminal could take for more than a name."""
    last = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    kept = _UNSAFE.sub("_", last).strip(" .")[-LONGEST:].strip(" .")
    return "unnamed" if not kept else f"_{kept}" if _RESERVED.fullmatch(kept) else kept
