"""What people's computers call their files: kept as text, shown as text, never used as a path."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from backend.core.errors import Refused

LONGEST = 1000
DIRECTION_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
DRIVE = re.compile(r"[A-Za-z]:")


def relative_name(given: str) -> str:
    """Folders and file as plain parts joined by /; what points elsewhere is dropped, what deceives a reader is refused."""
    if len(given) > LONGEST:
        raise _refusal(f"A file name of {len(given)} characters is longer than {LONGEST}.")
    if any(unicodedata.category(c) in ("Cc", "Cs") or c in DIRECTION_CONTROLS for c in given):
        raise _refusal(f"The file name {shown(given)} holds a control character.")
    parts = [part.strip() for part in re.split(r"[/\\]", given)]
    name = "/".join(part for part in parts if part not in ("", ".", "..") and not DRIVE.fullmatch(part))
    if not name:
        raise _refusal(f"{shown(given)} is no file name.")
    return name


def text(given: str, field: str, longest: int) -> str:
    """A label that a person typed: one line without control characters, trimmed."""
    value = " ".join(given.split())
    if not value or len(value) > longest or any(unicodedata.category(c) in ("Cc", "Cs") or c in DIRECTION_CONTROLS for c in value):
        raise Refused("bad_text", f"{field} must be 1 to {longest} plain characters, not {shown(given)}.", "Correct it and try again.")
    return value


def shown(given: str) -> str:
    """The text as it may stand in a message: one line, nothing invisible, 60 characters at most."""
    plain = "".join(c if c.isprintable() and c not in DIRECTION_CONTROLS else "?" for c in given[:60])
    return f'"{plain}{"..." if len(given) > 60 else ""}"'


def attachment(name: str, plain_name: str) -> str:
    """A Content-Disposition that saves under `name`, or under `plain_name` where only ASCII is understood."""
    return f"attachment; filename=\"{plain_name}\"; filename*=UTF-8''{quote(name[-120:], safe='')}"


def _refusal(detail: str) -> Refused:
    return Refused("bad_name", detail, "Rename the file and upload it again.")
