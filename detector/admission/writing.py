"""From checked members to a weights folder of ours: one file, a manifest that claims nothing unproven, a card that says whence."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE = "weights.zip"
CODE_VERSION = "0.1.0"
GENERAL = ("detector.wells.general_yolo:GeneralYoloFinder", "letterbox-grey-255")
FINDER = "detector.wells.net:NetFinder"
STAGER = "detector.stages.stager:ConvNextStager"
_UNKNOWN = "unknown"


def write_folder(
    out: Path, told: Mapping[str, Any], members: Mapping[str, bytes], origin: Mapping[str, str], trial: Mapping[str, Any]
) -> str:
    """Write the folder, its manifest last, so that a folder with one is whole; gives the hash of its weights."""
    data = _zipped(members)
    sha256 = hashlib.sha256(data).hexdigest()
    claims = dict(told.get("claims") or {})
    adapter, preprocessing = _served_by(told)
    head = {
        "name": _name(told, claims, origin), "task": told["task"], "family": told["family"], "adapter": adapter,
        "classes": told["classes"], "preprocessing": preprocessing, "file": FILE, "sha256": sha256,
        "licence": claims.get("licence", _UNKNOWN), "renderer_version": claims.get("renderer_version", _UNKNOWN),
        "code_version": claims.get("code_version", CODE_VERSION), "created": claims.get("created", datetime.now(UTC).date().isoformat()),
        "command": claims.get("command", "python -m detector admit"), "learned_from": claims.get("learned_from", "elsewhere"),
    }  # fmt: skip
    tables: dict[str, Mapping[str, Any]] = {"input": told["input"], "metrics": {}, "origin": origin, "trial": trial}
    if claims.get("metrics"):
        tables["claimed"] = claims["metrics"]
    out.mkdir(parents=True, exist_ok=True)
    (out / FILE).write_bytes(data)
    (out / "card.md").write_text(_card(head, told, origin, trial), encoding="utf-8")
    (out / "manifest.toml").write_text(_as_toml(head, tables), encoding="utf-8")
    return sha256


def _name(told: Mapping[str, Any], claims: Mapping[str, Any], origin: Mapping[str, str]) -> str:
    stem = str(claims.get("name") or origin["name"].rpartition(".")[0] or origin["name"])
    plain = "".join(c if c.isalnum() or c in "-_." else "-" for c in stem).strip("-.")[:40]
    return plain or f"{told['task']}-{told['family']}"


def _served_by(told: Mapping[str, Any]) -> tuple[str, str]:
    """The adapter and its preprocessing: never those that a stranger's manifest names."""
    if told["task"] == "stages":
        from detector.stages.crops import NAME as STAGES

        return STAGER, STAGES
    if told["family"] == "yolo-general":
        return GENERAL
    from detector.wells.preprocess import NAME as WELLS

    return FINDER, WELLS


def _zipped(members: Mapping[str, bytes]) -> bytes:
    """The same members give the same bytes, in whatever order they came."""
    order = ("wells.onnx", "contents.onnx", "net.onnx", "reading.json", "encoder.onnx", "temporal.onnx", "calibration.json")
    names = [*(name for name in order if name in members), *sorted(set(members) - set(order))]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for name in names:
            packed.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), members[name])
    return buffer.getvalue()


def _as_toml(head: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Strings, numbers and lists of either are written alike in JSON and TOML; names are quoted."""
    blocks = []
    for title, table in (("", head), *tables.items()):
        lines = [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in table.items()]
        blocks.append("\n".join([*([f"[{title}]"] if title else []), *lines]))
    return "\n\n".join(blocks) + "\n"


def _card(head: Mapping[str, Any], told: Mapping[str, Any], origin: Mapping[str, str], trial: Mapping[str, Any]) -> str:
    how = {
        "converted": "Its numbers were read in a sandbox, filled into a net built by this program, and exported as ONNX.",
        "as it was": "Its net is served as it was brought, after it was held against the rules for nets from elsewhere.",
    }[told["how"]]
    meanings = "".join(
        f"\n* `{name}` means {meaning}" for name, meaning in zip(told.get("names", ()), told.get("meaning", ()), strict=True)
    )
    classes = f"\n## What its classes mean here\n{meanings}\n" if meanings else ""
    said = str(told.get("card") or "").strip()
    quoted = "\n".join(f"    {line}" for line in said.splitlines())
    words = f"\n## What its own card says\n\nNothing of this was checked.\n\n{quoted}\n" if said else ""
    size = f"{told['input']['width']}x{told['input']['height']}"
    tried = "".join(f"\n* {name.replace('_', ' ')}: {value}" for name, value in trial.items())
    return f"""# {head["name"]}

Brought in from a file of {origin["size"]} bytes, SHA-256 `{origin["sha256"]}`, on {origin["admitted"]}. {how}
It is a net of the family {head["family"]} for {head["task"]}; it takes pictures of {size} pixels.

## What is known

Nothing was measured on dishes with truth yet: check it beside what is in use before it is put into use. On being brought in, it was loaded
as it will be served and answered renderings sanely.
{tried}
{classes}{words}
## What is not known

Whose pictures taught it, how well it sees, and under which licence it may be used, beyond what its maker says.
"""
