"""Lets one file in: read in a sandbox, held against the rules once more, tried out in another, and written as a weights folder of ours."""

from __future__ import annotations

import hashlib
import shutil
import stat
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from detector.admission.onnx_rules import check_onnx
from detector.admission.packed import LARGEST_BYTES
from detector.admission.reading import OF_GENERAL, OF_STAGES, OF_WELLS, OUT, check_json
from detector.admission.refusals import refused
from detector.admission.sandbox import WALL_S, Holds, run_inside, self_test
from detector.admission.tensors import check_safetensors
from detector.admission.writing import write_folder

_ALLOWED = {"wells": OF_WELLS | OF_GENERAL, "stages": OF_STAGES}


@dataclass(frozen=True, slots=True)
class Admitted:
    """What became of the file."""

    task: str
    family: str
    how: str
    sha256: str
    trial: dict[str, Any]
    is_sandboxed: bool

    def as_dict(self) -> dict[str, Any]:
        return {
            "task": self.task, "family": self.family, "how": self.how, "sha256": self.sha256, "trial": self.trial,
            "is_sandboxed": self.is_sandboxed,
        }  # fmt: skip


def admit(
    file: Path, out: Path, *, name: str = "", mapping: Mapping[str, str] | None = None, tell: Callable[[str], None] = lambda _: None,
    holds: Holds | None = None, wall_s: float = WALL_S,
) -> Admitted:  # fmt: skip
    """Write the weights folder `out` from a stranger's file; raises its refusal, and leaves nothing behind then.

    `holds` is what the sandbox's self-test found; without one it is made now.
    """
    size = _size(file)
    tell("testing the sandbox")
    holds = holds or self_test()
    why_off = "; ".join(holds.faults)[:500]
    scratch = Path(tempfile.mkdtemp(prefix="admission-"))
    try:
        tell("reading")
        options = {"mapping": dict(mapping) if mapping else None, "why_off": why_off}
        told = run_inside("read", scratch, options, file=file, is_confined=holds.is_whole, wall_s=wall_s)
        members = _taken(scratch / OUT, told)
        origin = {
            "name": name or file.name, "sha256": _hash(file), "size": str(size), "how": told["how"],
            "admitted": datetime.now(UTC).date().isoformat(),
        }  # fmt: skip
        draft = scratch / "draft"
        write_folder(draft, told, members, origin, {})
        tell("trying it out")
        trial = _figures(run_inside("trial", scratch, {"folder": str(draft)}, is_confined=holds.is_whole, wall_s=wall_s))
        sha256 = write_folder(draft, told, members, origin, trial)
        shutil.move(draft, out)
        return Admitted(told["task"], told["family"], told["how"], sha256, trial, holds.is_whole)
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _size(file: Path) -> int:
    with suppress(OSError):
        status = file.lstat()
        if stat.S_ISREG(status.st_mode):
            return status.st_size
    raise refused("file_missing", f"{file.name} is no file.", "Name a file.")


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _taken(folder: Path, told: dict[str, Any]) -> dict[str, bytes]:
    """What the process inside left, believed no more than the file itself."""
    task, shape = told.get("task"), told.get("input")
    names = _ALLOWED.get(task) if isinstance(task, str) else None
    texts = [told.get("family"), told.get("how")]
    if names is None or not isinstance(shape, dict) or not all(isinstance(text, str) and len(text) <= 24 for text in texts):
        raise refused("reader_crashed", "The process that read the file answered what it never answers.")
    found: dict[str, bytes] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else ():
        status = path.lstat()
        if path.name not in names or not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_BYTES:
            raise refused("reader_crashed", "The process that read the file left what does not belong there.")
        found[path.name] = path.read_bytes()
        if path.suffix == ".onnx":
            check_onnx(found[path.name])
        elif path.suffix == ".safetensors":
            check_safetensors(found[path.name])
        else:
            check_json(path.name, found[path.name])
    if not found:
        raise refused("reader_crashed", "The process that read the file left nothing.")
    return found


def _figures(told: dict[str, Any]) -> dict[str, Any]:
    return {str(name)[:40]: value for name, value in told.items() if isinstance(value, int | float | list)}
