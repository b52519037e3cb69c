"""One look at every file of a recording: what it is, how large its picture is, when it was taken, whether it ends whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from detector.errors import StackError
from detector.stacks import jpeg, png
from detector.stacks import tiff_pages as fields
from detector.stacks.blobs import Blob, MemoryBlob
from detector.stacks.formats import CONTAINERS, PICTURES, Kind, is_nested_archive, refuse_format, sniff
from detector.stacks.limits import Limits
from detector.stacks.names import claims_picture, shown
from detector.stacks.refusals import Code, refusal
from detector.stacks.sizes import check_size
from detector.stacks.sources import Entry, Source
from detector.stacks.tiff_tags import TagReader
from detector.stacks.times import stamp_of_exif

_HEAD = 4096
_LONG_HEAD = 1 << 18
_TAIL = 4096
_EXIF_POINTER, _ORIGINAL, _DIGITISED, _CHANGED, _SUBSECOND = 0x8769, 0x9003, 0x9004, 0x0132, 0x9291


@dataclass(frozen=True, slots=True)
class Picture:
    """One file that holds a picture."""

    entry: Entry
    kind: Kind
    width: int
    height: int
    taken_at: datetime | None
    pages: int = 1
    """2 for a TIFF that has more than one page."""


@dataclass(slots=True)
class Survey:
    """The files of a source by what they are."""

    pictures: list[Picture] = field(default_factory=list)
    containers: list[tuple[Entry, Kind]] = field(default_factory=list)
    texts: list[Entry] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def survey(source: Source, limits: Limits, *, is_archive: bool) -> Survey:
    """Look at every file once; a file that claims to be a picture and is none refuses the whole recording."""
    found = Survey()
    budget = limits.tail_check_bytes
    for entry in source.entries():
        blob = source.open(entry)
        try:
            head = blob.head(_HEAD)
            kind = sniff(head)
            if kind in PICTURES:
                found.pictures.append(_picture(entry, kind, head, blob, limits))
                is_cheap = source.ends_cheaply(entry)
                budget -= 0 if is_cheap else entry.size
                if is_cheap or budget > 0:
                    _check_end(kind, blob)
            elif kind in CONTAINERS:
                found.containers.append((entry, kind))
            elif claims_picture(entry.name):
                raise refuse_format(shown(entry.name), head)
            elif is_archive and is_nested_archive(head):
                raise refusal(Code.ARCHIVE_NESTED, f"{shown(entry.name)} in {source.label} is an archive inside the archive.")
            elif kind is Kind.TEXT and entry.size <= limits.table_bytes:
                found.texts.append(entry)
            else:
                found.ignored.append(entry.name)
        finally:
            blob.close()
    return found


def _picture(entry: Entry, kind: Kind, head: bytes, blob: Blob, limits: Limits) -> Picture:
    if kind is Kind.TIFF:
        return _tiff(entry, blob, limits)
    header: jpeg.JpegHeader | png.PngHeader | None
    taken_at = None
    if kind is Kind.JPEG:
        header = jpeg.read_header(head, blob.name)
        if header is None and blob.size > len(head):
            # A thumbnail or a colour profile may stand before the frame header.
            head = blob.read_at(0, min(blob.size, _LONG_HEAD))
            header = jpeg.read_header(head, blob.name)
        if header is not None and header.exif:
            taken_at = _exif_stamp(head[slice(*header.exif)], limits)
    else:
        header = png.read_header(head, blob.name)
    if header is None:
        raise refusal(
            Code.FILE_TRUNCATED, f"{blob.name} is a {kind.value} that is cut off: it ends at {blob.size} bytes, before any pixel."
        )
    check_size(header.width, header.height, blob.name, limits)
    return Picture(entry, kind, header.width, header.height, taken_at)


def _tiff(entry: Entry, blob: Blob, limits: Limits) -> Picture:
    reader = TagReader(blob, limits)
    tags, following = reader.directory(reader.first_at)
    width, height = reader.number(tags, fields.WIDTH), reader.number(tags, fields.HEIGHT)
    check_size(width, height, blob.name, limits)
    stamp = stamp_of_exif(reader.raw(tags, fields.DATE_TIME, 1 << 12).decode("latin-1"))
    return Picture(entry, Kind.TIFF, width, height, stamp, 2 if following else 1)


def _check_end(kind: Kind, blob: Blob) -> None:
    if kind is Kind.TIFF:
        return
    ends_whole = jpeg.ends_whole if kind is Kind.JPEG else png.ends_whole
    tail = min(blob.size, _TAIL)
    if not ends_whole(blob.read_at(blob.size - tail, tail)) and not ends_whole(blob.read_at(0, blob.size)):
        raise refusal(
            Code.FILE_TRUNCATED, f"{blob.name} is a {kind.value} that is cut off: its end is missing ({blob.size} bytes are here)."
        )


def _exif_stamp(block: bytes, limits: Limits) -> datetime | None:
    """When the picture was taken; every other EXIF field, such as names and places, is left unread."""
    try:
        reader = TagReader(MemoryBlob(block, "EXIF"), limits)
        tags, _ = reader.directory(reader.first_at)
        inner = reader.directory(reader.number(tags, _EXIF_POINTER))[0] if _EXIF_POINTER in tags else {}
        for where, number in ((inner, _ORIGINAL), (inner, _DIGITISED), (tags, _CHANGED)):
            stamp = stamp_of_exif(reader.raw(where, number, 64).decode("latin-1"))
            if stamp is not None:
                part = reader.raw(inner, _SUBSECOND, 16).rstrip(b"\0 ") if number == _ORIGINAL else b""
                return stamp.replace(microsecond=int(part[:6].ljust(6, b"0"))) if part.isdigit() else stamp
    except StackError:
        pass  # a camera's faulty EXIF block is no reason to refuse its picture
    return None


def describe_ignored(names: list[str]) -> Iterator[str]:
    """One line about files that are no part of the recording."""
    if names:
        some = ", ".join(shown(name) for name in sorted(names)[:3]) + (" ..." if len(names) > 3 else "")
        yield f"{len(names)} other {'file was' if len(names) == 1 else 'files were'} ignored: {some}."
