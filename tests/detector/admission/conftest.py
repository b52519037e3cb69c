"""A trap around every admission: whatever a hostile file reaches for would be seen."""

from __future__ import annotations

import hashlib
import os
import resource
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from detector.admission.sandbox import Holds, self_test
from tests.detector.admission.hostile import Trap

SECRET = "a secret that nobody may read"
MOST_KIB = 2_300_000


@pytest.fixture(scope="session")
def holds() -> Holds:
    """What the self-test of this machine's sandbox finds."""
    return self_test()


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trap]:
    """Files that must stay as they are, a listener that nobody may reach, secrets in the environment; judged at the end."""
    outside = tmp_path / "outside"
    outside.mkdir()
    canary = outside / "canary"
    canary.write_text(SECRET)
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("DATABASE_URL", f"postgres://user:{SECRET.replace(' ', '')}@127.0.0.1/db")
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        before, most_before = _state(outside), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        yield Trap(canary, listener.getsockname()[1])
        assert _state(outside) == before
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert _children() == []
    assert list(scratch.iterdir()) == []
    # The largest of all children so far; others' tests may have had a larger one.
    assert (most := resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) < MOST_KIB or most == most_before


def _state(folder: Path) -> list[tuple[str, str, float]]:
    return [(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime) for path in sorted(folder.iterdir())]


def _children() -> list[str]:
    """What this process has started and is still there."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text()
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if int(stat.rpartition(")")[2].split()[1]) == os.getpid() and "detector.admission" in line:
            found.append(line)
    return found
