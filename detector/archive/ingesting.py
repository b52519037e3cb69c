"""Takes a folder of any size into an archive: many processes read, hash and encode, one writes; memory depends on neither."""

from __future__ import annotations

import fcntl
import hashlib
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from detector.archive.codecs import Kept, keep
from detector.archive.journal import Journal, Member
from detector.archive.looks import look_of
from detector.archive.shards import ShardWriter
from detector.archive.walking import Found, walk
from detector.errors import DetectorError

BATCH_FILES = 32
BATCH_BYTES = 16 * 1024**2
LARGE_BYTES = 64 * 1024**2
"""Larger files are recordings, compressed as they are: they are copied piece by piece."""
SHARD_BYTES = 1024**3
COMMIT_EVERY_S = 2.0
COMMIT_EVERY_BYTES = 256 * 1024**2
SAY_EVERY_S = 5.0
AHEAD = 3
"""Batches under way for each process."""
Say = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a folder is taken in."""

    workers: int = 2
    exact: bool = False
    """Keep the very bytes of PNG files too."""
    shard_bytes: int = SHARD_BYTES


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process made of one file; neither `kept` nor `reason` where the archive had it."""

    found: Found
    sha256: bytes | None
    kept: Kept | None = None
    look: int | None = None
    reason: str = ""


def ingest(source: Path, out: Path, plan: Plan, say: Say) -> dict[str, Any]:
    """Take in what the archive does not have; safe to stop at any moment and to run again. Returns its totals and this run's figures."""
    if not source.is_dir():
        raise DetectorError("folder_missing", f"{source} is no folder", "Give the folder that holds the pictures.")
    if out.resolve().is_relative_to(source.resolve()):
        raise DetectorError("archive_within", f"{out} lies within {source}", "Keep the archive outside of what it archives.")
    out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with _alone(out):
        journal = Journal(out)
        try:
            run = _Run(source, out, journal, plan, say)
            run.do()
            totals = journal.totals()
        finally:
            journal.close()
    seconds = time.monotonic() - began
    figures = {"seconds": round(seconds, 1), "files_seen": run.seen, "files_new": run.new, "bytes_read": run.bytes_read}
    return totals | {"run": figures | {"mb_per_s": round(run.bytes_read / 1e6 / max(seconds, 1e-9), 1)}}


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """One writer an archive; a second is refused at once."""
    with (out / ".writing").open("w") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as reason:
            detail = f"another process writes into {out}"
            raise DetectorError("archive_busy", detail, "Wait for it, give it more --workers, or use an archive of its own.") from reason
        yield


