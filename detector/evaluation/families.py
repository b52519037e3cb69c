"""Every family of detectors over the same pictures: what each finds and names, with and without the closer look, and in 8 bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.evaluation.scoring import CONTENTS, Tally
from detector.evaluation.truth import Picture
from detector.loading import load_finder, read_verified
from detector.protocols import WellFinder
from detector.training.int8 import Samples, finder_in_int8, members_of
from detector.wells.naming import read_frame
from detector.wells.net import CONTENT, WELLS, NetFinder

CLOSER, ALONE, INT8 = "closer look", "one net", "8 bits"
"""As it is served; without the net that looks into each well; as served, in 8 bits."""
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contender:
    """One detector in one way of serving it."""

    name: str
    way: str
    finder: WellFinder


@dataclass(frozen=True, slots=True)
class Folder:
    """A weights folder of a finder, opened once: its nets as they are and in 8 bits."""

    name: str
    family: str
    data: bytes
    reduced: bytes
    contenders: tuple[Contender, ...]

    @property
    def nets(self) -> tuple[bytes, bytes]:
        """The net that finds wells, in 32 and in 8 bits."""
        return members_of(self.data)[WELLS], members_of(self.reduced)[WELLS]

    @property
    def megabytes(self) -> tuple[float, float]:
        """Of the net that finds wells, in 32 and in 8 bits."""
        plain, reduced = self.nets
        return round(len(plain) / 1e6, 2), round(len(reduced) / 1e6, 2)


def opened(path: Path, samples: Samples, threads: int) -> Folder:
    """A weights folder in all its ways; raises WeightsError where it cannot be served."""
    manifest, data = read_verified(path)
    reduced = finder_in_int8(data, samples)
    name = manifest.name
    ways = [Contender(name, CLOSER, NetFinder(manifest, data, threads=threads))]
    if CONTENT in members_of(data):
        ways.append(Contender(name, ALONE, NetFinder(manifest, data, threads=threads, closer=False)))
    ways.append(Contender(name, INT8, NetFinder(manifest, reduced, threads=threads)))
    return Folder(name, manifest.family, data, reduced, tuple(ways))


def baseline() -> Contender:
    """Hough circles, which need no weights."""
    return Contender("hough", CLOSER, load_finder("hough"))


def scored(pictures: Iterable[Picture], contenders: Sequence[Contender]) -> dict[str, dict[str, dict[str, Figures]]]:
    """Figures by name and way: `found` of the boxes as they are found, `named` after lattice and rim; every one over the same pictures."""
    tallies = [(one, Tally(), Tally()) for one in contenders]
    for picture in pictures:
        for one, found, named in tallies:
            sighting = one.finder.find([picture.image])[0]
            found.add_sighting(picture, sighting)
            named.add_frame(picture, read_frame(picture.image, sighting))
    answer: dict[str, dict[str, dict[str, Figures]]] = {}
    for one, found, named in tallies:
        answer.setdefault(one.name, {})[one.way] = {"found": found.figures(), "named": named.figures()}
    return answer


def accuracy_table(scores: Mapping[str, Mapping[str, Mapping[str, Figures]]]) -> str:
    """One set of pictures as Markdown, a row a detector; boxes and contents as found, the place after naming."""
    head = (
        "detector", "recall", "false alarms", "AP50", "AP50-95", "AP50 a content", "AP50-95 a content", "macro-F1, one net",
        "macro-F1, closer look", "place",
    )  # fmt: skip
    rows = []
    for name, ways in scores.items():
        found, named = ways[CLOSER]["found"], ways[CLOSER]["named"]
        alone = ways[ALONE]["found"]["content_macro_f1"] if ALONE in ways else None
        closer = found["content_macro_f1"] if ALONE in ways or name == "hough" else None
        rows.append(
            (
                name, found["recall"], found["false_alarms"], found["ap50"], found["ap50_95"], content_mean(found, "ap50"),
                content_mean(found, "ap50_95"), alone if ALONE in ways else found["content_macro_f1"], closer, named["place"],
            )
        )  # fmt: skip
    return as_table(head, rows)


def int8_table(sets: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Figures]]]]) -> str:
    """What 8 bits change on every set, as Markdown."""
    rows = []
    for kind, scores in sets.items():
        for name, ways in scores.items():
            if INT8 in ways:
                before, after = ways[CLOSER]["found"], ways[INT8]["found"]
                changes = [_change(before[key], after[key]) for key in ("content", "content_macro_f1", "ap50_95", "recall")]
                rows.append((name, kind, *changes))
    return as_table(("detector", "pictures", "content", "macro-F1", "AP50-95", "recall"), rows)


def content_mean(figures: Figures, key: str) -> float | None:
    """The mean over the contents that occur."""
    values = [figures["per_content"][content.value][key] for content in CONTENTS]
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 4) if known else None


def as_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Markdown; what is not known is a dash."""
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    lines += ["| " + " | ".join("–" if cell is None else str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _change(before: float | None, after: float | None) -> str | None:
    return None if before is None or after is None else f"{after - before:+.4f}"
