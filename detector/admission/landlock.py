"""Which files a confined process may touch: the kernel's Landlock, through ctypes.

Structures and flags: include/uapi/linux/landlock.h; the numbers of its calls are the same on every processor.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

LEAST_ABI = 3
"""Before, a file that must not be written could still be cut short."""
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_WRITE, _READ, _LIST, _REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_FILE = 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_OF_FILES = _WRITE | _READ | _TRUNCATE
_HANDLED = {3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Every right of a version; from 5 on devices' ioctl too."""
_TCP = 0b11
_SCOPES = 0b11
"""Abstract UNIX sockets and signals stay within."""


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def abi() -> int:
    """The version of Landlock that this kernel offers, 0 for none."""
    with suppress(OSError):
        return _call(_CREATE, None, 0, _VERSION)
    return 0


def restrict(*, read: Iterable[Path], write: Iterable[Path]) -> int:
    """Let this process read below `read`, read and write below `write`, and touch nothing else; gives the version that holds.

    Must be called while there is one thread; needs no_new_privs. Raises OSError where it cannot hold.
    """
    version = abi()
    if version < LEAST_ABI:
        raise OSError(errno.EOPNOTSUPP, f"Landlock {LEAST_ABI} is needed, the kernel offers {version}")
    handled = _HANDLED.get(version, _HANDLED[5])
    rules = _Ruleset(handled, _TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    ruleset = _call(_CREATE, ctypes.byref(rules), ctypes.sizeof(rules), 0)
    try:
        for path in read:
            _allow(ruleset, path, _READ | _LIST)
        own = _READ | _LIST | _WRITE | _TRUNCATE | _MAKE_FILE | _MAKE_DIR | _REMOVE_FILE | _REMOVE_DIR | _REFER
        for path in write:
            _allow(ruleset, path, own)
        _call(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)
    return version


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        # What is not there cannot be read either.
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_FILES
        _call(_ADD, ruleset, _PATH_BENEATH, ctypes.byref(_Beneath(rights, place)), 0)
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    told = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    answer = int(libc.syscall(ctypes.c_long(number), *told))
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock was refused: {os.strerror(code)}")
    return answer
