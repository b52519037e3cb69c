"""Stagers side by side: how rendered embryos are named one by one, as served and in 8 bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.evaluation.families import CLOSER, INT8, as_table
from detector.evaluation.families_speed import Values, Work, ways_of
from detector.loading import Manifest, read_verified
from detector.stages.stager import ENCODER, ConvNextStager
from detector.training.int8 import members_of, stager_in_int8
from detector.training.stages_lessons import Lessons
from detector.training.stages_network import ServedNet
from detector.training.stages_shipped import judged
from detector.training.stages_weights import network_of

_FIGURES = ("test_phase_accuracy", "test_within_one_phase", "test_coarse_accuracy", "test_calibration_error")


@dataclass(frozen=True, slots=True)
class Stager:
    """A weights folder of a stager, as it is and in 8 bits."""

    name: str
    path: Path
    manifest: Manifest
    data: bytes
    reduced: bytes

    @property
    def nets(self) -> tuple[bytes, bytes]:
        """The encoder in 32 and in 8 bits."""
        return members_of(self.data)[ENCODER], members_of(self.reduced)[ENCODER]

    @property
    def megabytes(self) -> tuple[float, float]:
        plain, reduced = self.nets
        return round(len(plain) / 1e6, 2), round(len(reduced) / 1e6, 2)


def opened(path: Path, crops: Values) -> Stager:
    """A weights folder; `crops` are what the ranges in 8 bits are learned from."""
    manifest, data = read_verified(path)
    return Stager(manifest.name, path, manifest, data, stager_in_int8(data, crops))


def scored(stager: Stager, lessons: Lessons, threads: int) -> dict[str, dict[str, Any]]:
    """Figures by way, over the same lessons."""
    ways = {CLOSER: stager.data, INT8: stager.reduced}
    return {way: judged(ConvNextStager(stager.manifest, data, threads=threads), lessons) for way, data in ways.items()}


def ways(stager: Stager, inputs: Values, threads: int) -> dict[str, Work]:
    """One call a way of running the encoder."""
    return ways_of(*stager.nets, ServedNet(network_of(stager.path)).eval(), inputs, threads)


def stagers_table(scores: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """Markdown, a row a stager and way."""
    rows = [(name, way, *(figures[key] for key in _FIGURES)) for name, told in scores.items() for way, figures in told.items()]
    return as_table(("stager", "way", "phase", "within one", "coarse", "calibration error"), [(a, _said(b), *c) for a, b, *c in rows])


def _said(way: str) -> str:
    return "8 bits" if way == INT8 else "as served"
