"""Weights that a lab's own pictures made: written, judged as they are served, and never part of what the product ships."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from detector.stages.stager import ConvNextStager
from detector.training.stages_augment import plain
from detector.training.stages_folders import Labelled, Windows
from detector.training.stages_judging import Agreement, agreement_of, columns_of
from detector.training.stages_network import StageNet
from detector.training.stages_weights import served, weights_of, write_stager


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Labelled pictures that nothing was learned from or chosen by."""

    windows: Windows
    rows: Sequence[Labelled]

    @classmethod
    def of(cls, windows: Windows, rows: Sequence[Labelled]) -> HeldBack:
        """Those of split "test", or of "dev" where there is no test, that carry one phase."""
        split = judged_split(rows)
        chosen = [place for place, row in enumerate(rows) if row.split == split and not row.is_doubtful]
        return cls(windows[chosen], [rows[place] for place in chosen])

    @property
    def phases(self) -> list[int]:
        return [row.phase for row in self.rows]

    @property
    def embryos(self) -> list[str]:
        return [row.embryo for row in self.rows]

    def named(self, stager: ConvNextStager) -> list[int]:
        """What `stager` names them one by one: phase 0 to 3, 4 for none of them."""
        crops = np.stack([plain(window) for window in self.windows])
        return columns_of(stager.look_from_all_sides(crops).log_probabilities)

    def judge(self, stager: ConvNextStager) -> Agreement:
        """How well `stager` names them one by one."""
        return agreement_of(self.named(stager), self.phases, self.embryos)


def judged_split(rows: Sequence[Labelled]) -> str:
    """The split that figures are of."""
    return "test" if any(row.split == "test" for row in rows) else "dev"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a lab's weights came from."""

    name: str
    learned_from: str
    command: str
    started_from: str
    pictures: int
    embryos: int
    minutes: float
    marks: Mapping[str, str] = field(default_factory=dict)
    """What whoever had it made wants to find in the card again, such as the hash of the data set."""
    chosen_by: int = 0
    """How many of the pictures chose how long to learn, before they were learned from."""


def publish(network: StageNet, out: Path, origin: Origin, held_back: HeldBack, threads: int) -> dict[str, Any]:
    """Write the weights folder `out` and judge what it serves; returns the figures, empty where nothing was held back."""
    data = weights_of(network)
    write_folder(data, out, origin, {})
    figures = held_back.judge(served(out, threads=threads)).as_dict() if len(held_back.rows) else {}
    write_folder(data, out, origin, figures)
    return figures


def write_folder(data: bytes, out: Path, origin: Origin, figures: Mapping[str, Any]) -> None:
    """Write the weights folder `out` with these figures in manifest and card."""
    facts = {"pictures": origin.pictures, "embryos": origin.embryos, "minutes": origin.minutes, "started_from": origin.started_from}
    facts |= {"validation_pictures": origin.chosen_by}
    flat = {f"dev_{key}": value for key, value in figures.items() if key != "confusion"}
    write_stager(
        out, data, name=origin.name, command=origin.command, learned_from=origin.learned_from, renderer="none",
        metrics=facts | flat, card=_card(origin, figures), marks=origin.marks,
    )  # fmt: skip


def _card(origin: Origin, figures: Mapping[str, Any]) -> str:
    marks = "".join(f"\n* {name}: {value}" for name, value in origin.marks.items())
    chosen = f"\nHow long to learn was chosen by {origin.chosen_by} of them, before all were learned from.\n" if origin.chosen_by else ""
    measured = f"```\n{json.dumps(figures, indent=1)}\n```" if figures else "No picture was held back, so nothing was measured."
    return f"""# {origin.name}

A frame encoder that learned from {origin.learned_from}: {origin.pictures} pictures of {origin.embryos} embryos, starting from
{origin.started_from}, in {origin.minutes} minutes. Made by

    {origin.command}
{chosen}{marks}

## Intended use

Research and annotation aid for the lab whose pictures taught it. It was not made to be passed on: the pictures' licence decides that.

## Figures on pictures held back by embryo, each named alone

{measured}

Rows of the confusion are the lab's phases 1 to 4; columns the same, and last what was named empty or not seen.

## Known limits

Other dishes, cameras and labs were not seen. Within a coarse phase the single stages are those of the weights it started from; started
from scratch they mean nothing. The confidences are not calibrated.
"""
