"""The way from a path to a Stack: told by content, checked against the limits, refused with a reason."""

from __future__ import annotations

import stat
from pathlib import Path

from detector.errors import StackError
from detector.stacks.archive import ZipSource
from detector.stacks.base import RecordedStack
from detector.stacks.blobs import Blob, FileBlob
from detector.stacks.formats import HEAD_BYTES, PICTURES, Kind, refuse_format, sniff
from detector.stacks.limits import DEFAULT, Limits
from detector.stacks.names import shown
from detector.stacks.refusals import Code, refusal
from detector.stacks.sequence import stack_of_pictures
from detector.stacks.sources import Entry, FolderSource, SingleSource, Source
from detector.stacks.survey import Survey, survey
from detector.stacks.tiff import TiffFile, open_tiff
from detector.stacks.tiff_layout import is_ome, stack_of_file, stack_of_set
from detector.types import StackInfo


def open_stack(path: Path, *, limits: Limits = DEFAULT, name: str | None = None) -> RecordedStack:
    """Open a recording, a file or a folder; `name` is what messages call it. Raises StackError with code, detail and hint."""
    try:
        return _open(path, limits, shown(name or path.name))
    except OSError as problem:
        raise refusal(Code.FILE_NOT_REGULAR, f"{shown(name or path.name)} cannot be read: {problem.strerror}.") from None


def probe(path: Path, *, limits: Limits = DEFAULT, name: str | None = None) -> StackInfo:
    """What a recording is, without keeping it open."""
    with open_stack(path, limits=limits, name=name) as stack:
        return stack.info


def _open(path: Path, limits: Limits, label: str) -> RecordedStack:
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        raise refusal(Code.FILE_MISSING, f"{label} does not exist.") from None
    if is_folder:
        folder = FolderSource(path, label, limits)
        return _from_set(folder, survey(folder, limits, is_archive=False), "image-folder", limits)
    blob = FileBlob(path, label, follow_links=True)
    try:
        if blob.size > limits.recording_bytes:
            raise refusal(Code.FILE_TOO_LARGE, f"{label} has {blob.size} bytes, more than {limits.recording_bytes}.")
        head = blob.head(HEAD_BYTES)
        kind = sniff(head)
        if kind is Kind.ZIP:
            archive = ZipSource(blob, limits)
            return _from_set(archive, survey(archive, limits, is_archive=True), "image-zip", limits)
        if kind in PICTURES and kind is not Kind.TIFF:
            single = SingleSource(blob, label.strip('"'))
            return stack_of_pictures(survey(single, limits, is_archive=False), single, "image", limits)
        return _from_file(blob, kind, head, limits)
    except StackError:
        blob.close()
        raise


def _from_file(blob: Blob, kind: Kind, head: bytes, limits: Limits, owner: Source | None = None) -> RecordedStack:
    """A file that holds a whole recording; it is the stack's to close, with the source it came from."""

    def release() -> None:
        blob.close()
        if owner is not None:
            owner.close()

    if kind is Kind.TIFF:
        tiff = open_tiff(blob, limits)
        return stack_of_set({blob.name.strip('"'): tiff}, None, limits, release) if is_ome(tiff) else stack_of_file(tiff, limits, release)
    # FFmpeg and pydicom are loaded only where they are needed: a folder of frames starts without them.
    if kind in (Kind.AVI, Kind.MP4):
        from detector.stacks.video import open_video

        return open_video(blob, kind, limits, release)
    if kind is Kind.DICOM:
        from detector.stacks.dicom import open_dicom

        return open_dicom(blob, limits, release)
    raise refuse_format(blob.name, head)


def _from_set(source: Source, found: Survey, format_name: str, limits: Limits) -> RecordedStack:
    containers = [(entry, kind) for entry, kind in found.containers if not entry.name.upper().endswith("DICOMDIR")] or found.containers
    if containers and (len(containers) > 1 or found.pictures):
        listed = ", ".join(shown(entry.name) for entry, _ in containers[:3])
        also = f" and {len(found.pictures)} pictures" if found.pictures else ""
        raise refusal(Code.RECORDINGS_SEVERAL, f"{source.label} holds {len(containers)} recordings ({listed}){also}.")
    if containers:
        return _from_entry(source, *containers[0], limits)
    if not found.pictures:
        others = len(found.texts) + len(found.ignored)
        besides = f", only {others} other file{'s' if others > 1 else ''}" if others else ""
        raise refusal(Code.PICTURES_NONE, f"{source.label} holds no picture or video{besides}.")
    if all(picture.kind is Kind.TIFF for picture in found.pictures):
        first = source.open(found.pictures[0].entry)
        try:
            tiff = open_tiff(first, limits)
            is_set, pages = is_ome(tiff), tiff.pages
        finally:
            first.close()
        if is_set:
            return _from_ome_set(source, found, limits)
        if len(found.pictures) == 1 and pages > 1:
            return _from_entry(source, found.pictures[0].entry, Kind.TIFF, limits)
    return stack_of_pictures(found, source, format_name, limits)


def _from_entry(source: Source, entry: Entry, kind: Kind, limits: Limits) -> RecordedStack:
    blob = source.open(entry)
    try:
        return _from_file(blob, kind, blob.head(HEAD_BYTES), limits, source)
    except StackError:
        blob.close()
        raise


def _from_ome_set(source: Source, found: Survey, limits: Limits) -> RecordedStack:
    tiffs: dict[str, TiffFile] = {}
    for picture in found.pictures:
        tiffs[picture.entry.name] = open_tiff(source.open(picture.entry), limits)
        tiffs[picture.entry.name].blob.rest()
    return stack_of_set(tiffs, _companion(source, found), limits, source.close)


def _companion(source: Source, found: Survey) -> bytes | None:
    """The OME-XML of a set that keeps it in a file of its own, which ends in .companion.ome."""
    for entry in found.texts:
        if entry.name.endswith(".ome"):
            blob = source.open(entry)
            try:
                return blob.read_at(0, blob.size)
            finally:
                blob.close()
    return None
