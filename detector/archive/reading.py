"""Getting originals back out of an archive, one or all, each compared with its hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from detector.archive.codecs import restore
from detector.archive.journal import Journal, Member
from detector.archive.shards import payload_of
from detector.errors import DetectorError

Say = Callable[[dict[str, Any]], None]
SAY_EVERY = 1000


def original_of(folder: Path, member: Member) -> bytes:
    """The file as it was; of a PNG kept by its pixels another file with the same. Raises DetectorError where it is damaged."""
    payload = payload_of(folder, member)
    try:
        original = restore(member.code, payload, member.facts)
    except DetectorError:
        raise
    except Exception as reason:
        raise _damaged(member) from reason
    if member.code != "pixels-xl" and hashlib.sha256(original).digest() != member.sha256:
        raise _damaged(member)
    return original


def verify(folder: Path, say: Say) -> dict[str, Any]:
    """Read every picture; names those that do not come back."""
    journal = Journal(folder, is_reader=True)
    damaged, count = [], 0
    for count, member in enumerate(journal.members(), start=1):
        try:
            original_of(folder, member)
        except DetectorError as problem:
            damaged.append({"key": member.sha256.hex(), "path": member.path, "detail": problem.detail})
        if count % SAY_EVERY == 0:
            say({"done": count})
    return {"pictures": count, "damaged": damaged}


def restore_all(folder: Path, target: Path, say: Say) -> dict[str, Any]:
    """Write every file that was taken in below `target`, duplicates too; refuses a folder that holds something already."""
    journal = Journal(folder, is_reader=True)
    if target.exists() and any(target.iterdir()):
        raise DetectorError("target_not_empty", f"{target} holds something already", "Give an empty folder, or one that is not there.")
    count = 0
    for count, (path, sha256) in enumerate(journal.paths(), start=1):
        member = journal.member(sha256)
        if member is None:
            raise DetectorError("archive_damaged", f"nothing is kept of {path}", "Restore the journal from a copy.")
        to = target / path
        if not to.resolve().is_relative_to(target.resolve()):
            raise DetectorError("archive_damaged", f"{path} leads out of the folder", "The journal was changed; restore it from a copy.")
        to.parent.mkdir(parents=True, exist_ok=True)
        draft = to.with_name(f"{to.name}.part")
        draft.write_bytes(original_of(folder, member))
        os.replace(draft, to)
        if count % SAY_EVERY == 0:
            say({"done": count})
    return {"files": count}


def look_alikes(folder: Path) -> list[dict[str, Any]]:
    """Pairs of pictures from different folders that look the same and are not, for a person to judge; none was left out for it."""
    journal = Journal(folder, is_reader=True)
    return [{"first": journal.path_of(one), "second": journal.path_of(other), "distance": apart} for one, other, apart in journal.alike()]


def _damaged(member: Member) -> DetectorError:
    return DetectorError("archive_damaged", f"{member.sha256.hex()} does not come back as it was", "Put its shard back from a copy.")
