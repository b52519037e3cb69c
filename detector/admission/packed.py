"""The members of a ZIP, judged by its directory before one is touched, and unpacked in memory under a counter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from detector.admission.refusals import refused, shown
from detector.errors import StackError
from detector.stacks.archive import ZipSource
from detector.stacks.blobs import MemoryBlob
from detector.stacks.limits import MIB, Limits
from detector.stacks.zip_directory import STORED, read_directory

LARGEST_BYTES = 512 * MIB
_LIMITS = Limits(
    recording_bytes=LARGEST_BYTES, pictures=4000, unpacked_member_bytes=LARGEST_BYTES, unpacked_ratio=50, ratio_floor_bytes=MIB,
    archive_ratio_floor_bytes=8 * MIB, name_chars=200, folder_depth=6,
)  # fmt: skip
_CODES = {"frames_too_many": "archive_entries_too_many", "file_truncated": "archive_damaged"}


def members(data: bytes, *, only_stored: bool = False) -> dict[str, bytes]:
    """Every file of the archive by its name; raises the refusal of the whole for one that is not as it should be.

    With `only_stored` nothing may be compressed: what programs write so cannot become larger than it is.
    """
    blob = MemoryBlob(data, "The file")
    with _in_our_words():
        listed = read_directory(blob, _LIMITS)
        for member in listed:
            if only_stored and member.method != STORED:
                raise refused("archive_method", f"{shown(member.name)} is compressed, which checkpoints never are.")
        source = ZipSource(blob, _LIMITS)
        found = {}
        for entry in source.entries():
            opened = source.open(entry)
            found[entry.name] = opened.read_at(0, opened.size)
        return found


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except StackError as reason:
        raise refused(_CODES.get(reason.code, str(reason.code)), reason.detail) from reason
