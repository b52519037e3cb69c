"""Which page of a TIFF is which frame and plane, and when it was taken: plain pages, ImageJ stacks, OME-TIFF sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from detector.stacks import tiff_pages as fields
from detector.stacks.base import DEEP_NOTE
from detector.stacks.limits import Limits
from detector.stacks.names import shown
from detector.stacks.ome import OmeDescription, looks_like_ome, parse_ome
from detector.stacks.refusals import Code, refusal
from detector.stacks.tiff import TiffFile, TiffStack
from detector.stacks.tiff_pages import read_segments
from detector.stacks.times import Timeline, from_hours, from_stamps, stamp_of_exif
from detector.types import StackInfo

_STAMPS_READ = 20_000


@dataclass(frozen=True, slots=True)
class _Layout:
    format: str
    places: Sequence[Sequence[tuple[int, int]]]
    planes: tuple[float, ...]
    timeline: Timeline
    notes: tuple[str, ...] = ()


def is_ome(tiff: TiffFile) -> bool:
    """True when the file describes itself, or its set, by OME-XML."""
    return looks_like_ome(tiff.description)


def stack_of_file(tiff: TiffFile, limits: Limits, release: Callable[[], None]) -> TiffStack:
    """A TIFF that does not describe itself by OME-XML: pages are frames, unless ImageJ says otherwise."""
    layout = _imagej(tiff, limits) if tiff.description.startswith(b"ImageJ=") else _plain(tiff)
    return _build([tiff], layout, limits, release)


def stack_of_set(tiffs: dict[str, TiffFile], companion: bytes | None, limits: Limits, release: Callable[[], None]) -> TiffStack:
    """The files of an OME-TIFF set by name; `companion` is the OME-XML of a set that keeps it in a file of its own."""
    name, tiff = next(iter(tiffs.items()))
    description = parse_ome(companion or tiff.description, shown(name), limits)
    if description.companion and not description.sizes:
        if len(tiffs) > 1 or tiff.pages > 1:
            raise refusal(
                Code.OME_FILES_MISSING,
                f"{shown(name)} belongs to a set that {shown(description.companion)} describes, and that file is not here.",
            )
        note = f"It belongs to a set that {shown(description.companion)} describes; only this picture of it is here."
        return _build([tiff], _Layout("ome-tiff", [[(0, 0)]], (0.0,), Timeline(), (note,)), limits, release)
    return _build(list(tiffs.values()), _ome(tiffs, name, description, limits), limits, release)


def _build(files: list[TiffFile], layout: _Layout, limits: Limits, release: Callable[[], None]) -> TiffStack:
    if len(layout.places) > limits.frames:
        raise refusal(Code.FRAMES_TOO_MANY, f"The recording has {len(layout.places)} frames, more than {limits.frames}.")
    shape = files[0].shape
    bits = int(shape.dtype[1]) * 8
    notes = [*layout.notes, *layout.timeline.notes]
    if bits > 8:
        notes.append(DEEP_NOTE.format(bits=bits))
    if left_out := sum(tiff.left_out for tiff in files):
        notes.append(f"{left_out} thumbnail or mask pages were left out.")
    info = StackInfo(
        format=layout.format,
        width_px=shape.width,
        height_px=shape.height,
        frames=len(layout.places),
        planes=layout.planes,
        bit_depth=bits,
        interval_minutes=layout.timeline.interval_minutes,
        started_at=layout.timeline.started_at,
        hours_since_start=layout.timeline.hours,
        times_from=layout.timeline.source,
        notes=tuple(notes),
    )
    return TiffStack(files, layout.places, info, limits, release)


def _plain(tiff: TiffFile) -> _Layout:
    places = [[(0, page)] for page in range(tiff.pages)]
    timeline = _stamps(tiff) if 1 < tiff.pages <= _STAMPS_READ else Timeline()
    return _Layout("tiff" if tiff.pages > 1 else "image", places, (0.0,), timeline)


def _stamps(tiff: TiffFile) -> Timeline:
    """The date tags of the pages; most programs write the time of export on all of them, which is no time."""
    stamps: list[datetime | None] = []
    for page in range(tiff.pages):
        raw = tiff.reader.raw(tiff.tags(page), fields.DATE_TIME, 64)
        stamps.append(stamp_of_exif(raw.decode("latin-1")))
        if not raw:
            return Timeline()
    return from_stamps(stamps, "exif") if len(set(stamps)) > 1 else Timeline()


def _imagej(tiff: TiffFile, limits: Limits) -> _Layout:
    text = tiff.description.rstrip(b"\0").decode("latin-1")
    said = dict(line.partition("=")[::2] for line in text.splitlines())
    images = _whole(said, "images", tiff.pages)
    if images > limits.pictures:
        raise refusal(Code.FRAMES_TOO_MANY, f"{tiff.blob.name} declares {images} pictures, more than {limits.pictures}.")
    if len(tiff.pages_at) == 1 < images:
        _use_run(tiff, images, limits)
    channels, slices, frames = (_whole(said, key, 1) for key in ("channels", "slices", "frames"))
    notes: tuple[str, ...] = ()
    if channels * slices * frames != tiff.pages:
        notes = (
            f"ImageJ's figures ({channels} channels, {slices} slices, {frames} frames) do not fit {tiff.pages} pages; pages are frames.",
        )
        channels, slices, frames = 1, 1, tiff.pages
    elif frames == 1 and slices > 1:
        # ImageJ calls any stack "slices" until a person says otherwise, so slices alone are no focal planes.
        notes = (f"ImageJ lists {slices} slices and no frames; they are read as frames.",)
        slices, frames = 1, slices
    if channels > 1:
        notes += (f"The first of {channels} channels is used.",)
    if slices > limits.planes:
        raise refusal(Code.FRAMES_TOO_MANY, f"{tiff.blob.name} has {slices} planes, more than {limits.planes}.")
    places = [[(0, (t * slices + z) * channels) for z in range(slices)] for t in range(frames)]
    return _Layout("tiff", places, tuple(float(z) for z in range(slices)), _imagej_times(said, frames), notes)


def _imagej_times(said: dict[str, str], frames: int) -> Timeline:
    try:
        interval = float(said.get("finterval", "0"))
    except ValueError:
        return Timeline()
    factor = {"sec": 1 / 3600, "s": 1 / 3600, "min": 1 / 60, "h": 1.0, "hour": 1.0}.get(said.get("tunit", "sec").lower())
    if factor is None or not 0 < interval * factor < 1e4 or frames < 2:
        return Timeline()
    return from_hours([i * interval * factor for i in range(frames)], "container")


def _use_run(tiff: TiffFile, images: int, limits: Limits) -> None:
    """ImageJ writes files above 4 GiB with one directory and all pictures in a row behind it."""
    segments = read_segments(tiff.reader, tiff.tags(0), tiff.shape, tiff.blob, limits)
    size = tiff.shape.width * tiff.shape.height * int(tiff.shape.dtype[1])
    if tiff.shape.compression != 1 or tiff.shape.samples != 1 or len(segments) != 1:
        raise refusal(Code.FILE_TRUNCATED, f"{tiff.blob.name} declares {images} pictures but has one page.")
    if segments[0][0] + images * size > tiff.blob.size:
        raise refusal(
            Code.FILE_TRUNCATED,
            f"{tiff.blob.name} is cut off: {images} pictures of {size} bytes do not fit into {tiff.blob.size} bytes.",
        )
    tiff.run_at, tiff.run_pages = segments[0][0], images


def _whole(said: dict[str, str], key: str, default: int) -> int:
    text = said.get(key, "")
    return int(text) if text.isdigit() and int(text[:9]) > 0 and len(text) <= 9 else default


def _ome(tiffs: dict[str, TiffFile], own_name: str, description: OmeDescription, limits: Limits) -> _Layout:
    numbers = {name.rpartition("/")[2]: i for i, name in enumerate(tiffs)}
    files = list(tiffs.values())
    pages = description.pages(limits, shown(own_name))
    missing = sorted({file for file, _ in pages.values() if file and file not in numbers})
    # A lone file may have been renamed since it was written: then it is the one it speaks of.
    if missing and len(tiffs) == 1 and len({file for file, _ in pages.values()}) == 1:
        numbers |= {missing[0]: 0}
    elif missing:
        raise refusal(
            Code.OME_FILES_MISSING,
            f"{shown(own_name)} belongs to a set of files; {len(missing)} of them are not here, such as {shown(missing[0])}.",
        )
    places = []
    for t in range(description.sizes["T"]):
        row = []
        for z in range(description.sizes["Z"]):
            if (t, z, 0) not in pages:
                raise refusal(Code.OME_DAMAGED, f"{shown(own_name)} says nothing of where time {t}, plane {z} lies.")
            file, page = pages[(t, z, 0)]
            number = numbers[file] if file else 0
            if page >= files[number].pages:
                raise refusal(
                    Code.FILE_TRUNCATED,
                    f"{files[number].blob.name} has {files[number].pages} pages; page {page + 1} (time {t}, plane {z}) is missing.",
                )
            row.append((number, page))
        places.append(row)
    shape = files[0].shape
    if (description.sizes["X"], description.sizes["Y"]) != (shape.width, shape.height):
        raise refusal(
            Code.OME_DAMAGED,
            f"{shown(own_name)} declares {description.sizes['X']}x{description.sizes['Y']} px, its pages are {shape.width}x{shape.height}.",
        )
    return _Layout("ome-tiff", places, _ome_planes(description), _ome_times(description), _ome_notes(description))


def _ome_notes(description: OmeDescription) -> tuple[str, ...]:
    notes = []
    channels = description.sizes["C"] // description.samples_a_channel
    if channels > 1:
        notes.append(f"The first of {channels} channels is used.")
    if description.images > 1:
        notes.append(f"The first of {description.images} images is used.")
    return tuple(notes)


def _ome_planes(description: OmeDescription) -> tuple[float, ...]:
    count = description.sizes["Z"]
    positions = [description.z_position_um.get(z) for z in range(count)]
    known = [p for p in positions if p is not None]
    if count > 1 and len(known) == count and len(set(known)) == count:
        # Stage heights are absolute; focal offsets are told from the middle plane.
        middle = sorted(known)[count // 2]
        return tuple(round(p - middle, 4) for p in known)
    return tuple(round(z * (description.z_step_um or 1.0), 4) for z in range(count))


def _ome_times(description: OmeDescription) -> Timeline:
    frames = description.sizes["T"]
    if frames < 2:
        return Timeline(started_at=_acquired(description))
    hours = [description.plane_hours.get(t) for t in range(frames)]
    known = [h for h in hours if h is not None]
    if len(known) == frames and len(set(known)) > 1:
        return from_hours([h - known[0] for h in known], "ome", started_at=_acquired(description))
    if description.increment_hours and 0 < description.increment_hours < 1e4:
        return from_hours([t * description.increment_hours for t in range(frames)], "ome", started_at=_acquired(description))
    return Timeline(started_at=_acquired(description))


def _acquired(description: OmeDescription) -> datetime | None:
    try:
        return datetime.fromisoformat(description.acquired) if description.acquired else None
    except ValueError:
        return None
