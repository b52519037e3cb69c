"""A zip that is sent while it is written; neither the whole nor any large member ever lies in memory or on disk."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator

from asgiref.sync import sync_to_async

from backend.labels.formats.writing.values import Member

BLOCK_BYTES = 256 * 1024
STORED = (".jpg", ".jpeg", ".png", ".webp")
"""Packed already: packing them again costs time and saves nothing."""


class _Outlet(io.RawIOBase):
    """Takes what the zip writes, until somebody fetches it; has no past to seek to."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, block: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        self._waiting.append(bytes(block))
        self.size += len(block)
        return len(block)

    def taken(self) -> bytes:
        whole, self._waiting, self.size = b"".join(self._waiting), [], 0
        return whole


def zipped(members: Iterable[Member]) -> Iterator[bytes]:
    """The archive piece by piece."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for name, blocks in members:
            info = zipfile.ZipInfo(name)
            # One date for all: the archive of the same labels has the same bytes.
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if name.lower().endswith(STORED) else zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as file:
                for block in blocks:
                    file.write(block)
                    if outlet.size >= BLOCK_BYTES:
                        yield outlet.taken()
    yield outlet.taken()


async def sent(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same for a server that must not wait: each piece is made in the thread that talks to the database."""
    fetch = sync_to_async(lambda: next(blocks, None), thread_sensitive=True)
    while (block := await fetch()) is not None:
        yield block
        await asyncio.sleep(0)
