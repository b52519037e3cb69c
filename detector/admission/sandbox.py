"""Has a stranger's file read by a process that can read no secret, reach nobody, start nothing and write only into its scratch."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from detector.admission.refusals import refused
from detector.errors import WeightsError

WALL_S = 60.0
SCRATCH_BYTES = 1200 * 1024**2
MOST_FILES = 2000
_ANSWER_BYTES = 1024**2
_LOOK_EVERY_S = 0.02
_ROOT = Path(__file__).resolve().parents[2]
_QUIET = {
    "LANG": "C.UTF-8", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "2", "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1", "YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false", "MALLOC_ARENA_MAX": "2",
    "NO_ALBUMENTATIONS_UPDATE": "1", "DETECTOR_DEVICE": "cpu", "ORT_DISABLE_TELEMETRY": "1",
}  # fmt: skip
_KEPT = ("LD_LIBRARY_PATH",)


@dataclass(frozen=True, slots=True)
class Holds:
    """What the self-test found: `faults` names every limit that did not hold, and is empty where the sandbox is one."""

    faults: tuple[str, ...]
    landlock: int
    """Its version, 0 where there is none."""
    tried: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        return {"is_whole": self.is_whole, "faults": list(self.faults), "landlock": self.landlock, "tried": list(self.tried)}


def run_inside(
    job: str, scratch: Path, options: dict[str, Any], *, file: Path | None = None, is_confined: bool = True, wall_s: float = WALL_S
) -> dict[str, Any]:
    """Run a job of `detector.admission.child` and give its answer; raises its refusal, or one for how it ended.

    The process gets `file` opened for reading and not its path. Without `is_confined` memory, time and files are bounded all the same.
    """
    with tempfile.TemporaryFile() as says, tempfile.TemporaryFile() as complains:
        with _opened(file) as descriptor:
            told = {"job": job, "scratch": str(scratch), "file": descriptor, "parent": os.getpid(), "confined": is_confined, **options}
            process = _started(scratch, told, descriptor, says, complains)
        try:
            _wait(process, scratch, wall_s)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return _answer(process.returncode, says, complains)


def self_test() -> Holds:
    """Try inside a real sandbox to do each thing that it forbids."""
    with tempfile.TemporaryDirectory(prefix="sandbox-") as folder, socket.socket() as listener:
        scratch, canary = Path(folder, "scratch"), Path(folder, "canary")
        scratch.mkdir()
        canary.write_text("secret")
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        try:
            told = run_inside("probe", scratch, {"port": listener.getsockname()[1], "canary": str(canary)}, wall_s=20.0)
        except WeightsError as problem:
            return Holds((f"no sandbox: {problem.detail}",), 0, ())
        faults = [str(fault) for fault in told["faults"]]
        if canary.read_text() != "secret" or sorted(path.name for path in Path(folder).iterdir()) != ["canary", "scratch"]:
            faults.append("files outside the scratch folder were changed")
        with suppress(BlockingIOError):
            listener.accept()[0].close()
            faults.append("a connection was made")
        try:
            run_inside("spin", scratch, {}, wall_s=1.0)
            faults.append("time is not bounded")
        except WeightsError as problem:
            if problem.code not in ("timed_out", "server_busy"):
                faults.append(f"time is not bounded: {problem.detail}")
        return Holds(tuple(faults), int(told["landlock"]), (*(str(name) for name in told["tried"]), "endless loop"))


class _opened:  # noqa: N801 - used like a function
    """The file's descriptor while the process starts, None without a file; links are not followed."""

    def __init__(self, file: Path | None) -> None:
        self._descriptor = None if file is None else os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)

    def __enter__(self) -> int | None:
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


def _started(
    scratch: Path, told: dict[str, Any], descriptor: int | None, says: IO[bytes], complains: IO[bytes]
) -> subprocess.Popen[bytes]:  # fmt: skip
    home = {"HOME": str(scratch), "TMPDIR": str(scratch), "YOLO_CONFIG_DIR": str(scratch), "MPLCONFIGDIR": str(scratch)}
    return subprocess.Popen(
        [sys.executable, "-E", "-s", "-B", "-m", "detector.admission.child", json.dumps(told)],
        cwd=_ROOT,
        env=_QUIET | home | {name: os.environ[name] for name in _KEPT if name in os.environ},
        stdin=subprocess.DEVNULL,
        stdout=says,
        stderr=complains,
        pass_fds=() if descriptor is None else (descriptor,),
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[bytes], scratch: Path, wall_s: float) -> None:
    until = time.monotonic() + wall_s
    look_at = time.monotonic() + 0.5
    while process.poll() is None:
        now = time.monotonic()
        if now > until:
            used = _processor_s(process.pid)
            if used < wall_s / 3:
                raise refused("server_busy", f"In {wall_s:.0f} seconds, reading it got {used:.0f} of the processor's.")
            raise refused("timed_out", f"Reading it was ended after {wall_s:.0f} seconds.")
        if now > look_at:
            look_at = now + 0.5
            if _is_full(scratch):
                raise refused("scratch_exceeded", f"Reading it wrote more than {SCRATCH_BYTES // 1024**2} MiB or {MOST_FILES} files.")
        time.sleep(_LOOK_EVERY_S)


def _processor_s(process: int) -> float:
    """Seconds that a process has reckoned; as many as it was given where nobody tells."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return WALL_S


def _is_full(folder: Path) -> bool:
    """More lies below the folder than reading ever needs: bytes, or files."""
    total = files = 0
    for path in islice(folder.rglob("*"), MOST_FILES + 1):
        files += 1
        with suppress(OSError):
            total += path.lstat().st_size
    return total > SCRATCH_BYTES or files > MOST_FILES


def _answer(status: int, says: IO[bytes], complains: IO[bytes]) -> dict[str, Any]:
    """The last line is the answer: libraries may have written before it."""
    text = _read(says).rstrip().rpartition("\n")[2]
    try:
        said = json.loads(text) if text else None
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict) and status == 2 and isinstance(said.get("code"), str):
        detail, hint = str(said.get("detail", ""))[:2000], str(said.get("hint", ""))[:500]
        problem = refused(said["code"][:40], detail, hint)
        problem.found = said.get("found")  # type: ignore[attr-defined]
        raise problem
    if isinstance(said, dict) and status == 0:
        return said
    last = _read(complains).strip().rpartition("\n")[2][-300:]
    how = f"signal {-status}" if status < 0 else f"status {status}"
    if status in (-signal.SIGKILL, -signal.SIGXCPU):
        raise refused("timed_out", f"The process that read it was ended by {how}.")
    if "bad_alloc" in last or "MemoryError" in last or "Cannot allocate memory" in last:
        raise refused("memory_exceeded", "Reading it asked for more than 2 GiB of memory.")
    raise refused("reader_crashed", f"The process that read it broke down ({how}). {last}".strip())


def _read(stream: IO[bytes]) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _ANSWER_BYTES))
    return stream.read().decode(errors="replace")
