"""File names as untrusted text: which are refused, which are clutter, how they sort and how they are shown."""

from __future__ import annotations

import re

from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CLUTTER = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", "icon\r", "picasa.ini"})
_CLUTTER_FOLDERS = frozenset({"__macosx", "$recycle.bin", "system volume information"})
_PICTURE_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff")
_NUMBERS = re.compile(r"(\d+)")


def shown(name: str) -> str:
    """The name as it may stand in a message: one line, nothing invisible, 80 characters at most."""
    plain = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in name[:200])
    return f'"{plain}"' if len(plain) <= 80 and len(name) <= 200 else f'"{plain[:50]}..." ({len(name)} characters)'


def check_name(name: str, limits: Limits) -> None:
    """Refuse a relative name that could point elsewhere or deceive a reader; `name` uses / between folders."""
    reason = _name_fault(name, limits)
    if reason:
        raise refusal(Code.NAME_REFUSED, f"The name {shown(name)} {reason}.")


def _name_fault(name: str, limits: Limits) -> str:
    if len(name) > limits.name_chars:
        return f"has {len(name)} characters, more than {limits.name_chars}"
    if not name:
        return "is empty"
    if _CONTROL.search(name):
        return "holds a control character such as NUL or a line break"
    if _DIRECTION.search(name):
        return "holds a character that changes the reading direction"
    if name.startswith(("/", "\\")):
        return "is absolute"
    if re.match(r"[A-Za-z]:", name):
        return "starts with a drive letter"
    parts = re.split(r"[/\\]", name)
    if ".." in parts:
        return "leads out of its folder"
    if len(parts) > limits.folder_depth:
        return f"lies {len(parts)} folders deep, more than {limits.folder_depth}"
    if any(len(part.encode("utf-8", "surrogatepass")) > 255 for part in parts):
        return "has a part of more than 255 bytes"
    return ""


def is_clutter(name: str) -> bool:
    """True for what operating systems leave beside frames: resource forks, thumbnails, hidden files."""
    *folders, last = name.lower().split("/")
    return last.startswith(".") or last in _CLUTTER or any(f in _CLUTTER_FOLDERS or f.startswith(".") for f in folders)


def claims_picture(name: str) -> bool:
    """True when the suffix promises a picture, so that other content is a fault and not a bystander."""
    return name.lower().endswith(_PICTURE_SUFFIXES)


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts frame2 before frame10, whatever the zeros in front of a number."""
    parts = _NUMBERS.split(name.lower())
    return tuple((1, int(part), "") if i % 2 else (0, 0, part) for i, part in enumerate(parts))
