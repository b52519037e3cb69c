"""The sandbox holds, and its self-test would notice if it did not."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from detector.admission import landlock, sandbox, syscalls
from detector.admission.sandbox import Holds, run_inside, self_test
from detector.errors import WeightsError


def test_everything_forbidden_was_tried_and_nothing_went_through(holds: Holds) -> None:
    assert holds.faults == ()
    assert holds.landlock >= landlock.LEAST_ABI
    assert {"connect", "exec", "fork" if os.uname().machine == "x86_64" else "start a process", "ptrace", "bpf", "read a secret"} <= set(
        holds.tried
    )
    assert len(holds.tried) > 50


@pytest.mark.parametrize(
    ("without", "goes_through"),
    [
        ("confining.landlock.restrict = lambda **_: 0", {"read a secret", "read accounts", "write outside", "remove"}),
        ("confining.syscalls.filter_calls = lambda: None", {"unix socket", "start a process", "change a mode", "change a time"}),
        ("confining.limit = lambda: None", {"take three gibibytes"}),
    ],
)
def test_the_probe_notices_each_part_that_is_missing(without: str, goes_through: set[str], tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    (tmp_path / "canary").write_text("secret")
    tried = sorted(goes_through)
    script = (
        f"import json, os; from pathlib import Path; from detector.admission import confining, probing; "
        f"{without}; place = Path({str(tmp_path)!r}); confining.limit(); confining.confine(place / 'scratch'); "
        "tries = probing._tries(os.getppid(), 9, place / 'canary', place / 'scratch'); "
        f"print(json.dumps([name for name in {tried} if probing._goes_through(tries[name])]))"
    )
    assert json.loads(_inside(script, tmp_path).stdout) == tried


def test_a_fault_of_the_probe_makes_the_sandbox_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sandbox, "_QUIET", {**sandbox._QUIET, "API_TOKEN": "left behind"})
    found = self_test()
    assert not found.is_whole
    assert "environment" in found.faults


def test_torch_reckons_inside_with_several_threads(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from detector.admission import confining; confining.limit(); "
        "confining.confine(Path(os.environ['TMPDIR'])); import torch; torch.set_num_threads(2); a = torch.ones(400, 400); "
        "b = torch.nn.Conv2d(3, 8, 3)(torch.ones(4, 3, 99, 99)); print(int((a @ a).sum()), torch.get_num_threads()); "
        "sys.stdout.flush(); os._exit(0)"
    )
    done = _inside(script, tmp_path)
    assert done.stdout.split() == ["64000000", "2"]


def test_a_hundred_gigabytes_a_full_disk_and_an_endless_loop_are_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take = "from detector.admission import confining; confining.limit(); bytearray(100 * 1024**3)"
    assert "MemoryError" in _inside(take, tmp_path).stderr
    with pytest.raises(WeightsError) as told:
        run_inside("spin", tmp_path, {}, wall_s=1.0)
    assert told.value.code in ("timed_out", "server_busy")
    (tmp_path / "large").write_bytes(bytes(5000))
    monkeypatch.setattr(sandbox, "SCRATCH_BYTES", 1000)
    with pytest.raises(WeightsError) as told:
        run_inside("spin", tmp_path, {}, wall_s=20.0)
    assert told.value.code == "scratch_exceeded"


def test_what_reads_ends_with_whoever_started_it(tmp_path: Path) -> None:
    script = (
        f"from pathlib import Path; from detector.admission.sandbox import run_inside; run_inside('spin', Path({str(tmp_path)!r}), {{}})"
    )
    root = Path(__file__).resolve().parents[3]
    started = subprocess.Popen([sys.executable, "-c", script], cwd=root)
    assert _within(20, lambda: _readers_of(tmp_path))
    started.kill()
    started.wait()
    assert _within(20, lambda: not _readers_of(tmp_path))


def _readers_of(folder: Path) -> list[str]:
    lines = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            text = line.read_bytes().decode(errors="replace")
            lines += [text] if "detector.admission.child" in text and str(folder) in text else []
    return lines


def _within(seconds: float, holds: Callable[[], object]) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def test_ten_thousand_small_files_are_too_much(tmp_path: Path) -> None:
    for number in range(2500):
        (tmp_path / str(number)).touch()
    with pytest.raises(WeightsError) as told:
        run_inside("spin", tmp_path, {}, wall_s=20.0)
    assert told.value.code == "scratch_exceeded"


def test_a_job_that_ends_without_an_answer_or_with_another_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as told:
        run_inside("no such job", tmp_path, {})
    assert told.value.code == "reader_crashed"


def test_where_landlock_or_the_processor_is_unknown_there_is_no_sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 2)
    with pytest.raises(OSError, match="Landlock 3 is needed"):
        landlock.restrict(read=[], write=[])
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert not syscalls.is_known()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_sound_on_both_processors(machine: str) -> None:
    """Run by hand: what the kernel would answer to each call."""
    program = list(struct.iter_unpack("=HBBI", syscalls._program(machine, 4711)))
    arch = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine]
    numbers = {"x86_64": (0, 41, 59, 57, 56, 101, 321), "aarch64": (63, 198, 221, None, 220, 117, 280)}[machine]
    read, socket, execve, fork, clone, ptrace, bpf = numbers

    def ask(number: int, *arguments: int, on: int = arch) -> int:
        return _answer(program, number, on, arguments)

    allow, eperm = 0x7FFF0000, 0x00050001
    assert ask(read) == allow
    assert {ask(number) for number in (socket, execve, fork, ptrace, bpf) if number is not None} == {eperm}
    assert (ask(clone, 0x00010000), ask(clone, 17)) == (allow, eperm)
    assert ask(read, on=0x40000003) == 0x80000000
    tgkill, mmap = {"x86_64": (234, 9), "aarch64": (131, 222)}[machine]
    assert (ask(tgkill, 4711), ask(tgkill, 1)) == (allow, eperm)
    assert (ask(mmap, 0, 0, 0, 0x22), ask(mmap, 0, 0, 0, 0x21)) == (allow, eperm)


def _answer(program: list[tuple[int, int, int, int]], number: int, arch: int, arguments: tuple[int, ...]) -> int:
    data = struct.pack("=IIQ6Q", number, arch, 0, *(arguments + (0,) * 6)[:6])
    at = value = 0
    while True:
        code, if_true, if_false, told = program[at]
        at += 1
        if code == 0x20:
            value = struct.unpack_from("=I", data, told)[0]
        elif code == 0x06:
            return told
        else:
            holds = {0x15: value == told, 0x35: value >= told, 0x45: bool(value & told)}[code]
            at += if_true if holds else if_false


def _inside(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {"TMPDIR": str(folder), "HOME": str(folder), "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "1"}
    root = Path(__file__).resolve().parents[3]
    return subprocess.run([sys.executable, "-s", "-B", "-c", script], cwd=root, env=env, capture_output=True, text=True, timeout=120)


def test_the_command_tells_whether_it_holds() -> None:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-m", "detector", "admit", "--self-test"], cwd=root, capture_output=True, timeout=60)
    assert json.loads(done.stdout)["is_whole"] is True
    refused = subprocess.run([sys.executable, "-m", "detector", "admit"], cwd=root, capture_output=True, timeout=60)
    assert (refused.returncode, json.loads(refused.stdout)["code"]) == (2, "bad_arguments")
