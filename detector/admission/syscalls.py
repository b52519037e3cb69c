"""Which system calls a confined process may make, as a seccomp filter; whatever is not named is answered with EPERM.

Numbers: Linux arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h (aarch64).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

_CLONE_THREAD = 0x00010000
_SECCOMP_SET_MODE_FILTER, _TSYNC = 1, 1
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_LD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_NR, _ARCH, _ARG0 = 0, 4, 16
_X32 = 0x40000000
_PRCTL_ALLOWED = (15, 16, 0x53564D41)
"""PR_SET_NAME, PR_GET_NAME, PR_SET_VMA: names of threads and of memory, nothing else."""
_ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Reading, writing what Landlock lets it write, memory, threads, time. No sockets, no programs, no processes, no modes, owners or links.
_ALLOWED: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63), "write": (1, 64), "open": (2, None), "openat": (257, 56), "close": (3, 57), "stat": (4, None), "fstat": (5, 80),
    "lstat": (6, None), "newfstatat": (262, 79), "statx": (332, 291), "poll": (7, None), "ppoll": (271, 73), "lseek": (8, 62),
    "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "mremap": (25, 216), "madvise": (28, 233),
    "mincore": (27, 232), "msync": (26, 227), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132), "pread64": (17, 67), "pwrite64": (18, 68), "readv": (19, 65), "writev": (20, 66), "preadv": (295, 69),
    "pwritev": (296, 70), "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439), "pipe": (22, None), "pipe2": (293, 59),
    "select": (23, None), "pselect6": (270, 72), "sched_yield": (24, 124), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24),
    "nanosleep": (35, 101), "clock_nanosleep": (230, 115), "clock_gettime": (228, 113), "clock_getres": (229, 114),
    "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153), "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173),
    "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177), "getcwd": (79, 17), "chdir": (80, 49),
    "fchdir": (81, 50), "fsync": (74, 82), "fdatasync": (75, 83), "ftruncate": (77, 46),
    "truncate": (76, 45), "fallocate": (285, 47), "getdents64": (217, 61), "rename": (82, None), "renameat": (264, 38),
    "renameat2": (316, 276), "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None), "unlink": (87, None), "unlinkat": (263, 35),
    "readlink": (89, None), "readlinkat": (267, 78), "statfs": (137, 43), "fstatfs": (138, 44), "fadvise64": (221, 223),
    "sendfile": (40, 71), "copy_file_range": (326, 285), "umask": (95, 166), "uname": (63, 160), "sysinfo": (99, 179),
    "getrlimit": (97, None), "getrusage": (98, 165), "futex": (202, 98), "set_tid_address": (218, 96), "set_robust_list": (273, 99),
    "get_robust_list": (274, 100), "rseq": (334, 293), "membarrier": (324, 283), "arch_prctl": (158, None), "exit": (60, 93),
    "exit_group": (231, 94), "restart_syscall": (219, 128), "getrandom": (318, 278), "sched_getaffinity": (204, 123),
    "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126),
    "sched_getparam": (143, 121), "sched_getscheduler": (145, 120), "getpriority": (140, 141),
    "getcpu": (309, 168), "mbind": (237, 235), "get_mempolicy": (239, 236), "set_mempolicy": (238, 237),
    "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, None), "epoll_pwait": (281, 22), "eventfd2": (290, 19),
}  # fmt: skip
_CLONE, _CLONE3, _TGKILL, _PRCTL, _PRLIMIT64 = (56, 220), (435, 435), (234, 131), (157, 167), (302, 261)
_IOCTL, _FCNTL, _MMAP, _AFFINITY = (16, 29), (72, 25), (9, 222), (203, 122)
_MAP_SHARED = 1
_FCNTLS = (0, 1, 2, 3, 4, 1030)
"""Copies and flags of descriptors; not who is signalled about them."""
_IOCTLS = (0x5401, 0x5451, 0x5421)
"""TCGETS, FIOCLEX, FIONBIO: what Python asks of the files it opens."""
_SECCOMP = {"x86_64": 317, "aarch64": 277}


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def is_known() -> bool:
    """The numbers of this processor's system calls are known here."""
    return platform.machine() in _ARCHES


def filter_calls() -> None:
    """Bind every thread of this process to the filter for good; needs no_new_privs, raises OSError where the kernel refuses."""
    program = _program(platform.machine(), os.getpid())
    told = _Program(len(program) // 8, program)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    number = ctypes.c_long(_SECCOMP[platform.machine()])
    if libc.syscall(number, ctypes.c_long(_SECCOMP_SET_MODE_FILTER), ctypes.c_long(_TSYNC), ctypes.byref(told)) != 0:
        code = ctypes.get_errno()
        raise OSError(code or errno.EINVAL, f"seccomp was refused: {os.strerror(code)}")


def _program(machine: str, own_id: int) -> bytes:
    which = list(_ARCHES).index(machine)
    steps = [_step(_LD, _ARCH), _step(_JEQ, _ARCHES[machine], 1, 0), _step(_RET, _KILL_PROCESS), _step(_LD, _NR)]
    if machine == "x86_64":
        # The x32 calls are the same ones under other numbers.
        steps += [_step(_JGE, _X32, 0, 1), _step(_RET, _KILL_PROCESS)]
    for numbers in _ALLOWED.values():
        number = numbers[which]
        if number is not None:
            steps += [_step(_JEQ, number, 0, 1), _step(_RET, _ALLOW)]
    # glibc falls back to clone, whose flags can be looked at; those of clone3 lie in memory.
    steps += [_step(_JEQ, _CLONE3[which], 0, 1), _step(_RET, _ERRNO | errno.ENOSYS)]
    steps += _where(_CLONE[which], [_step(_LD, _ARG0), _step(_JSET, _CLONE_THREAD, 0, 1), _step(_RET, _ALLOW)])
    steps += _where(_TGKILL[which], _one_of((own_id,)))
    steps += _where(_PRCTL[which], _one_of(_PRCTL_ALLOWED))
    steps += _where(_IOCTL[which], _one_of(_IOCTLS, _ARG0 + 8))
    steps += _where(_FCNTL[which], _one_of(_FCNTLS, _ARG0 + 8))
    steps += _where(_AFFINITY[which], _one_of((0,)))
    # Shared memory is counted against no limit.
    steps += _where(_MMAP[which], [_step(_LD, _ARG0 + 24), _step(_JSET, _MAP_SHARED, 1, 0), _step(_RET, _ALLOW)])
    # Limits may be read, its own only, and never raised: the third argument points to new ones.
    looks = [_step(_LD, _ARG0 + 16), _step(_JEQ, 0, 0, 3), _step(_LD, _ARG0 + 20), _step(_JEQ, 0, 0, 1), _step(_RET, _ALLOW)]
    steps += _where(_PRLIMIT64[which], looks)
    return b"".join([*steps, _step(_RET, _ERRNO | errno.EPERM)])


def _where(number: int, body: list[bytes]) -> list[bytes]:
    """`body` for this call alone; what it does not allow is refused."""
    inside = [*body, _step(_RET, _ERRNO | errno.EPERM)]
    return [_step(_JEQ, number, 0, len(inside)), *inside]


def _one_of(values: tuple[int, ...], argument: int = _ARG0) -> list[bytes]:
    steps = [_step(_LD, argument)]
    for value in values:
        steps += [_step(_JEQ, value, 0, 1), _step(_RET, _ALLOW)]
    return steps


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
