"""The detector's own commands as child processes: neither torch nor a net is ever loaded by the worker that waits for them."""

from __future__ import annotations

import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from backend.imaging.decoding.confinement import die_with_worker

logger = logging.getLogger(__name__)
LOOK_EVERY_S = 0.5
_KEPT_LINES = 20
_LONGEST_LINE = 64 * 1024
_LONGEST_ANSWER = 1024 * 1024
_NAMES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PATH", "TZ")
Said = dict[str, Any]


class CommandRefused(Exception):
    """The detector's own refusal in three parts."""

    def __init__(self, code: str, detail: str, hint: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.hint = hint


class CommandFailed(Exception):
    """It ended without an answer; what may pass is tried again."""


def run_detector(words: Sequence[str], folder: Path, *, check: Callable[[], None], hear: Callable[[Said], None]) -> Said:
    """Run `python -m detector WORDS` to its end and give its answer.

    `hear` gets each JSON line it says on the way; `check` is called about twice a second and ends it by raising. Whatever happens, nothing
    of it runs on.
    """
    answer = folder / f"{words[0]}.json"
    with answer.open("wb") as told, _started(words, folder, told) as (process, says):
        last = _follow(says, check, hear)
        while (status := process.poll()) is None:
            check()
            time.sleep(LOOK_EVERY_S / 10)
    text = answer.read_bytes()[:_LONGEST_ANSWER].decode(errors="replace")
    said = _as_json(text.strip().rpartition("\n")[2]) or {}
    if status == 2 and isinstance(said.get("code"), str):
        raise CommandRefused(said["code"], str(said.get("detail", "")), str(said.get("hint", "")))
    if status != 0 or not said:
        logger.warning("detector %s ended with %s after: %s", words[0], status, "\n".join(last))
        raise CommandFailed(f"It ended with {'signal ' if status < 0 else 'status '}{abs(status)}.")
    return said


@contextmanager
def _started(words: Sequence[str], folder: Path, told: IO[bytes]) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A process group of its own that inherits no secret, and dies with this worker however that ends."""
    life_read, life_write = os.pipe()
    says_read, says_write = os.pipe()
    home = {"HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        process = subprocess.Popen(
            [sys.executable, "-s", "-m", "detector", *words],
            cwd=settings.BASE_DIR,
            env=home | {name: os.environ[name] for name in _NAMES if name in os.environ},
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=says_write,
            pass_fds=(life_read,),
            start_new_session=True,
            preexec_fn=lambda: _stand_back(life_read),
        )
    except BaseException:
        os.close(life_write)
        os.close(says_read)
        raise
    finally:
        os.close(life_read)
        os.close(says_write)
    try:
        with os.fdopen(says_read, "rb", buffering=0) as says:
            yield process, says
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(life_write)


def _stand_back(life_fd: int) -> None:
    die_with_worker(life_fd)
    os.nice(15)


def _follow(says: IO[bytes], check: Callable[[], None], hear: Callable[[Said], None]) -> deque[str]:
    """Pass on what is said until the other end closes; gives the last lines that were no JSON."""
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    heard_at, rest = time.monotonic(), b""
    with selectors.DefaultSelector() as ready:
        ready.register(says, selectors.EVENT_READ)
        while True:
            check()
            if not ready.select(LOOK_EVERY_S):
                if time.monotonic() - heard_at > settings.ADAPT_SILENCE_S:
                    raise CommandFailed(f"It has said nothing for {settings.ADAPT_SILENCE_S:.0f} s.")
                continue
            part = os.read(says.fileno(), _LONGEST_LINE)
            if not part:
                return last
            heard_at = time.monotonic()
            *lines, rest = (rest + part).split(b"\n")
            rest = rest[-_LONGEST_LINE:]
            for line in lines:
                text = line.decode(errors="replace")
                said = _as_json(text)
                if said is None:
                    last.append(text)
                else:
                    hear(said)


def _as_json(line: str) -> Said | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
