"""A recording in a child process: the same pictures, nothing inherited, and an end to whatever goes wrong."""

from __future__ import annotations

import gc
import os
import re
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import psutil
import pytest

from backend.imaging.decoding import DecoderProcess, DecodingRefused, StackFacts, open_in_child
from detector.protocols import Stack
from detector.stacks import open_stack
from detector.types import StackInfo
from tests.hostile import CASES, Maker, files, good

ROOT = Path(__file__).resolve().parents[3]


def _children() -> list[int]:
    return [child.pid for child in psutil.Process().children()]


@pytest.fixture(scope="module", autouse=True)
def _what_was_there() -> Iterator[None]:
    """Collected once and then left alone: to look through all that a long run has loaded, around every test, took minutes."""
    # What earlier tests dropped may still wait to be collected, and must not be counted here.
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No test may leave a process or an open file behind."""
    gc.collect()
    before = (_children(), len(os.listdir("/proc/self/fd")))
    yield
    gc.collect()
    children, files = before
    # Those of earlier tests may end meanwhile.
    assert set(_children()) <= set(children)
    # What earlier tests left to the garbage collector may be closed meanwhile.
    assert len(os.listdir("/proc/self/fd")) <= files


def test_importing_the_door_loads_nothing_of_the_detector() -> None:
    program = "import sys, backend.imaging.decoding; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not set(re.findall(r"\w+", loaded)) & {"detector", "numpy", "cv2", "torch", "av", "imagecodecs", "PIL", "pydicom", "ultralytics"}


def test_facts_have_the_fields_of_the_detectors_own_description() -> None:
    assert [field.name for field in fields(StackFacts)] == [field.name for field in fields(StackInfo)]


@pytest.mark.parametrize("kind", ["folder", "zip", "avi", "dicom", "deep"])
def test_the_child_gives_what_the_stack_gives(tmp_path: Path, kind: str) -> None:
    path = {
        "folder": lambda: good.folder(tmp_path / "dish_at", 5, "dish 2026-01-02 03-0{}-00.jpg"),
        "zip": lambda: good.archive(tmp_path / "a.zip", [(f"{i}.png", good.png(i)) for i in range(5)], 8),
        "avi": lambda: good.video(tmp_path / "a.avi", 5),
        "dicom": lambda: good.dicom(tmp_path / "a.dcm", 5),
        "deep": lambda: good.archive(tmp_path / "a.zip", [(f"{i}.png", good.png(i, deep=True)) for i in range(5)]),
    }[kind]()
    with open_stack(path) as own, open_in_child(path) as theirs:
        assert isinstance(theirs, Stack)
        assert asdict(theirs.info) == asdict(own.info)
        assert np.array_equal(theirs.read(3), own.read(3))
        pairs = list(zip(theirs.frames(), own.frames(), strict=True))
        assert len(pairs) == 5
        assert all(a[0] == b[0] and np.array_equal(a[1], b[1]) for a, b in pairs)
        small = list(zip(theirs.frames(shrink=4), own.frames(shrink=4), strict=True))
        assert all(np.array_equal(a[1], b[1]) for a, b in small)
        assert small[0][0][1].shape == (-(-own.info.height_px // 4), -(-own.info.width_px // 4))
        apart = list(zip(theirs.frames(shrink=4, closer={1: 1, 3: 2}), own.frames(shrink=4, closer={1: 1, 3: 2}), strict=True))
        assert all(np.array_equal(a[1], b[1]) for a, b in apart)
        assert [own.info.width_px / a[1].shape[1] for a, _ in apart] == pytest.approx([4, 1, 4, 2, 4], rel=0.1)


@pytest.mark.parametrize(("maker", "code"), CASES.values(), ids=CASES.keys())
def test_bad_input_is_refused_by_the_child_in_time(maker: Maker, code: str, tmp_path: Path) -> None:
    path = maker(tmp_path)
    before = {p.name for p in tmp_path.rglob("*")}
    started = time.monotonic()
    with pytest.raises(DecodingRefused) as refused, open_in_child(path) as stack:
        for _ in stack.frames():
            pass
    assert refused.value.code == code
    assert refused.value.detail
    assert refused.value.hint
    assert time.monotonic() - started < 10
    assert {p.name for p in tmp_path.rglob("*")} == before


def test_the_next_good_recording_works_after_a_bad_one(tmp_path: Path) -> None:
    with pytest.raises(DecodingRefused):
        DecoderProcess(files.truncated_jpeg_after_a_good_one(tmp_path), name="bad")
    with DecoderProcess(good.folder(tmp_path / "next", 3), name="good") as decoder:
        assert good.number_of(decoder.frame(2)) == 2


def test_a_rendered_jpeg_is_ours_and_carries_nothing_of_the_original(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(good.jpeg(4, taken="2026:01:02 03:04:05") + b"<script>alert(1)</script>")
    with DecoderProcess(tmp_path / "a.jpg", name="a.jpg") as decoder:
        whole, small = decoder.jpeg(0), decoder.jpeg(0, width=24, quality=70)
    for rendered, width in ((whole, 96), (small, 24)):
        assert not any(word in rendered for word in (b"DOE", b"2026", b"script", b"Exif"))
        (tmp_path / "b.jpg").write_bytes(rendered)
        with open_stack(tmp_path / "b.jpg") as stack:
            assert stack.info.width_px == width
            assert good.number_of(stack.read(0)) == 4


def test_a_crash_is_told_as_one_and_ends_only_its_own_recording(tmp_path: Path) -> None:
    path = good.folder(tmp_path / "dish", 3)
    with DecoderProcess(path, name="one") as one, DecoderProcess(path, name="other") as other:
        os.kill(one.pid, signal.SIGSEGV)
        with pytest.raises(DecodingRefused, match="signal 11") as refused:
            one.frame(0)
        assert (refused.value.code, one.is_open) == ("decoder_crashed", False)
        assert good.number_of(other.frame(1)) == 1
        with pytest.raises(DecodingRefused, match="decoder_closed"):
            one.frame(0)


def test_a_decoder_that_hangs_is_killed_in_time(tmp_path: Path) -> None:
    with DecoderProcess(good.folder(tmp_path / "dish", 3), name="dish", timeout_s=4) as decoder:
        os.kill(decoder.pid, signal.SIGSTOP)
        started = time.monotonic()
        with pytest.raises(DecodingRefused) as refused:
            decoder.frame(0)
        assert refused.value.code == "decoder_timeout"
        assert "within 4 seconds" in refused.value.detail
        assert time.monotonic() - started < 10, "the time that a decoder is given when nothing is said"


def test_a_recording_that_takes_too_much_memory_is_refused_as_such(tmp_path: Path) -> None:
    header, rows = struct.pack(">IIBBBBB", 14_000, 14_000, 8, 0, 0, 0, 0), zlib.compress(bytes(14_001 * 14_000), 1)
    chunks = [good.png_chunk(b"IHDR", header), good.png_chunk(b"IDAT", rows), good.png_chunk(b"IEND", b"")]
    (tmp_path / "big.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    with pytest.raises(DecodingRefused) as refused:
        DecoderProcess(tmp_path / "big.png", name="big.png", memory_mb=300)
    assert refused.value.code == "decoder_out_of_memory"


def test_the_child_is_bound_and_inherits_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "do-not-tell")
    with DecoderProcess(good.folder(tmp_path / "dish", 1), name="dish", memory_mb=1024) as decoder:
        proc = Path(f"/proc/{decoder.pid}")
        environment, limits = (proc / "environ").read_bytes(), (proc / "limits").read_text()
        assert len(list((proc / "fd").iterdir())) < 12
    assert b"do-not-tell" not in environment
    assert b"DJANGO" not in environment
    for name, value in (("Max address space", 1024**3), ("Max file size", 0), ("Max core file size", 0)):
        assert re.search(rf"{name}\s+{value}\s", limits), name


def test_a_decoder_stuck_in_a_loop_dies_with_its_worker(tmp_path: Path) -> None:
    """The worker is killed without a chance to tidy up; its decoder never looks at the connection again."""
    stuck = (
        "import sys; from backend.imaging.decoding.confinement import confine\n"
        "confine(512, int(sys.argv[1])); print('bound', flush=True)\nwhile True: pass"
    )
    worker = (
        "import os, subprocess, sys, time; r, w = os.pipe()\n"
        "child = subprocess.Popen([sys.executable, '-c', sys.argv[1], str(r)], pass_fds=[r]); print(child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", worker, stuck], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert process.stdout.readline() == "bound\n"
        decoder = psutil.Process(pid)
        process.kill()
        process.stdout.close()
    deadline = time.monotonic() + 5
    while decoder.is_running() and decoder.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.02)
    assert time.monotonic() < deadline


def test_a_stream_may_be_left_early_read_beside_and_started_again(tmp_path: Path) -> None:
    with open_in_child(good.folder(tmp_path / "dish", 60)) as stack:
        stream = stack.frames()
        assert [next(stream)[0] for _ in range(3)] == [0, 1, 2]
        assert good.number_of(stack.read(17)) == 17
        assert next(stream)[0] == 3
        with pytest.raises(DecodingRefused, match="decoder_busy"):
            next(stack.frames())
        stream.close()  # type: ignore[attr-defined]
        assert [(i, good.number_of(p)) for i, p in stack.frames([5, 2, 40])] == [(5, 5), (2, 2), (40, 4)]
        assert [good.number_of(p) for _, p in stack.frames()] == [i % 18 for i in range(60)]


def test_a_bad_frame_ends_a_stream_with_its_reason_and_others_stay_readable(tmp_path: Path) -> None:
    path = good.folder(tmp_path / "dish", 6)
    with open_in_child(path) as stack:
        whole = (path / "frame004.jpg").read_bytes()
        (path / "frame004.jpg").write_bytes(whole[: len(whole) // 2])
        stream = stack.frames()
        assert [next(stream)[0] for _ in range(4)] == [0, 1, 2, 3]
        with pytest.raises(DecodingRefused, match="file_truncated"):
            next(stream)
        assert good.number_of(stack.read(5)) == 5


def test_a_decoder_that_dies_in_a_stream_is_told_as_a_crash(tmp_path: Path) -> None:
    with open_in_child(good.folder(tmp_path / "dish", 300)) as stack:
        stream = stack.frames()
        next(stream)
        os.kill(stack._process.pid, signal.SIGKILL)
        with pytest.raises(DecodingRefused) as refused:
            list(stream)
    assert refused.value.code == "decoder_crashed"
