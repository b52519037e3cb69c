"""OME-XML: where the planes of a recording lie and when they were taken; nothing else of it is kept.

Elements and attributes as in the OME schema 2016-06 (Pixels, TiffData, UUID, Plane, AcquisitionDate).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal

_HOURS = {"s": 1 / 3600, "ms": 1 / 3.6e6, "µs": 1 / 3.6e9, "min": 1 / 60, "h": 1.0, "d": 24.0}
_MICROMETRES = {"µm": 1.0, "um": 1.0, "nm": 1e-3, "mm": 1e3}
_DEEPEST = 64
_ORDERS = {"XYZCT", "XYZTC", "XYCTZ", "XYCZT", "XYTCZ", "XYTZC"}


@dataclass(slots=True)
class TiffData:
    """Which pages hold which planes; a missing number means what the schema says it means."""

    page: int | None
    first: dict[str, int]
    count: int | None
    file_name: str = ""


@dataclass(slots=True)
class OmeDescription:
    """The first image of an OME-XML document."""

    sizes: dict[str, int] = field(default_factory=dict)
    order: str = "XYZCT"
    samples_a_channel: int = 1
    images: int = 0
    data: list[TiffData] = field(default_factory=list)
    plane_hours: dict[int, float] = field(default_factory=dict)
    """Earliest time of each T index."""
    increment_hours: float | None = None
    z_step_um: float | None = None
    z_position_um: dict[int, float] = field(default_factory=dict)
    acquired: str = ""
    companion: str = ""
    """The file that holds the description when this one only points to it."""

    def pages(self, limits: Limits, name: str) -> dict[tuple[int, int, int], tuple[str, int]]:
        """(t, z, c) -> (file name or "", page in that file)."""
        t, z, c = (self.sizes[axis] for axis in "TZC")
        if t > limits.frames or z > limits.planes or t * z * c > limits.pictures:
            raise refusal(Code.FRAMES_TOO_MANY, f"{name} declares {t} time points, {z} planes and {c} channels.")
        counts = {"T": t, "Z": z, "C": max(1, c // self.samples_a_channel)}
        places: dict[tuple[int, int, int], tuple[str, int]] = {}
        next_page: dict[str, int] = {}
        for block in self.data or [TiffData(None, {}, None)]:
            start = block.page if block.page is not None else next_page.get(block.file_name, 0)
            position = dict(block.first)
            length = block.count if block.count is not None else (1 if block.page is not None else t * z * c)
            for step in range(min(length, t * z * c)):
                if any(position.get(axis, 0) >= counts[axis] for axis in "TZC"):
                    break
                places[(position.get("T", 0), position.get("Z", 0), position.get("C", 0))] = (block.file_name, start + step)
                self._advance(position, counts)
            next_page[block.file_name] = start + length
        return places

    def _advance(self, position: dict[str, int], counts: dict[str, int]) -> None:
        """The next plane in the document's order of axes; past the last one the slowest axis overflows."""
        axes = self.order[2:]
        for axis in axes:
            position[axis] = position.get(axis, 0) + 1
            if position[axis] < counts[axis] or axis == axes[-1]:
                return
            position[axis] = 0


def looks_like_ome(description: bytes) -> bool:
    """True when a TIFF's description is an OME-XML document."""
    return b"<OME" in description[:4096] or b":OME" in description[:4096]


def parse_ome(document: bytes, name: str, limits: Limits) -> OmeDescription:
    """Read a document; DOCTYPE and ENTITY are refused, so nothing can expand."""
    if len(document) > limits.xml_bytes:
        raise refusal(Code.OME_DAMAGED, f"The OME-XML of {name} has {len(document)} bytes, more than {limits.xml_bytes}.")
    reader = _Reader(name)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.EntityDeclHandler = reader.refuse_doctype
    try:
        parser.Parse(document.rstrip(b"\0 \r\n"), True)
        reader.finish()
    except (expat.ExpatError, ValueError, KeyError) as problem:
        raise refusal(Code.OME_DAMAGED, f"The OME-XML of {name} cannot be read: {str(problem)[:100]}.") from None
    return reader.found


class _Reader:
    """Expat's handlers, filling one OmeDescription."""

    def __init__(self, name: str) -> None:
        self.found = OmeDescription()
        self._name = name
        self._path: list[str] = []
        self._text = ""

    def refuse_doctype(self, *_: object) -> None:
        raise refusal(Code.OME_DOCTYPE, f"The OME-XML of {self._name} holds a DOCTYPE or ENTITY declaration.")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        element = tag.rpartition(" ")[2]
        self._path.append(element)
        if len(self._path) > _DEEPEST:
            raise ValueError(f"elements {_DEEPEST} deep")
        self._text = ""
        if element == "Image":
            self.found.images += 1
        elif element == "BinaryOnly":
            self.found.companion = attributes.get("MetadataFile", "")
        if self.found.images > 1:
            return
        if element == "Pixels":
            self._pixels(attributes)
        elif element == "Channel":
            self.found.samples_a_channel = int(attributes.get("SamplesPerPixel", "1")) or 1
        elif element == "TiffData":
            first = {axis: int(attributes.get(f"First{axis}", "0")) for axis in "TZC"}
            page, count = attributes.get("IFD"), attributes.get("PlaneCount")
            self.found.data.append(TiffData(int(page) if page else None, first, int(count) if count else None))
        elif element == "UUID" and self._path[-2:] == ["TiffData", "UUID"]:
            self.found.data[-1].file_name = attributes.get("FileName", "")
        elif element == "Plane":
            self._plane(attributes)

    def text(self, text: str) -> None:
        if len(self._text) < 100:
            self._text += text

    def end(self, _tag: str) -> None:
        if self._path.pop() == "AcquisitionDate" and not self.found.acquired:
            self.found.acquired = self._text.strip()

    def finish(self) -> None:
        if not self.found.companion and (not self.found.sizes or min(self.found.sizes.values()) < 1):
            raise ValueError("it describes no pixels")
        if any((block.page is not None and block.page < 0) or min(block.first.values()) < 0 for block in self.found.data):
            raise ValueError("a negative page or plane number")

    def _pixels(self, attributes: dict[str, str]) -> None:
        self.found.sizes = {axis: int(attributes[f"Size{axis}"]) for axis in "XYZCT"}
        self.found.order = attributes.get("DimensionOrder", "XYZCT")
        if self.found.order not in _ORDERS:
            raise ValueError(f"the order of axes {self.found.order!r}")
        if "TimeIncrement" in attributes:
            self.found.increment_hours = _measure(attributes, "TimeIncrement", _HOURS, "s")
        if "PhysicalSizeZ" in attributes:
            self.found.z_step_um = _measure(attributes, "PhysicalSizeZ", _MICROMETRES, "µm")

    def _plane(self, attributes: dict[str, str]) -> None:
        t, z = int(attributes["TheT"]), int(attributes["TheZ"])
        hours = _measure(attributes, "DeltaT", _HOURS, "s")
        if hours is not None:
            self.found.plane_hours[t] = min(hours, self.found.plane_hours.get(t, hours))
        position = _measure(attributes, "PositionZ", _MICROMETRES, "")
        if position is not None:
            self.found.z_position_um.setdefault(z, position)


def _measure(attributes: dict[str, str], key: str, units: dict[str, float], default_unit: str) -> float | None:
    """A value in hours or micrometres; None where it is absent, not finite or in a unit that says nothing."""
    factor = units.get(attributes.get(f"{key}Unit", default_unit))
    if key not in attributes or factor is None:
        return None
    value = float(attributes[key]) * factor
    return value if abs(value) < 1e9 else None
