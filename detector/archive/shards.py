"""Shards: tar files in WebDataset's form, a member named by hash and code for each picture; a kill loses nothing that was kept."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path
from typing import IO, Protocol

from detector.archive.codecs import ENDINGS
from detector.archive.journal import Journal, Member
from detector.errors import DetectorError

BLOCK = 512
END = b"\0" * (2 * BLOCK)
PIECE_BYTES = 1 << 20


class Readable(Protocol):
    """What is copied piece by piece."""

    def read(self, size: int) -> bytes: ...


def name_of(shard: int) -> str:
    return f"shard-{shard:06d}.tar"


class ShardWriter:
    """Appends to the open shard; what is not in the journal's size of it is cut off when an interrupted run goes on."""

    def __init__(self, folder: Path, journal: Journal, shard_bytes: int) -> None:
        self._folder, self._journal, self._limit = folder, journal, shard_bytes
        last = journal.last_shard()
        self.number = max(last, 0)
        if last >= 0 and journal.shard(last)[1]:
            self.number = last + 1
        self._open()

    def _open(self) -> None:
        self._size = self._journal.shard(self.number)[0]
        path = self._folder / f"{name_of(self.number)}.part"
        whole = self._folder / name_of(self.number)
        if self._size and not path.exists() and whole.exists():
            # Killed between the rename and the note that it is closed.
            whole.rename(path)
        held = path.stat().st_size if path.exists() else 0
        if held < self._size:
            detail = f"{path.name} holds {held} of {self._size} bytes"
            raise DetectorError("archive_damaged", detail, "Put the shard back from a copy, or begin another archive.")
        self._file: IO[bytes] = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(self._size)
        self._file.seek(self._size)

    def add(self, sha256: bytes, code: str, payload: bytes | Readable, size: int) -> tuple[int, int]:
        """Append a picture; gives the shard and the place of its first byte."""
        if self._size and self._size + size + 2 * BLOCK > self._limit:
            self.close_shard()
        info = tarfile.TarInfo(f"{sha256.hex()}.{ENDINGS[code]}")
        info.size = size
        header = info.tobuf(tarfile.PAX_FORMAT)
        at = self._size + len(header)
        self._file.write(header)
        if isinstance(payload, bytes):
            self._file.write(payload)
        else:
            left = size
            while left:
                piece = payload.read(min(PIECE_BYTES, left))
                if not piece:
                    raise OSError(f"the file ended {left} bytes early")
                self._file.write(piece)
                left -= len(piece)
        self._file.write(b"\0" * (-size % BLOCK))
        self._size = at + size + -size % BLOCK
        return self.number, at

    def undo(self, size: int) -> None:
        """Take back what was appended beyond this size of the shard."""
        self._file.truncate(size)
        self._file.seek(size)
        self._size = size

    @property
    def size(self) -> int:
        return self._size

    def sync(self) -> None:
        """Everything added so far is on the disk, and the journal counts it, in the caller's transaction."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._journal.note_shard(self.number, self._size, is_closed=False)

    def close_shard(self) -> None:
        """End the shard, write what is known of its pictures beside it, and begin the next; in the caller's transaction."""
        if not self._size:
            return
        self._file.write(END)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        with (self._folder / f"shard-{self.number:06d}.jsonl").open("w", encoding="utf-8") as lines:
            for member in self._journal.members(self.number):
                lines.write(json.dumps(_told(member)) + "\n")
        whole = self._folder / name_of(self.number)
        (self._folder / f"{name_of(self.number)}.part").rename(whole)
        self._journal.note_shard(self.number, self._size + len(END), is_closed=True)
        self.number += 1
        self._open()

    def leave(self) -> None:
        """Close the file; an empty shard leaves none."""
        self._file.close()
        if not self._size:
            (self._folder / f"{name_of(self.number)}.part").unlink(missing_ok=True)


def payload_of(folder: Path, member: Member) -> bytes:
    """A picture as it is kept; raises DetectorError where its shard is gone."""
    path = folder / name_of(member.shard)
    if not path.exists():
        path = path.with_name(f"{path.name}.part")
    try:
        with path.open("rb") as file:
            file.seek(member.at)
            return file.read(member.kept)
    except FileNotFoundError as reason:
        raise DetectorError("archive_damaged", f"{name_of(member.shard)} is missing", "Put it back from a copy.") from reason


def _told(member: Member) -> dict[str, object]:
    told = {
        "key": member.sha256.hex(), "path": member.path.encode("utf-8", "replace").decode(), "code": member.code, "bytes": member.bytes,
        "width": member.width, "height": member.height, "look": None if member.look is None else f"{member.look:016x}",
    }  # fmt: skip
    return told | ({"facts": member.facts} if member.facts else {})
