"""What is asked of a data set and what is gathered for it: plain values, no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

Task = Literal["wells", "phases"]
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
CONTENTS = ("empty", "embryo", "gas", "embryo_gas")
GAS_OUTSIDE, NO_WELLS = "gas_outside", "no_wells"
WELL_CLASSES = (*CONTENTS, GAS_OUTSIDE, NO_WELLS)
PHASE_CLASSES = ("1", "2", "3", "4")
CLASSES: Mapping[str, tuple[str, ...]] = {"wells": WELL_CLASSES, "phases": PHASE_CLASSES}
SOURCES = ("labels", "people")
"""Imported labels, and what people of the lab said of recordings. What a machine says is never a label."""
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Filters:
    """Which labels are taken; an empty choice means all."""

    sources: tuple[str, ...] = SOURCES
    dishes: tuple[UUID, ...] = ()
    patients: tuple[str, ...] = ()
    annotators: tuple[str, ...] = ()
    imports: tuple[UUID, ...] = ()
    meanings: tuple[str, ...] = ()
    """Classes of which a picture has to show at least one."""
    ground_truth_only: bool = False
    since: date | None = None
    until: date | None = None
    """The last day that still counts."""
    frames_a_phase: int = 8
    """From one phase of one embryo of a recording at most so many frames are taken, evenly spread."""

    def take(self, at: datetime | None) -> bool:
        """Whether something that was said then is taken."""
        if not (self.since or self.until):
            return True
        if at is None or (self.since is not None and at.date() < self.since):
            return False
        return self.until is None or at.date() <= self.until

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Filters:
        """From the JSON that a row keeps."""
        return cls(
            sources=tuple(kept.get("sources") or SOURCES),
            dishes=tuple(UUID(str(key)) for key in kept.get("dishes", ())),
            patients=tuple(kept.get("patients", ())),
            annotators=tuple(kept.get("annotators", ())),
            imports=tuple(UUID(str(key)) for key in kept.get("imports", ())),
            meanings=tuple(kept.get("meanings", ())),
            ground_truth_only=bool(kept.get("ground_truth_only", False)),
            since=date.fromisoformat(kept["since"]) if kept.get("since") else None,
            until=date.fromisoformat(kept["until"]) if kept.get("until") else None,
            frames_a_phase=int(kept.get("frames_a_phase", 8)),
        )


@dataclass(frozen=True)
class SplitRule:
    """How pictures are divided: shares in percent, one seed one result."""

    shares: tuple[int, int, int] = (80, 10, 10)
    seed: int = 1
    keep_given: bool = True
    """Where labels came with a split of their own, it stays."""

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> SplitRule:
        train, validation, test = (int(share) for share in kept.get("shares", (80, 10, 10)))
        return cls((train, validation, test), int(kept.get("seed", 1)), bool(kept.get("keep_given", True)))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Candidate:
    """One labelled picture that could be an item; the fields are those of DataSetItem."""

    content_key: str
    label: dict[str, Any]
    classes: tuple[str, ...]
    width_px: int
    height_px: int
    picture_id: UUID | None = None
    stack_id: UUID | None = None
    frame_index: int | None = None
    plane: int = 0
    place: str = ""
    cut: Box | None = None
    patient: str = ""
    dish: str = ""
    embryo: str = ""
    annotator: str = ""
    labelled_at: datetime | None = None
    is_ground_truth: bool = False
    given_split: Split | None = None
    source: dict[str, list[str]] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """What it must not share with a picture of another split, the widest first."""
        named = (("patient", self.patient), ("dish", self.dish), ("embryo", self.embryo))
        return (*((kind, key) for kind, key in named if key), ("picture", self.content_key))


def given_split(said: object) -> Split | None:
    """The split that an import's own column names; None where it is none of ours."""
    names: dict[str, Split] = {"train": "train", "training": "train", "dev": "validation", "val": "validation", "valid": "validation"}
    names |= {"validation": "validation", "test": "test", "testing": "test"}
    return names.get(str(said).strip().lower())
