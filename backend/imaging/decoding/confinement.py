"""What a decoder process may not do: take too much memory, write files, leave a core, gain privileges, outlive its worker."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import sys

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_OPEN_FILES = 128


def confine(memory_mb: int, life_fd: int) -> None:
    """Bind the calling process; called before it touches a byte of the recording."""
    die_with_worker(life_fd)
    _limit(resource.RLIMIT_AS, memory_mb * 1024 * 1024)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _limit(kind: int, value: int) -> None:
    # A container may have set a lower ceiling already; that one stays.
    with contextlib.suppress(ValueError, OSError):
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def die_with_worker(life_fd: int) -> None:
    """The worker holds the other end of this pipe; when it is gone the kernel sends SIGIO, which ends us even inside a codec.

    PR_SET_PDEATHSIG would not do: it fires when the thread that started us ends, and workers have short-lived threads.
    """
    fcntl.fcntl(life_fd, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(life_fd, fcntl.F_SETFL, fcntl.fcntl(life_fd, fcntl.F_GETFL) | os.O_ASYNC)
