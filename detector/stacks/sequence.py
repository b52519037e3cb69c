"""One picture a file: a folder or ZIP of frames, in one or several planes, or a single image."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from detector.stacks import jpeg, png
from detector.stacks.arrangement import Slots, arrange
from detector.stacks.base import DEEP_NOTE, RecordedStack
from detector.stacks.blobs import MemoryBlob
from detector.stacks.formats import Kind
from detector.stacks.grey import Raw
from detector.stacks.limits import Limits
from detector.stacks.names import shown
from detector.stacks.refusals import Code, refusal
from detector.stacks.sources import Source, read_all
from detector.stacks.survey import Picture, Survey, describe_ignored
from detector.stacks.tables import times_of_table
from detector.stacks.tiff import open_tiff
from detector.stacks.times import Timeline, from_hours, from_stamps, hours_of_name, stamp_of_name
from detector.types import StackInfo


def decode_picture(picture: Picture, source: Source, limits: Limits, *, shrink: int = 1) -> Raw:
    """The grey pixels of one file in their own depth; only a JPEG can be had smaller than it is."""
    data = read_all(source, picture.entry, limits)
    name = shown(picture.entry.name)
    if picture.kind is Kind.JPEG:
        return jpeg.decode(data, name, limits, shrink=shrink)
    if picture.kind is Kind.PNG:
        return png.decode(data, name, limits)
    tiff = open_tiff(MemoryBlob(data, name), limits)
    if tiff.pages != 1:
        raise refusal(
            Code.FRAMES_AMBIGUOUS,
            f"{name} is one of several files and has {tiff.pages} pages; whether they are frames or planes cannot be told.",
            "Upload each multi-page TIFF by itself, or save the recording as OME-TIFF.",
        )
    return tiff.decode(0, limits)


class SequenceStack(RecordedStack):
    """Frames that are files of their own."""

    def __init__(
        self, pictures: Sequence[Picture], slots: Slots, source: Source, info: StackInfo, dtype: np.dtype[np.generic], limits: Limits
    ) -> None:
        super().__init__(info, dtype)
        self._pictures = pictures
        self._slots = slots
        self._source = source
        self._limits = limits

    def has(self, frame: int, plane: int) -> bool:
        return self._slots[frame][plane] is not None

    def raw(self, frame: int, plane: int) -> Raw:
        return decode_picture(self._picture(frame, plane), self._source, self._limits)

    def raw_small(self, frame: int, plane: int, shrink: int) -> Raw:
        picture = self._picture(frame, plane)
        if picture.kind is not Kind.JPEG:
            return super().raw_small(frame, plane, shrink)
        return decode_picture(picture, self._source, self._limits, shrink=shrink)

    def _picture(self, frame: int, plane: int) -> Picture:
        position = self._slots[frame][plane]
        if position is None:
            raise refusal(Code.FRAME_MISSING, f"Plane {plane} has no frame {frame}.")
        return self._pictures[position]

    def close(self) -> None:
        self._source.close()


def stack_of_pictures(found: Survey, source: Source, format_name: str, limits: Limits) -> SequenceStack:
    """Arrange pictures into frames and planes; sizes must agree and the first picture must decode."""
    pictures = found.pictures
    arrangement = arrange([picture.entry.name for picture in pictures], source.label, limits)
    slots, first = arrangement.slots, pictures[_leading(arrangement.slots[0])]
    _check_sizes(pictures, arrangement.slots, first)
    timeline = Timeline()
    if len(slots) > 1:
        slots, timeline = _in_time(slots, pictures, found, source)
        first = pictures[_leading(slots[0])]
    sample = decode_picture(first, source, limits)
    bits = sample.dtype.itemsize * 8
    deep = (DEEP_NOTE.format(bits=bits),) if bits > 8 else ()
    info = StackInfo(
        format=format_name,
        width_px=sample.shape[1],
        height_px=sample.shape[0],
        frames=len(slots),
        planes=arrangement.planes,
        bit_depth=bits,
        interval_minutes=timeline.interval_minutes,
        started_at=timeline.started_at,
        hours_since_start=timeline.hours,
        times_from=timeline.source,
        notes=(*arrangement.notes, *timeline.notes, *deep, *describe_ignored(found.ignored)),
        incomplete_planes=tuple(plane for plane in range(len(arrangement.planes)) if any(row[plane] is None for row in slots)),
    )
    return SequenceStack(pictures, slots, source, info, sample.dtype, limits)


def _leading(row: Sequence[int | None]) -> int:
    """The file that stands for a frame: the first plane that has it."""
    return next(position for position in row if position is not None)


def _check_sizes(pictures: Sequence[Picture], slots: Slots, first: Picture) -> None:
    for frame, row in enumerate(slots):
        for position in row:
            if position is not None and (pictures[position].width, pictures[position].height) != (first.width, first.height):
                other = pictures[position]
                raise refusal(
                    Code.RESOLUTION_CHANGES,
                    f"{shown(other.entry.name)} (frame {frame}) is {other.width}x{other.height} pixels, "
                    f"{shown(first.entry.name)} {first.width}x{first.height}.",
                )


def _in_time(slots: Slots, pictures: Sequence[Picture], found: Survey, source: Source) -> tuple[Slots, Timeline]:
    """The best times there are (a table, names, EXIF, in this order), and the frames in the order that times in names give."""
    names = [pictures[_leading(row)].entry.name for row in slots]
    table = _from_tables(names, found, source)
    if table.hours is not None:
        return slots, table
    stamps: list[datetime | None] = [stamp_of_name(name) for name in names]
    if all(stamps):
        order = sorted(range(len(slots)), key=lambda i: stamps[i] or datetime.min)
        return [slots[i] for i in order], _noted(from_stamps([stamps[i] for i in order], "names"), table)
    hours = [hours_of_name(name) for name in names]
    known = [hour for hour in hours if hour is not None]
    if len(known) == len(names):
        order = sorted(range(len(slots)), key=lambda i: known[i])
        return [slots[i] for i in order], _noted(from_hours([known[i] for i in order], "names"), table)
    return slots, _noted(from_stamps([pictures[_leading(row)].taken_at for row in slots], "exif"), table)


def _from_tables(names: Sequence[str], found: Survey, source: Source) -> Timeline:
    notes: list[str] = []
    result: Timeline | None = None
    for entry in sorted(found.texts, key=lambda entry: entry.name):
        blob = source.open(entry)
        try:
            text = blob.read_at(0, blob.size).decode("utf-8", "replace")
        finally:
            blob.close()
        timeline = times_of_table(text, names) if result is None else None
        if timeline is None:
            found.ignored.append(entry.name)
        elif timeline.hours is None:
            notes.extend(timeline.notes)
        else:
            result = timeline
    return _noted(result or Timeline(), Timeline(notes=tuple(notes)))


def _noted(timeline: Timeline, other: Timeline) -> Timeline:
    return Timeline(timeline.hours, timeline.started_at, timeline.source, (*other.notes, *timeline.notes))
