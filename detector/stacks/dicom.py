"""DICOM multi-frame objects: the few elements that describe pixels and times are read, identity is left unread.

Elements as in DICOM PS3.3 C.7.6.3 (image pixel), C.7.6.5 and C.7.6.6 (cine, multi-frame); encapsulation as in PS3.5 A.4.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pydicom
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)

from detector.stacks.base import DEEP_NOTE, RecordedStack
from detector.stacks.blobs import Blob, BlobFile
from detector.stacks.dicom_frames import COMPRESSED, FrameShape, decode_frame, locate_frames
from detector.stacks.grey import Raw
from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal
from detector.stacks.sizes import check_size
from detector.stacks.times import Timeline, from_hours
from detector.types import StackInfo

Elements = dict[str, Any]

_PIXELS = ("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns")
_DEPTHS = ("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation")
_TIMES = ("FrameTime", "FrameTimeVector", "AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime", "ContentDate", "ContentTime")
_PIXEL_TAGS = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10")
_IDENTITY_NOTE = "Names, dates of birth and other identity in the DICOM header were not read."
_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    AttributeError,
    TypeError,
    NotImplementedError,
    struct.error,
    pydicom.errors.InvalidDicomError,
    pydicom.errors.BytesLengthException,
    IndexError,
)
_LONG_LENGTH = {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN"}


class DicomStack(RecordedStack):
    """Frames of one multi-frame object, decoded where they lie."""

    def __init__(
        self,
        blob: Blob,
        places: list[list[tuple[int, int]]],
        shape: FrameShape,
        info: StackInfo,
        limits: Limits,
        release: Callable[[], None],
    ) -> None:
        super().__init__(info, shape.dtype)
        self._blob = blob
        self._places = places
        self._shape = shape
        self._limits = limits
        self._release = release

    def raw(self, frame: int, plane: int) -> Raw:  # noqa: ARG002
        data = b"".join(self._blob.read_at(at, length) for at, length in self._places[frame])
        return decode_frame(data, self._shape, f"Frame {frame} of {self._blob.name}", self._limits)

    def close(self) -> None:
        self._blob.close()
        self._release()


def open_dicom(blob: Blob, limits: Limits, release: Callable[[], None]) -> DicomStack:
    """Read what describes the pixels, find every frame, check that the first one decodes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of oddities that do not concern pixels
        stack = _open(blob, limits, release)
    stack.raw(0, 0)
    return stack


def _open(blob: Blob, limits: Limits, release: Callable[[], None]) -> DicomStack:
    elements, pixels_at = _read_header(blob, limits)
    syntax = elements["TransferSyntaxUID"]
    frames = _number(blob, elements, "NumberOfFrames", 1)
    if frames > limits.frames:
        raise refusal(Code.FRAMES_TOO_MANY, f"{blob.name} declares {frames} frames, more than {limits.frames}.")
    shape = _shape(blob, elements, str(syntax), limits)
    start, length = _pixel_data(blob, pixels_at, syntax)
    places = locate_frames(blob, start, length, frames, shape)
    timeline = _timeline(elements, frames)
    bits = shape.dtype.itemsize * 8
    info = StackInfo(
        format="dicom",
        width_px=shape.columns,
        height_px=shape.rows,
        frames=frames,
        planes=(0.0,),
        bit_depth=bits,
        interval_minutes=timeline.interval_minutes,
        started_at=timeline.started_at,
        hours_since_start=timeline.hours,
        times_from=timeline.source,
        notes=(_IDENTITY_NOTE, *timeline.notes, *((DEEP_NOTE.format(bits=bits),) if bits > 8 else ())),
    )
    return DicomStack(blob, places, shape, info, limits, release)


def _read_header(blob: Blob, limits: Limits) -> tuple[Elements, int]:
    """The values that are needed, and where the pixel data start."""
    sop_class, syntax = _read_meta(blob)
    if sop_class == MediaStorageDirectoryStorage:
        raise refusal(Code.DICOM_DIRECTORY, f"{blob.name} is a DICOMDIR, a list of other files.")
    if syntax == DeflatedExplicitVRLittleEndian:
        raise refusal(Code.COMPRESSION, f"{blob.name} is a deflated DICOM object; its header cannot be checked before it is unpacked.")
    stream = io.BufferedReader(BlobFile(_Header(blob, limits)))
    try:
        dataset = pydicom.dcmread(stream, stop_before_pixels=True, specific_tags=[*_PIXELS, *_DEPTHS, *_TIMES])
        # pydicom converts a value when it is asked for, so all are asked for where a failure is expected.
        elements: Elements = {key: dataset.get(key) for key in (*_PIXELS, *_DEPTHS, *_TIMES)}
        elements["TransferSyntaxUID"] = dataset.file_meta.get("TransferSyntaxUID", ImplicitVRLittleEndian)
        return elements, stream.tell()
    except RecursionError:
        raise refusal(Code.DICOM_DAMAGED, f"{blob.name} nests its sequences too deep to be read.") from None
    except _UNREADABLE as problem:
        # The problem's own words may quote the header, and with it a patient.
        raise refusal(
            Code.DICOM_DAMAGED, f"{blob.name} is a damaged DICOM file: its header cannot be read ({type(problem).__name__})."
        ) from None


