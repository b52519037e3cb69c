"""Nets that are open, by hash: what was not asked for longest is let go first where memory is short."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

N = TypeVar("N")


class Shelf(Generic[N]):
    """At most `most_bytes` of nets, of which the one asked for last always stays; not for use from two threads at once."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._nets: OrderedDict[str, tuple[N, int]] = OrderedDict()
        self.let_go = 0
        """Nets let go so far."""

    def __len__(self) -> int:
        return len(self._nets)

    def __contains__(self, key: object) -> bool:
        return key in self._nets

    def clear(self) -> None:
        self._nets.clear()

    @property
    def bytes(self) -> int:
        """What the nets took when they were opened."""
        return sum(size for _, size in self._nets.values())

    def get(self, key: str) -> N | None:
        found = self._nets.get(key)
        if found is None:
            return None
        self._nets.move_to_end(key)
        return found[0]

    def put(self, key: str, open_it: Callable[[], N], *, at_least: int) -> N:
        """Open a net and keep it; its size is what the process grew by, and no less than `at_least`."""
        before = resident_bytes()
        net = open_it()
        self._nets[key] = (net, max(resident_bytes() - before, at_least))
        while len(self._nets) > 1 and self.bytes > self._most_bytes:
            self._nets.popitem(last=False)
            self.let_go += 1
        return net


def resident_bytes() -> int:
    """Memory of this process; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
