"""One embryo from the second polar body to hatching, or to whatever ends it first."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from detector.synth.developing.happenings import Happening
from detector.synth.developing.lineage import NO_CELLS, Lineage, Points
from detector.synth.developing.moment import MERGED, Fragments, Moment, Traits
from detector.types import Phase, Stage, Unphased

_PHASES = tuple(Phase)
_FULL, _EXPANDED, _LARGEST = 0.42, 0.62, 0.80
"""Cavity's share of the volume at tB, at tEB, and at most."""


@dataclass(frozen=True, slots=True)
class Life:
    """One embryo's whole life; `onsets` are exact hours, phases that never came are missing, and `at` tells any moment."""

    seed: int
    onsets: dict[Phase, float]
    happenings: tuple[Happening, ...]
    traits: Traits
    lineage: Lineage
    pronuclei: int
    fragmentation: float
    fragments: Fragments
    compacting: tuple[float, float]
    """Hours at which compaction begins and would be complete."""
    stopped_at: float
    """Hour of arrest, infinite where development goes on."""
    last_hpi: float
    base_turn: Points
    sway: tuple[float, ...]

    def happening(self, kind: str) -> Happening | None:
        """The first event of that kind."""
        return next((h for h in self.happenings if h.kind == kind), None)

    def stage_at(self, hours: float) -> Stage:
        """The phase of that hour; before the second polar body is out the embryo counts as tPB2 already."""
        if self._is_since("well_emptied", hours):
            return Unphased.EMPTY
        if self._is_during("out_of_focus", hours):
            return Unphased.NOT_SEEN
        if self._is_since("degeneration", hours):
            return Unphased.DEGENERATE
        return max((p for p, onset in self.onsets.items() if onset <= hours), key=_PHASES.index, default=Phase.TPB2)

    def at(self, hours: float) -> Moment:
        """The embryo at that hour; the same hour always gives the same moment, and close hours close ones."""
        cavity, uncollapsed = self._cavity(hours)
        body, stretched = _body(cavity), _body(uncollapsed)
        room = 1.0 + self.traits.zona_gap
        share_out = self._hatching(hours)
        seen, faded = self.onsets[Phase.TPNA], self._at(Phase.TPNF)
        multi = self.happening("multinucleation")
        return Moment(
            hours=hours, stage=self.stage_at(hours), cell_count=self.lineage.count(hours), traits=self.traits,
            cells=self.lineage.at(hours) if cavity < MERGED else NO_CELLS, turn=self._turn(hours),
            spin=self._spin(hours), shift_um=self._shift(hours), compaction=self._compaction(hours),
            cavity=cavity, expansion=_ramp(stretched, room, _body(_LARGEST)), hatching=share_out, body=body,
            zona_inner=max(room, stretched * (1.0 - 0.35 * share_out)),
            fragmentation=self.fragmentation * _ramp(hours, self._at(Phase.T2) - 0.3, self._at(Phase.T2) + 3.0), fragments=self.fragments,
            polar_bodies=1.0 + _ramp(hours, self.onsets[Phase.TPB2] - 0.5, self.onsets[Phase.TPB2]), pronuclei=self.pronuclei,
            pronuclei_seen=_ramp(hours, seen - 0.4, seen + 0.8) * (1.0 - _ramp(hours, faded - 0.25, faded)),
            nuclei_seen=self._nuclei(hours), is_multinucleated=multi is not None and multi.first_hpi <= hours <= multi.last_hpi,
            decay=self._decay(hours), has_gas=self._is_during("gas_bubble", hours),
            is_empty=self._is_since("well_emptied", hours), is_hidden=self._is_during("out_of_focus", hours),
        )  # fmt: skip

    def _at(self, phase: Phase) -> float:
        return self.onsets.get(phase, math.inf)

    def _is_during(self, kind: str, hours: float) -> bool:
        found = self.happening(kind)
        return found is not None and found.first_hpi <= hours <= found.last_hpi

    def _is_since(self, kind: str, hours: float) -> bool:
        """Whether something that is never undone has happened."""
        found = self.happening(kind)
        return found is not None and found.first_hpi <= hours

    def _compaction(self, hours: float) -> float:
        return _ramp(min(hours, self.stopped_at), *self.compacting)

    def _cavity(self, hours: float) -> tuple[float, float]:
        """The cavity's share of the volume, and what it would be without collapses."""
        stops = [(self._at(Phase.TSB) - 0.3, 0.0), (self._at(Phase.TSB) + 0.2, 0.03), (self._at(Phase.TB), _FULL)]
        stops += [
            (self._at(Phase.TEB), _EXPANDED),
            (max(self._at(Phase.THB), self._at(Phase.TEB) + 6.0), 0.74),
            (self.last_hpi + 8, _LARGEST),
        ]
        if math.isinf(stops[0][0]):
            return 0.0, 0.0
        known = [stop for stop in stops[:-1] if stop[0] < math.inf]
        if len(known) > 2 and self.stopped_at == math.inf:
            known.append((max(stops[-1][0], known[-1][0] + 8.0), stops[-1][1]))
        usual = float(np.interp(min(hours, self.stopped_at), [s[0] for s in known], [s[1] for s in known]))
        left = 1.0
        for fall in self.happenings:
            if fall.kind == "collapse":
                back = next(h for h in self.happenings if h.kind == "reexpansion" and h.first_hpi == fall.last_hpi)
                left *= 1.0 - 0.8 * _ramp(hours, fall.first_hpi, fall.last_hpi) * (1.0 - _ramp(hours, back.first_hpi, back.last_hpi))
        return usual * left, usual

    def _hatching(self, hours: float) -> float:
        begins = self._at(Phase.THB)
        if math.isinf(begins):
            return 0.0
        takes = 8.0 + 14.0 * (self.seed % 97) / 97
        return 0.03 * _ramp(hours, begins - 0.8, begins) + 0.92 * _ramp(hours, begins, begins + takes)

    def _nuclei(self, hours: float) -> float:
        """Nuclei of the cells show between divisions."""
        near = min((abs(hours - d.hours - 1.2) for d in self.lineage.divisions), default=9.0)
        return _ramp(near, 0.8, 2.6) * float(hours > self._at(Phase.T2))

    def _decay(self, hours: float) -> float:
        end = self.happening("degeneration")
        return (
            0.0
            if end is None
            else 0.3 * _ramp(hours, end.first_hpi - 6.0, end.first_hpi) + 0.7 * _ramp(hours, end.first_hpi - 1.0, end.first_hpi + 3.0)
        )

    def _spin(self, hours: float) -> float:
        return self.sway[0] * math.sin(hours / 17.0 + self.sway[1]) + self.sway[2] * hours / 60.0

    def _turn(self, hours: float) -> Points:
        spin = self._spin(hours)
        tilt = 0.25 * self.sway[0] * math.sin(hours / 23.0 + self.sway[3])
        about_z = np.array([[math.cos(spin), -math.sin(spin), 0], [math.sin(spin), math.cos(spin), 0], [0, 0, 1.0]])
        about_x = np.array([[1.0, 0, 0], [0, math.cos(tilt), -math.sin(tilt)], [0, math.sin(tilt), math.cos(tilt)]])
        return np.asarray(about_z @ about_x @ self.base_turn)

    def _shift(self, hours: float) -> tuple[float, float]:
        a, b = self.sway[4], self.sway[5]
        return a * math.sin(hours / 13.0 + self.sway[1]), b * math.sin(hours / 19.0 + self.sway[3])


def _body(cavity: float) -> float:
    """Radius of an embryo whose cells keep their volume around a cavity, in egg radii."""
    cells = 0.97 - 0.25 * min(cavity / _FULL, 1.0)
    return float((cells / (1.0 - cavity)) ** (1 / 3))


def _ramp(value: float, start: float, end: float) -> float:
    """0 up to `start`, 1 from `end` on, smooth between."""
    if math.isinf(start):
        return 0.0
    share = min(max((value - start) / max(end - start, 1e-9), 0.0), 1.0)
    return share * share * (3.0 - 2.0 * share)
