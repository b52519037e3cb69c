"""What an archive knows of itself: a SQLite file that grows on disk and not in memory, so that it holds for any number of pictures."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.archive.looks import BITS, distance
from detector.errors import DetectorError

NAME = "journal.sqlite3"
VERSION = 1
BANDS = 4
"""Looks that differ in fewer places than this share one of the bands whole."""
ALIKE = 3
MOST_COMPARED = 100
"""Pictures of one band that a new one is held against: a recording of one dish would fill thousands."""
MOST_ALIKE = 4
"""Of those, so many are told: the same dish recorded again and again must not fill the journal with pairs."""
CACHE_MIB = 64
_TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (path BLOB PRIMARY KEY, bytes INTEGER, mtime_ns INTEGER, sha256 BLOB, state TEXT, reason TEXT)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pictures (sha256 BLOB PRIMARY KEY, shard INTEGER, at INTEGER, kept INTEGER, bytes INTEGER, code TEXT,
    width INTEGER, height INTEGER, look INTEGER, facts TEXT, path BLOB) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pictures_of_a_shard ON pictures (shard, at);
CREATE TABLE IF NOT EXISTS looks (band INTEGER, bits INTEGER, sha256 BLOB, look INTEGER, home INTEGER, PRIMARY KEY (band, bits, sha256))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alike (sha256 BLOB, other BLOB, distance INTEGER, PRIMARY KEY (sha256, other)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shards (number INTEGER PRIMARY KEY, bytes INTEGER, is_closed INTEGER);
"""


@dataclass(frozen=True, slots=True)
class Member:
    """Where a picture lies and what it needs to come back."""

    sha256: bytes
    shard: int
    at: int
    kept: int
    bytes: int
    code: str
    width: int
    height: int
    look: int | None
    facts: dict[str, Any]
    path: str
    """Of the first file that held it; others may hold it too."""


