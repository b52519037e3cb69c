"""What was recognised in a recording, as plain values that need no detector to be read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class StackFacts:
    """The fields of the detector's StackInfo, one for one; a test holds them together."""

    format: str
    width_px: int
    height_px: int
    frames: int
    planes: tuple[float, ...]
    bit_depth: int
    interval_minutes: float | None
    started_at: datetime | None
    hours_since_start: tuple[float, ...] | None
    times_from: str
    notes: tuple[str, ...] = ()
    incomplete_planes: tuple[int, ...] = ()

    def as_message(self) -> dict[str, Any]:
        """The form in which a child sends it."""
        return {**asdict(self), "started_at": self.started_at and self.started_at.isoformat()}

    @classmethod
    def of_message(cls, message: dict[str, Any]) -> StackFacts:
        """Read what a child sent; raises ValueError or KeyError when it makes no sense."""
        values = {field.name: message[field.name] for field in fields(cls)}
        values["planes"] = tuple(float(plane) for plane in values["planes"])
        values["notes"] = tuple(str(note) for note in values["notes"])
        values["incomplete_planes"] = tuple(int(plane) for plane in values["incomplete_planes"])
        if values["hours_since_start"] is not None:
            values["hours_since_start"] = tuple(float(hours) for hours in values["hours_since_start"])
        if values["started_at"] is not None:
            values["started_at"] = datetime.fromisoformat(values["started_at"])
        facts = cls(**values)
        if not (0 < facts.width_px * facts.height_px <= 1 << 30 and facts.frames > 0 and facts.planes):
            raise ValueError(f"{facts.frames} frames of {facts.width_px}x{facts.height_px}")
        return facts

    @property
    def default_plane(self) -> int:
        """The plane to show and analyse first: the focus nearest to zero."""
        return min(range(len(self.planes)), key=lambda i: abs(self.planes[i]))