class _Run:
    """One pass over the folder."""

    def __init__(self, source: Path, out: Path, journal: Journal, plan: Plan, say: Say) -> None:
        self._source, self._out, self._journal, self._plan, self._say = source, out, journal, plan, say
        self._writer = ShardWriter(out, journal, plan.shard_bytes)
        self.seen = self.new = self.bytes_read = 0
        self._uncommitted = 0
        self._committed_at = self._said_at = time.monotonic()

    def do(self) -> None:
        self._journal.begin()
        try:
            for taken in self._all():
                self._note(taken)
                now = time.monotonic()
                if now - self._committed_at >= COMMIT_EVERY_S or self._uncommitted >= COMMIT_EVERY_BYTES:
                    self._commit()
                if now - self._said_at >= SAY_EVERY_S:
                    self._said_at = now
                    self._say({"seen": self.seen, "new": self.new, "bytes": self.bytes_read})
            self._writer.close_shard()
            self._commit()
        finally:
            self._writer.leave()

    def _commit(self) -> None:
        if self._writer.size:
            self._writer.sync()
        self._journal.commit()
        self._journal.begin()
        self._committed_at, self._uncommitted = time.monotonic(), 0

    def _all(self) -> Iterator[Taken]:
        """What the processes make of new files, as they finish; large files are handed on untouched."""
        batches = self._batches()
        pool = _pool(self._plan.workers)
        under_way: dict[Future[list[Taken]], list[Found]] = {}
        try:
            while True:
                for batch in islice(batches, max(AHEAD * self._plan.workers - len(under_way), 0)):
                    if batch[0].size > LARGE_BYTES:
                        yield from map(self._large, batch)
                    else:
                        under_way[pool.submit(_take, self._source, self._out, batch, self._plan.exact)] = batch
                if not under_way:
                    return
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    batch = under_way.pop(future, [])
                    try:
                        yield from future.result()
                    except BrokenProcessPool:
                        # A codec took its process down, and every batch under way with it; they are taken again one file at a time.
                        batches_lost = [batch, *under_way.values()]
                        under_way.clear()
                        pool.shutdown(wait=False, cancel_futures=True)
                        yield from (self._by_itself(found) for lost in batches_lost for found in lost)
                        pool = _pool(self._plan.workers)
                        break
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _by_itself(self, found: Found) -> Taken:
        """One file in a process of its own; one that takes it down is kept as it is."""
        with _pool(1) as pool:
            try:
                return pool.submit(_take, self._source, self._out, [found], self._plan.exact).result()[0]
            except BrokenProcessPool:
                return self._large(found)

    def _large(self, found: Found) -> Taken:
        try:
            with (self._source / found.path).open("rb") as file:
                return Taken(found, hashlib.file_digest(file, "sha256").digest())
        except OSError as problem:
            return Taken(found, None, reason=f"cannot be read: {problem.strerror}")

    def _batches(self) -> Iterator[list[Found]]:
        """New files, a few at a time and not too many bytes at once; a large one alone."""
        batch: list[Found] = []
        held = 0
        for found in walk(self._source):
            self.seen += 1
            if self._journal.is_known(found.path, found.size, found.mtime_ns):
                continue
            if found.size > LARGE_BYTES:
                yield [found]
                continue
            if batch and (len(batch) == BATCH_FILES or held + found.size > BATCH_BYTES):
                yield batch
                batch, held = [], 0
            batch.append(found)
            held += found.size
        if batch:
            yield batch

    def _note(self, taken: Taken) -> None:
        found, sha256 = taken.found, taken.sha256
        self.new += 1
        self.bytes_read += found.size
        if sha256 is None:
            self._journal.note_file(found.path, found.size, found.mtime_ns, None, "unreadable", taken.reason)
            return
        if self._journal.has(sha256):
            self._journal.note_file(found.path, found.size, found.mtime_ns, sha256, "duplicate")
            return
        self._journal.note_file(found.path, found.size, found.mtime_ns, sha256, "kept")
        kept = taken.kept
        if kept is None:
            kept, where = Kept("raw", b""), self._copied(found, sha256)
        else:
            where = self._writer.add(sha256, kept.code, kept.payload, len(kept.payload))
        if where is None:
            self._journal.note_file(found.path, found.size, found.mtime_ns, None, "unreadable", "changed while it was read")
            return
        size = len(kept.payload) if taken.kept is not None else found.size
        self._uncommitted += size
        member = Member(sha256, *where, size, found.size, kept.code, kept.width, kept.height, taken.look, kept.facts, found.path)
        self._journal.note_picture(member)

    def _copied(self, found: Found, sha256: bytes) -> tuple[int, int] | None:
        """Copy a file piece by piece; None, and nothing kept, where it is another by now."""
        shard, before = self._writer.number, self._writer.size
        try:
            with (self._source / found.path).open("rb") as file:
                reader = _Hashing(file)
                where = self._writer.add(sha256, "raw", reader, found.size)
                if reader.digest() == sha256:
                    return where
        except OSError:
            pass
        self._writer.undo(before if self._writer.number == shard else 0)
        return None


class _Hashing:
    """Reads and hashes at once."""

    def __init__(self, file: Any) -> None:
        self._file, self._hash = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        piece: bytes = self._file.read(size)
        self._hash.update(piece)
        return piece

    def digest(self) -> bytes:
        return self._hash.digest()


def _pool(workers: int) -> ProcessPoolExecutor:
    # Processes that start anew know nothing of our files and locks; each is replaced now and then, whatever its codecs forget to free.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), max_tasks_per_child=500)


class _Known:
    """The archive's journal as this process reads it; opened once a process."""

    journal: Journal | None = None


def _take(source: Path, out: Path, batch: list[Found], exact: bool) -> list[Taken]:
    """Read, hash and encode some files; runs in a process of its own."""
    if _Known.journal is None:
        _Known.journal = Journal(out, is_reader=True)
    return [_one(source, found, exact, _Known.journal) for found in batch]


def _one(source: Path, found: Found, exact: bool, journal: Journal) -> Taken:
    try:
        original = (source / found.path).read_bytes()
    except OSError as problem:
        return Taken(found, None, reason=f"cannot be read: {problem.strerror}")
    if len(original) != found.size:
        return Taken(found, None, reason="changed while it was read")
    sha256 = hashlib.sha256(original).digest()
    if journal.has(sha256):
        return Taken(found, sha256)
    return Taken(found, sha256, keep(original, exact=exact), look_of(original))