class Journal:
    """One archive's journal; written by one process, read by any number beside it."""

    def __init__(self, folder: Path, *, is_reader: bool = False) -> None:
        path = folder / NAME
        if is_reader:
            if not path.is_file():
                raise DetectorError("archive_missing", f"there is no archive in {folder}", "Give the folder that was given as --out.")
            self._rows = _read_only(path)
        else:
            self._rows = sqlite3.connect(path, timeout=30, isolation_level=None)
            self._rows.execute("PRAGMA journal_mode=WAL")
            # A commit that a power cut takes away is a few pictures that are ingested again.
            self._rows.execute("PRAGMA synchronous=NORMAL")
            self._rows.executescript(_TABLES)
            self._rows.execute("INSERT OR IGNORE INTO about VALUES ('version', ?)", (str(VERSION),))
        self._rows.execute(f"PRAGMA cache_size=-{CACHE_MIB * 1024}")
        version = self._rows.execute("SELECT value FROM about WHERE name='version'").fetchone()
        if version is None or version[0] != str(VERSION):
            raise DetectorError(
                "archive_newer", f"the archive's journal is of version {version and version[0]}", "Use the version that wrote it."
            )

    def close(self) -> None:
        self._rows.close()

    def begin(self) -> None:
        self._rows.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._rows.execute("COMMIT")

    def is_known(self, path: str, size: int, mtime_ns: int) -> bool:
        """Whether this very file was taken in already; one that has changed since was not."""
        row = self._rows.execute("SELECT bytes, mtime_ns FROM files WHERE path=?", (os.fsencode(path),)).fetchone()
        return bool(row == (size, mtime_ns))

    def has(self, sha256: bytes) -> bool:
        return self._rows.execute("SELECT 1 FROM pictures WHERE sha256=?", (sha256,)).fetchone() is not None

    def note_file(self, path: str, size: int, mtime_ns: int, sha256: bytes | None, state: str, reason: str = "") -> None:
        """`kept`, `duplicate` or `unreadable`."""
        row = (os.fsencode(path), size, mtime_ns, sha256, state, reason[:500])
        self._rows.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", row)

    def note_picture(self, member: Member) -> None:
        """Keep where it lies, and which pictures of other folders look like it."""
        look = None if member.look is None else _signed(member.look)
        row = (member.sha256, member.shard, member.at, member.kept, member.bytes, member.code, member.width, member.height, look)
        facts = json.dumps(member.facts) if member.facts else None
        self._rows.execute("INSERT INTO pictures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, facts, os.fsencode(member.path)))
        if member.look is None:
            return
        place = _home(os.path.dirname(member.path))
        for apart, other in sorted((apart, other) for other, apart in self._near(member.look, place).items())[:MOST_ALIKE]:
            self._rows.execute("INSERT OR IGNORE INTO alike VALUES (?, ?, ?)", (member.sha256, other, apart))
        rows = [(band, bits, member.sha256, look, place) for band, bits in enumerate(_bands(member.look))]
        self._rows.executemany("INSERT OR IGNORE INTO looks VALUES (?, ?, ?, ?, ?)", rows)

    def _near(self, look: int, home: int) -> dict[bytes, int]:
        found: dict[bytes, int] = {}
        for band, bits in enumerate(_bands(look)):
            # Frames of one recording lie in one folder and look alike, which says nothing.
            asked = "SELECT sha256, look FROM looks WHERE band=? AND bits=? AND home<>? LIMIT ?"
            for sha256, other in self._rows.execute(asked, (band, bits, home, MOST_COMPARED)):
                apart = distance(look, _unsigned(other))
                if apart <= ALIKE:
                    found[sha256] = apart
        return found

    def shard(self, number: int) -> tuple[int, bool]:
        """How much of a shard counts, and whether it is closed."""
        row = self._rows.execute("SELECT bytes, is_closed FROM shards WHERE number=?", (number,)).fetchone()
        return (int(row[0]), bool(row[1])) if row else (0, False)

    def note_shard(self, number: int, size: int, *, is_closed: bool) -> None:
        self._rows.execute("INSERT OR REPLACE INTO shards VALUES (?, ?, ?)", (number, size, int(is_closed)))

    def last_shard(self) -> int:
        row = self._rows.execute("SELECT max(number) FROM shards").fetchone()
        return -1 if row[0] is None else int(row[0])

    def members(self, shard: int | None = None) -> Iterator[Member]:
        """In the order in which they lie."""
        where, values = ("", ()) if shard is None else (" WHERE shard=?", (shard,))
        rows = self._rows.execute(f"SELECT * FROM pictures{where} ORDER BY shard, at", values)  # noqa: S608 - our own words
        return (_member(row) for row in rows)

    def member(self, sha256: bytes) -> Member | None:
        row = self._rows.execute("SELECT * FROM pictures WHERE sha256=?", (sha256,)).fetchone()
        return _member(row) if row else None

    def paths(self) -> Iterator[tuple[str, bytes]]:
        """Every file that was taken in, with the picture it is."""
        rows = self._rows.execute("SELECT path, sha256 FROM files WHERE sha256 IS NOT NULL ORDER BY path")
        return ((os.fsdecode(path), sha256) for path, sha256 in rows)

    def unreadable(self) -> Iterator[tuple[str, str]]:
        rows = self._rows.execute("SELECT path, reason FROM files WHERE state='unreadable' ORDER BY path")
        return ((os.fsdecode(path), reason) for path, reason in rows)

    def alike(self) -> Iterator[tuple[bytes, bytes, int]]:
        return iter(self._rows.execute("SELECT sha256, other, distance FROM alike ORDER BY distance, sha256"))

    def path_of(self, sha256: bytes) -> str:
        """The first file that held this picture."""
        row = self._rows.execute("SELECT path FROM pictures WHERE sha256=?", (sha256,)).fetchone()
        return os.fsdecode(row[0]) if row else ""

    def totals(self) -> dict[str, Any]:
        """Counted over everything, this run's and earlier ones'."""
        states = dict(self._rows.execute("SELECT state, count(*) FROM files GROUP BY state"))
        given, kept, pictures = self._rows.execute(
            "SELECT coalesce(sum(bytes), 0), coalesce(sum(kept), 0), count(*) FROM pictures"
        ).fetchone()
        whole = self._rows.execute("SELECT coalesce(sum(bytes), 0) FROM files WHERE sha256 IS NOT NULL").fetchone()[0]
        codes = self._rows.execute("SELECT code, count(*), sum(bytes), sum(kept) FROM pictures GROUP BY code ORDER BY code")
        disk = self._rows.execute("SELECT coalesce(sum(bytes), 0) FROM shards").fetchone()[0]
        return {
            "files": sum(states.values()), "pictures": pictures, "duplicates": states.get("duplicate", 0),
            "unreadable": states.get("unreadable", 0),
            "alike": self._rows.execute("SELECT count(*) FROM alike").fetchone()[0], "bytes_of_files": whole, "bytes_of_pictures": given,
            "bytes_kept": kept, "bytes_in_shards": disk, "shards": self.last_shard() + 1,
            "codes": {code: {"pictures": count, "bytes": size, "kept": held} for code, count, size, held in codes},
        }  # fmt: skip


def _read_only(path: Path) -> sqlite3.Connection:
    """Beside a writer, and from a medium that nobody can write to, where SQLite cannot lay its own files beside it."""
    for options in ("mode=ro", "mode=ro&immutable=1"):
        rows = sqlite3.connect(f"{path.absolute().as_uri()}?{options}", uri=True, timeout=30)
        try:
            rows.execute("SELECT 1 FROM about").fetchone()
        except sqlite3.OperationalError:
            rows.close()
        else:
            return rows
    raise DetectorError("archive_damaged", f"{path} cannot be read", "Restore the journal from a copy.")


def _member(row: Iterable[Any]) -> Member:
    sha256, shard, at, kept, size, code, width, height, look, facts, path = row
    seen = None if look is None else _unsigned(look)
    return Member(sha256, shard, at, kept, size, code, width, height, seen, json.loads(facts) if facts else {}, os.fsdecode(path))


def _bands(look: int) -> list[int]:
    width = BITS // BANDS
    return [look >> (band * width) & ((1 << width) - 1) for band in range(BANDS)]


def _home(folder: str) -> int:
    # Not hash(): that differs from process to process.
    return int.from_bytes(os.fsencode(folder)[-400:].ljust(8, b"\0"), "big") % (2**61 - 1)


def _signed(value: int) -> int:
    return value - (1 << BITS) if value >= 1 << (BITS - 1) else value


def _unsigned(value: int) -> int:
    return value + (1 << BITS) if value < 0 else value
