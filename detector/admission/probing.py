"""Tries to break the sandbox from inside; whatever succeeds is a fault."""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

_NUMBERS = {
    "x86_64": {
        "fork": 57, "vfork": 58, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "mount": 165, "unshare": 272,
        "bpf": 321, "io_uring_setup": 425, "keyctl": 250, "add_key": 248, "perf_event_open": 298, "init_module": 175, "setns": 308,
        "pidfd_open": 434, "pidfd_send_signal": 424, "userfaultfd": 323, "memfd_create": 319, "chroot": 161, "reboot": 169,
        "personality": 135,
        "open_by_handle_at": 304, "execveat": 322, "setuid": 105, "seccomp": 317, "shmget": 29, "msgget": 68,
    },
    "aarch64": {
        "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "mount": 40, "unshare": 97, "bpf": 280, "io_uring_setup": 425,
        "keyctl": 219, "add_key": 217, "perf_event_open": 241, "init_module": 105, "setns": 268, "pidfd_open": 434, "execveat": 281,
        "pidfd_send_signal": 424, "userfaultfd": 282, "memfd_create": 279, "chroot": 51, "reboot": 142, "personality": 92,
        "open_by_handle_at": 265, "setuid": 146, "seccomp": 277, "shmget": 194, "msgget": 186,
    },
}  # fmt: skip
_EPERM = 1
_CLONE3, _CLONE_THREAD_LESS = 435, 17


def probe(told: dict[str, Any]) -> dict[str, Any]:
    """What was tried and what went through."""
    tries = _tries(int(told["parent"]), int(told["port"]), Path(told["canary"]), Path(told["scratch"]))
    faults = [name for name, attempt in tries.items() if _goes_through(attempt)]
    faults += _lacks(Path(told["scratch"]))
    numbers = _NUMBERS[os.uname().machine]
    libc = ctypes.CDLL(None, use_errno=True)
    for name, number in numbers.items():
        # All nothings: a kernel without the filter answers with another error, or does it.
        answer = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(0)] * 6)
        if answer == 0 and name in ("fork", "vfork"):
            os._exit(0)
        if answer >= 0 or ctypes.get_errno() != _EPERM:
            faults.append(name)
    return {"faults": faults, "tried": [*tries, *numbers, "environment", "scratch", "threads"], "landlock": told["landlock"]}


def spin(_: dict[str, Any]) -> dict[str, Any]:
    """Never ends by itself."""
    while True:
        pass


def _tries(parent: int, port: int, canary: Path, scratch: Path) -> dict[str, Callable[[], object]]:
    return {
        "connect": lambda: socket.create_connection(("127.0.0.1", port), timeout=2),
        "unix socket": lambda: socket.socket(socket.AF_UNIX),
        "raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW),
        "socket pair": socket.socketpair,
        "exec": lambda: os.execv(sys.executable, [sys.executable, "-c", ""]),  # noqa: S606
        "start a program": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "start a process": _fork,
        "read a secret": canary.read_bytes,
        "read accounts": lambda: Path("/etc/passwd").read_bytes(),
        "read the parent's environment": lambda: Path(f"/proc/{parent}/environ").read_bytes(),
        "read its own environment": lambda: Path("/proc/self/environ").read_bytes(),
        "read the home": lambda: os.listdir(canary.parent),
        "write outside": lambda: canary.with_name("written").write_bytes(b"x"),
        "write into the temporary folder": lambda: Path("/tmp", f"probe-{os.getpid()}").write_bytes(b"x"),  # noqa: S108
        "overwrite": lambda: canary.write_bytes(b"x"),
        "append": lambda: canary.open("ab"),
        "cut short": lambda: os.truncate(canary, 0),
        "remove": canary.unlink,
        "move in": lambda: canary.rename(scratch / "moved"),
        "link in": lambda: os.link(canary, scratch / "linked"),
        "symbolic link": lambda: (scratch / "link").symlink_to(canary),
        "change a mode": lambda: canary.chmod(0o777),
        "change an owner": lambda: os.chown(canary, 0, 0),
        "change a time": lambda: os.utime(canary, (0, 0)),
        "write our code": lambda: Path(__file__).open("ab"),
        "write packages": lambda: Path(os.__file__).open("ab"),
        "device": lambda: os.mknod(scratch / "device"),
        "signal the parent": lambda: os.kill(parent, 0),
        "raise a limit": lambda: resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)),
        "take three gibibytes": lambda: mmap.mmap(-1, 3 * 1024**3, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS),
        "share three gibibytes": lambda: mmap.mmap(-1, 3 * 1024**3),
        "change root": lambda: os.chroot(scratch),
        "bind others to a processor": lambda: os.sched_setaffinity(parent, {0}),
        "lower the priority of others": lambda: os.setpriority(os.PRIO_PROCESS, parent, 19),
    }


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)


def _goes_through(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, MemoryError, ValueError):
        return False
    return True


def _lacks(scratch: Path) -> list[str]:
    """What the work inside needs and what it must not find."""
    faults = []
    kept = {"HOME", "TMPDIR", "LANG"}
    if any(word in name for name in os.environ for word in ("SECRET", "DATABASE", "KEY", "TOKEN", "PASSWORD")) or not kept <= set(
        os.environ
    ):
        faults.append("environment")
    try:
        (scratch / "own").write_bytes(b"x")
        (scratch / "own").unlink()
    except OSError:
        faults.append("scratch")
    import threading

    thread = threading.Thread(target=lambda: None)
    with suppress(RuntimeError):
        thread.start()
    if thread.ident is None:
        faults.append("threads")
    return faults
