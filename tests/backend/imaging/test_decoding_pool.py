"""Decoders kept open for scrubbing: few, of one lab each, and ended when nobody asks."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from backend.imaging.decoding import DecodingRefused, FrameRenderer
from tests.hostile import good

_before: set[int] = set()


@pytest.fixture(autouse=True)
def _others() -> None:
    """Decoders and servers that other tests started may run beside those of these tests."""
    _before.clear()
    _before.update(child.pid for child in psutil.Process().children())


@pytest.fixture
def renderer() -> Iterator[FrameRenderer]:
    with FrameRenderer(processes=2) as pool:
        yield pool
    assert not _pids()


def _pids() -> set[int]:
    """The decoders that a test has started."""
    children = [child for child in psutil.Process().children() if child.pid not in _before]
    return {child.pid for child in children if any("decoding.child" in part for part in child.cmdline())}


def test_frames_of_one_recording_come_from_one_decoder(tmp_path: Path, renderer: FrameRenderer) -> None:
    path = good.folder(tmp_path / "dish", 8)
    first = [renderer.jpeg(path, owner="lab 1", name="dish", index=i) for i in range(8)]
    pids = _pids()
    assert [renderer.jpeg(path, owner="lab 1", name="dish", index=i) for i in range(8)] == first
    assert _pids() == pids
    assert len(renderer) == 1


def test_two_labs_never_share_a_decoder_even_for_one_stored_file(tmp_path: Path, renderer: FrameRenderer) -> None:
    path = good.folder(tmp_path / "dish", 2)
    renderer.jpeg(path, owner="lab 1", name="dish", index=0)
    renderer.jpeg(path, owner="lab 2", name="dish", index=0)
    assert len(_pids()) == 2


def test_the_least_recently_used_decoder_is_ended_first(tmp_path: Path, renderer: FrameRenderer) -> None:
    paths = [good.folder(tmp_path / str(i), 1) for i in range(3)]
    for path in paths[:2]:
        renderer.jpeg(path, owner="lab", name="dish", index=0)
    renderer.jpeg(paths[0], owner="lab", name="dish", index=0)
    kept = _pids()
    renderer.jpeg(paths[2], owner="lab", name="dish", index=0)
    assert len(_pids()) == 2
    assert len(_pids() & kept) == 1


def test_a_decoder_that_nobody_asks_is_ended(tmp_path: Path) -> None:
    with FrameRenderer(idle_s=0.2) as renderer:
        renderer.jpeg(good.folder(tmp_path / "dish", 1), owner="lab", name="dish", index=0)
        deadline = time.monotonic() + 10
        while _pids() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not _pids()


def test_a_decoder_that_crashed_is_replaced_on_the_next_call(tmp_path: Path, renderer: FrameRenderer) -> None:
    path = good.folder(tmp_path / "dish", 2)
    renderer.jpeg(path, owner="lab", name="dish", index=0)
    os.kill(_pids().pop(), signal.SIGSEGV)
    with pytest.raises(DecodingRefused, match="decoder_crashed"):
        renderer.jpeg(path, owner="lab", name="dish", index=1)
    assert renderer.jpeg(path, owner="lab", name="dish", index=1).startswith(b"\xff\xd8")


def test_a_recording_that_is_deleted_keeps_no_decoder(tmp_path: Path, renderer: FrameRenderer) -> None:
    path = good.folder(tmp_path / "dish", 1)
    renderer.jpeg(path, owner="lab", name="dish", index=0)
    renderer.forget(path)
    assert not _pids()


def test_many_threads_get_their_own_frames(tmp_path: Path, renderer: FrameRenderer) -> None:
    paths = [good.folder(tmp_path / str(i), 6, f"{i}_{{:03}}.jpg") for i in range(3)]
    alone = {(p, i): renderer.jpeg(p, owner="lab", name="dish", index=i) for p in paths for i in range(6)}
    with ThreadPoolExecutor(6) as threads:
        asked = list(alone) * 4
        answers = list(threads.map(lambda key: renderer.jpeg(key[0], owner="lab", name="dish", index=key[1]), asked))
    assert answers == [alone[key] for key in asked]


def test_a_closed_renderer_refuses(tmp_path: Path) -> None:
    pool = FrameRenderer()
    pool.close()
    with pytest.raises(DecodingRefused, match="decoder_closed"):
        pool.jpeg(good.folder(tmp_path / "dish", 1), owner="lab", name="dish", index=0)
