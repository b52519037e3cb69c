"""How far a stager's words can be trusted, measured apart from its training: calibration.json beside the nets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.errors import WeightsError
from detector.stages.priors import Values
from detector.types import STAGES, Phase, Unphased

FILE = "calibration.json"
_FORM, _KEY = 1, "sequence"
_LEAST_LOG = -60.0
"""No net knows more surely than this that something is not so."""
_THERE = [k for k, stage in enumerate(STAGES) if stage not in (Unphased.EMPTY, Unphased.NOT_SEEN)]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns a net's answers into evidence, and posteriors into bounds that hold as often as they say."""

    temperature: float = 1.0
    """Log-probabilities are divided by it, over and above what a stager does to single frames."""
    hours_apart: float = 1.0
    """Frames closer than this repeat each other's mistakes, so each counts only for the share of it that it covers."""
    margins: Mapping[Phase, float] = field(default_factory=lambda: MappingProxyType({}))
    """Hours by which the bounds of each phase's onset are moved outwards (inwards where negative)."""
    general_margin: float = 0.0
    """The same for phases that too few embryos showed."""
    made_on: str = "nothing"
    """In words, such as "synthetic data"; shown beside every bound."""
    embryos: int = 0

    def margin(self, phase: Phase) -> float:
        """Hours by which the bounds of an onset move outwards."""
        return self.margins.get(phase, self.general_margin)

    def evidence(self, log_probabilities: npt.NDArray[np.floating], minutes: Values) -> Values:
        """Log-likelihoods (T, 19) for decoding: tempered, and weighed by how much time each frame speaks for.

        Whether an embryo is hidden or gone each frame says for itself. Frames that favour no stage take no time from their neighbours.
        """
        logs = np.maximum(np.asarray(log_probabilities, dtype=float), _LEAST_LOG) / self.temperature
        logs = logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)
        speaking = np.flatnonzero(np.ptp(logs, axis=1) > 1e-6)
        weights = np.minimum(shares_of_time(minutes[speaking]) / (60.0 * self.hours_apart), 1.0)
        answer: Values = np.zeros(logs.shape)
        rows = logs[speaking]
        there = np.logaddexp.reduce(rows[:, _THERE], axis=1, keepdims=True)
        # Likelihoods against that of any embryo in sight, so that weighing them leaves hidden frames as plain as they are.
        rows = rows - there + np.log(len(_THERE))
        rows[:, _THERE] *= weights[:, None]
        answer[speaking] = rows
        return answer

    def to_json(self, beside: str | bytes | None = None) -> str:
        """The file's text; what `beside`, an earlier text, holds for single frames is kept."""
        table: dict[str, Any] = json.loads(beside) if beside is not None else {}
        table[_KEY] = {
            "form": _FORM, "temperature": round(self.temperature, 4), "hours_apart": round(self.hours_apart, 3),
            "margins_hours": {phase.value: round(hours, 3) for phase, hours in self.margins.items()},
            "general_margin_hours": round(self.general_margin, 3), "made_on": self.made_on, "embryos": self.embryos,
        }  # fmt: skip
        return json.dumps(table, indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> Calibration:
        """Read the file's text, the default where it says nothing of sequences; raises WeightsError that says what is wrong."""
        try:
            table: dict[str, Any] | None = json.loads(text).get(_KEY)
            if table is None:
                return cls()
            if table["form"] != _FORM:
                raise ValueError(f"form {table['form']!r}, this version reads {_FORM}")
            read = cls(
                temperature=float(table["temperature"]),
                hours_apart=float(table["hours_apart"]),
                margins=MappingProxyType({Phase(name): float(hours) for name, hours in table["margins_hours"].items()}),
                general_margin=float(table["general_margin_hours"]),
                made_on=str(table["made_on"]),
                embryos=int(table["embryos"]),
            )
            if not (0.01 <= read.temperature <= 100 and 0.01 <= read.hours_apart <= 1000):
                raise ValueError(f"temperature {read.temperature} and hours_apart {read.hours_apart} are out of range")
        except (ValueError, KeyError, TypeError, AttributeError) as reason:
            raise WeightsError("calibration_broken", f"{FILE} cannot be read: {reason!r}", "Make the weights anew.") from reason
        return read


def shares_of_time(minutes: Values) -> Values:
    """How much time each frame speaks for: half the way to the frames beside it."""
    if len(minutes) < 2:
        return np.full(len(minutes), np.inf)
    gaps = np.diff(minutes)
    return np.asarray((np.concatenate([gaps[:1], gaps]) + np.concatenate([gaps, gaps[-1:]])) / 2)


def fitted_temperature(log_probabilities: npt.NDArray[np.floating], truth: npt.NDArray[np.int_]) -> float:
    """The temperature under which held-out frames are likeliest; `truth` are places in STAGES."""
    logs = np.asarray(log_probabilities, dtype=float)
    if logs.shape != (len(truth), len(STAGES)) or not len(truth):
        raise ValueError(f"need one row of {len(STAGES)} a true stage, got {logs.shape} for {len(truth)}")

    def loss(temperature: float) -> float:
        tempered = logs / temperature
        return float(np.mean(np.logaddexp.reduce(tempered, axis=1) - tempered[np.arange(len(truth)), truth]))

    tried = np.geomspace(0.3, 8.0, 60)
    return float(min(tried, key=loss))


def conformal_margin(low: Values, high: Values, truth: Values, coverage: float = 0.9) -> float:
    """By how much bounds must move so that a new embryo's onset lies within them with `coverage`; one row an embryo.

    Split-conformal on the signed distance outside the bounds; infinite where there are too few embryos to promise that.
    """
    outside = np.sort(np.maximum(low - truth, truth - high))
    rank = int(np.ceil(coverage * (len(outside) + 1)))
    return float(outside[rank - 1]) if rank <= len(outside) else float("inf")
