"""Weights that a lab's own pictures made: written, judged as they are served, and never part of what the product ships."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detector.stages.stager import ConvNextStager
from detector.training.stages_augment import plain
from detector.training.stages_folders import Labelled, Windows
from detector.training.stages_judging import Agreement, agreement
from detector.training.stages_network import StageNet
from detector.training.stages_weights import served, weights_of, write_stager


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Labelled pictures that nothing was learned from or chosen by."""

    windows: Windows
    rows: Sequence[Labelled]

    @classmethod
    def of(cls, windows: Windows, rows: Sequence[Labelled]) -> HeldBack:
        """Those of split "dev" that carry one phase."""
        chosen = [place for place, row in enumerate(rows) if row.split == "dev" and not row.is_doubtful]
        return cls(windows[chosen], [rows[place] for place in chosen])

    def judge(self, stager: ConvNextStager) -> Agreement:
        """How `stager` names them one by one."""
        crops = np.stack([plain(window) for window in self.windows])
        looks = stager.look_from_all_sides(crops)
        return agreement(looks.log_probabilities, [row.phase for row in self.rows], [row.embryo for row in self.rows])


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


def publish(network: StageNet, out: Path, origin: Origin, held_back: HeldBack, threads: int) -> dict[str, Any]:
    """Write the weights folder `out` and judge what it serves; returns the figures, empty where nothing was held back."""
    data = weights_of(network)
    facts = {"pictures": origin.pictures, "embryos": origin.embryos, "minutes": origin.minutes, "started_from": origin.started_from}

    def write(figures: dict[str, Any]) -> None:
        flat = {f"dev_{key}": value for key, value in figures.items() if key != "confusion"}
        write_stager(
            out, data, name=origin.name, command=origin.command, learned_from=origin.learned_from, renderer="none",
            metrics=facts | flat, card=_card(origin, figures),
        )  # fmt: skip

    write({})
    figures = held_back.judge(served(out, threads=threads)).as_dict() if len(held_back.rows) else {}
    write(figures)
    return figures


def _card(origin: Origin, figures: dict[str, Any]) -> str:
    measured = f"```\n{json.dumps(figures, indent=1)}\n```" if figures else "No picture was held back, so nothing was measured."
    return f"""# {origin.name}

A frame encoder that learned from {origin.learned_from}: {origin.pictures} pictures of {origin.embryos} embryos, starting from
{origin.started_from}, in {origin.minutes} minutes. Made by

    {origin.command}

## Intended use

Research and annotation aid for the lab whose pictures taught it. It was not made to be passed on: the pictures' licence decides that.

## Figures on pictures held back by embryo, each named alone

{measured}

Rows of the confusion are the lab's phases 1 to 4; columns the same, and last what was named empty or not seen.

## Known limits

Other dishes, cameras and labs were not seen. Within a coarse phase the single stages are those of the weights it started from; started
from scratch they mean nothing. The confidences are not calibrated.
"""
