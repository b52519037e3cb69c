"""What a process that reads a stranger's file gives up before it opens it; called in that process, while it has one thread."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path

from detector.admission import landlock, syscalls

MEMORY_BYTES = 2 * 1024**3
ADDRESSES_BYTES = 32 * 1024**3
"""A torch built for graphics cards maps gigabytes of libraries that it never reads; memory of its own is what is bounded."""
FILE_BYTES = 600 * 1024**2
OPEN_FILES = 128
CPU_S = 240
_PDEATHSIG, _DUMPABLE, _NO_NEW_PRIVS, _CAPBSET_DROP, _SECUREBITS, _AMBIENT = 1, 4, 38, 24, 28, 47
_AMBIENT_CLEAR_ALL = 4
_NO_ROOT_LOCKED = 0b11
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITIES_V3 = 0x20080522
_LAST_CAPABILITY = 63
_SYSTEM_READ = (
    "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/ld.so.cache", "/etc/localtime",
    "/dev/urandom", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu", "/sys/devices/system/node",
)  # fmt: skip
"""Libraries, and what they ask about processors and memory; nobody's process, setting or data."""


def limit(memory_bytes: int = MEMORY_BYTES) -> None:
    """Bound memory, files and processor time; holds everywhere, and is not a sandbox yet."""
    for kind, value in (
        (resource.RLIMIT_DATA, memory_bytes), (resource.RLIMIT_AS, ADDRESSES_BYTES), (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES), (resource.RLIMIT_CPU, CPU_S),
    ):  # fmt: skip
        with suppress(ValueError, OSError):
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))


def die_with(parent: int) -> None:
    """End with the process that started this one, however that ends."""
    if sys.platform == "linux":
        _prctl(_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def confine(scratch: Path) -> int:
    """Give up everything but reading our own code and writing below `scratch`; gives the version of Landlock that holds.

    Raises OSError where any part cannot be had: the caller ends then, before it has read anything.
    """
    if sys.platform != "linux" or not syscalls.is_known():
        raise OSError("sandboxing is known for Linux on x86_64 and aarch64")
    if len(os.listdir("/proc/self/task")) != 1:
        raise OSError("another thread runs already and would stay free")
    _drop_capabilities()
    _must(_NO_NEW_PRIVS, 1)
    _must(_DUMPABLE, 0)
    version = landlock.restrict(read=_readable(), write=[scratch, Path("/dev/null")])
    syscalls.filter_calls()
    return version


def _readable() -> list[Path]:
    """The interpreter, its packages and the detector; not the folder above it, where a server keeps its data."""
    roots = {sys.prefix, sys.base_prefix, *(path for path in sys.path if path.rstrip("/").endswith(("site-packages", "dist-packages")))}
    own = Path(__file__).resolve().parent.parent
    # A system Python's prefix is /usr: its libraries are named below already.
    kept = [Path(root) for root in sorted(roots) if root not in ("/", "/usr", "/usr/local")]
    return [*kept, own, *(Path(path) for path in _SYSTEM_READ)]


def _drop_capabilities() -> None:
    """Root without its powers is somebody whom file modes bind; others have none to drop."""
    _prctl(_AMBIENT, _AMBIENT_CLEAR_ALL)
    for capability in range(_LAST_CAPABILITY + 1):
        _prctl(_CAPBSET_DROP, capability)
    _prctl(_SECUREBITS, _NO_ROOT_LOCKED)
    libc = ctypes.CDLL(None, use_errno=True)
    head = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if libc.syscall(ctypes.c_long(_CAPSET[os.uname().machine]), ctypes.byref(head), ctypes.byref(nothing)) != 0:
        raise OSError(ctypes.get_errno(), "the powers of root could not be given up")


def _prctl(what: int, value: int) -> int:
    zero = ctypes.c_ulong(0)
    return int(ctypes.CDLL(None, use_errno=True).prctl(what, ctypes.c_ulong(value), zero, zero, zero))


def _must(what: int, value: int) -> None:
    if _prctl(what, value) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {what} was refused: {os.strerror(code)}")