def _read_meta(blob: Blob) -> tuple[str, str]:
    """Class and transfer syntax from the file's own group 2, before pydicom would unpack anything."""
    found = {2: "", 0x10: ""}
    at = 132
    while at + 12 <= blob.size:
        group, element, kind, length = struct.unpack("<2H2sH", blob.read_at(at, 8))
        if group != 2:
            break
        at += 8
        if kind in _LONG_LENGTH:
            length = struct.unpack("<I", blob.read_at(at, 4))[0]
            at += 4
        if element in found:
            found[element] = blob.read_at(at, min(length, 64)).rstrip(b"\0 ").decode("latin-1")
        at += length
    return found[2], found[0x10]


class _Header:
    """The first bytes of a blob: pydicom gets no more than a header may have."""

    def __init__(self, blob: Blob, limits: Limits) -> None:
        self.name = blob.name
        self.size = min(blob.size, limits.dicom_header_bytes)
        self.read_at = blob.read_at
        self.head = blob.head
        self.rest = self.close = lambda: None


def _number(blob: Blob, elements: Elements, key: str, default: int | None = None) -> int:
    try:
        value = elements.get(key)
        number = default if value is None or value == "" else int(value)
    except (ValueError, TypeError, OverflowError):
        raise refusal(Code.DICOM_DAMAGED, f"{blob.name} has an unreadable {key}.") from None
    if number is None:
        raise refusal(Code.DICOM_NO_PIXELS, f"{blob.name} holds no picture: its {key} is missing.")
    if number < 0 or (number == 0 and default == 1):
        raise refusal(Code.DICOM_DAMAGED, f"{blob.name} declares {key} {number}.")
    return number


def _shape(blob: Blob, elements: Elements, syntax: str, limits: Limits) -> FrameShape:
    rows, columns = _number(blob, elements, "Rows"), _number(blob, elements, "Columns")
    check_size(columns, rows, blob.name, limits)
    allocated = _number(blob, elements, "BitsAllocated")
    stored = _number(blob, elements, "BitsStored", allocated)
    samples = _number(blob, elements, "SamplesPerPixel", 1)
    colour = str(elements.get("PhotometricInterpretation") or "MONOCHROME2")
    is_signed = _number(blob, elements, "PixelRepresentation", 0) == 1
    is_planar = _number(blob, elements, "PlanarConfiguration", 0) == 1
    is_readable = colour in ("MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")
    if allocated not in (8, 16, 32) or not 0 < stored <= allocated or samples not in (1, 3) or not is_readable:
        raise refusal(Code.PICTURE_KIND, f"{blob.name} has {samples} channels of {allocated} bits in colour kind {colour}.")
    if colour == "YBR_FULL_422" and syntax not in COMPRESSED:
        raise refusal(Code.PICTURE_KIND, f"{blob.name} has uncompressed pictures in colour kind {colour}.")
    if syntax not in COMPRESSED and syntax not in (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian):
        raise refusal(Code.COMPRESSION, f"{blob.name} uses DICOM transfer syntax {syntax} ({pydicom.uid.UID(syntax).name}).")
    order: Literal["<", ">"] = ">" if syntax == ExplicitVRBigEndian else "<"
    dtype = np.dtype(f"{'i' if is_signed else 'u'}{allocated // 8}")
    return FrameShape(rows, columns, samples, dtype, stored, colour, is_planar, order, syntax)


def _pixel_data(blob: Blob, at: int, syntax: Any) -> tuple[int, int | None]:
    """Where the pixel data start and how long they are, None for encapsulated data of undefined length."""
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    if at + 12 > blob.size or (header := blob.read_at(at, 12))[:4] not in _PIXEL_TAGS:
        raise refusal(Code.DICOM_NO_PIXELS, f"{blob.name} holds no pixel data, or they are cut off.")
    if syntax == ImplicitVRLittleEndian:
        start, length = at + 8, struct.unpack("<I", header[4:8])[0]
    elif header[4:6] in _LONG_LENGTH:
        start, length = at + 12, struct.unpack(order + "I", header[8:12])[0]
    else:
        raise refusal(Code.DICOM_DAMAGED, f"{blob.name} stores its pixels as {header[4:6].decode('latin-1')!r}.")
    return start, None if length == 0xFFFFFFFF else length


def _timeline(elements: Elements, frames: int) -> Timeline:
    started_at = _started(elements)
    try:
        steps = [float(step) for step in elements.get("FrameTimeVector") or ()]
        step = float(elements.get("FrameTime") or 0)
    except (ValueError, TypeError):
        return Timeline(started_at=started_at)
    if frames > 1 and len(steps) == frames:
        return from_hours(list(np.cumsum(steps) / 3.6e6), "dicom", started_at=started_at)
    if frames > 1 and 0 < step < 1e12:
        return from_hours([i * step / 3.6e6 for i in range(frames)], "dicom", started_at=started_at)
    return Timeline(started_at=started_at)


def _started(elements: Elements) -> datetime | None:
    text = str(elements.get("AcquisitionDateTime") or "")
    for date, time in (("AcquisitionDate", "AcquisitionTime"), ("ContentDate", "ContentTime")):
        text = text or f"{elements.get(date) or ''}{elements.get(time) or ''}"
    try:
        return datetime.strptime(text[:14], "%Y%m%d%H%M%S")
    except ValueError:
        return None
