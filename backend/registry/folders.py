"""Reads weights folders: a manifest, the file it names, and whether that file is the one it names."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from backend.core.files import sha256_of

MANIFEST = "manifest.toml"
CARD = "card.md"
NEEDED = ("name", "task", "family", "file", "sha256")
GONE = "The weights folder is no longer there."
LONGEST_CARD = 64 * 1024


def read(folder: Path) -> tuple[dict[str, Any], Path, str]:
    """The folder's manifest, and why the weights cannot be used; no reason means that they can."""
    try:
        manifest = tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return {}, folder, f"{MANIFEST} cannot be read: {error}"
    lacking = [field for field in NEEDED if not isinstance(manifest.get(field), str) or not manifest[field]]
    if lacking:
        return manifest, folder, f"{MANIFEST} does not name {', '.join(lacking)}."
    file = folder / Path(manifest["file"]).name
    if not file.is_file():
        return manifest, folder, f"The file {file.name} is missing."
    actual = sha256_of(file)
    if actual != manifest["sha256"].lower():
        return manifest, folder, f"The file {file.name} is not the one of the manifest: its SHA-256 begins with {actual[:12]}."
    return manifest, folder, ""


def key_of(manifest: dict[str, Any], folder: Path) -> str:
    """The claimed hash; a manifest without one is known by its folder's name."""
    claimed = manifest.get("sha256")
    return claimed.lower()[:64] if isinstance(claimed, str) and claimed else f"unknown:{folder.name}"[:64]


def as_json(value: Any) -> Any:
    """TOML knows dates, JSON does not."""
    if isinstance(value, dict):
        return {str(key): as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool) else str(value)


def card_of(folder: Path) -> str:
    """The text of the card beside the weights; empty where there is none."""
    try:
        with (folder / CARD).open("rb") as file:
            return file.read(LONGEST_CARD).decode("utf-8", errors="replace")
    except OSError:
        return ""
