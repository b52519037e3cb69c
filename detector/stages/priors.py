"""What is known of development before any picture is seen: how long phases last, which are skipped, and when a recording starts.

Aggregates only. Lengths of phases and rates of skipping were fitted to the annotations of some 500 embryos of a public set (Gomez et al.
2022), put on a scale of hours by published medians (Istanbul consensus 2025); the rest is said where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from detector.types import Phase, Unphased

Values = npt.NDArray[np.float64]
PHASES = tuple(Phase)
REMOVED, DEGENERATE = len(PHASES), len(PHASES) + 1
"""Groups of hidden states after the sixteen phases: the well was emptied, the embryo degenerated."""
GROUPS = len(PHASES) + 2
OVERLAYS = (Unphased.NOT_SEEN, Unphased.EMPTY)
"""What may hide an embryo in one frame without being its state."""
TICK_MINUTES = 1.0
"""Times are rounded to this; nothing in an embryo is faster."""
_POWERS = 17
"""Powers of two of a tick that are kept: gaps of up to three months."""


@dataclass(frozen=True, slots=True)
class Length:
    """One way a phase may last: with probability `share`, a sum of `steps` equal random waits of `hours` in all."""

    share: float
    hours: float
    steps: int
    then: tuple[Phase, int, float] | None = None
    """A later phase, which of its lengths it takes after this one, and with what probability; else it draws by shares."""


Lengths = dict[Phase, tuple[Length, ...]]
LENGTHS: Lengths = {
    # Counted from insemination, so that its end is the first sign of pronuclei.
    Phase.TPB2: (Length(1.0, 7.2, 14),),
    Phase.TPNA: (Length(1.0, 17.4, 20),),
    Phase.TPNF: (Length(1.0, 2.65, 12, (Phase.T3, 2, 1.0)),),
    # After a direct cleavage three cells rest as long as two do otherwise, and become four and five together: of 21 such embryos 19 and 14.
    Phase.T2: (Length(0.085, 2.4, 2, (Phase.T3, 2, 0.9)), Length(0.915, 12.3, 20)),
    Phase.T3: (Length(0.955, 1.0, 2), Length(0.045, 9.7, 6), Length(0.0, 10.6, 14, (Phase.T4, 0, 0.67))),
    Phase.T4: (Length(0.056, 1.5, 2), Length(0.944, 13.2, 16)),
    Phase.T5: (Length(0.734, 1.2, 2), Length(0.266, 10.5, 3)),
    Phase.T6: (Length(0.813, 1.8, 2), Length(0.187, 10.7, 2)),
    Phase.T7: (Length(0.695, 1.8, 2), Length(0.305, 11.3, 2)),
    Phase.T8: (Length(0.219, 3.1, 2), Length(0.781, 18.2, 10)),
    Phase.T9_PLUS: (Length(1.0, 23.0, 5),),
    Phase.TM: (Length(1.0, 8.0, 3),),
    Phase.TSB: (Length(1.0, 9.1, 4),),
    Phase.TB: (Length(0.726, 1.3, 2), Length(0.274, 9.3, 4)),
    # Most recordings end before hatching, so its hour is known poorly.
    Phase.TEB: (Length(1.0, 20.0, 2),),
    Phase.THB: (Length(1.0, 1.0, 1),),
}

Followers = dict[Phase, dict[Phase, float]]
FOLLOWERS: Followers = {
    # Shares of the phases seen next; what two divisions in one interval of the camera skip is skipped here too.
    Phase.TPB2: {Phase.TPNA: 0.99, Phase.TPNF: 0.005, Phase.T2: 0.005},
    Phase.TPNA: {Phase.TPNF: 0.99, Phase.T2: 0.01},
    Phase.TPNF: {Phase.T2: 0.949, Phase.T3: 0.05, Phase.T4: 0.001},
    Phase.T2: {Phase.T3: 0.744, Phase.T4: 0.238, Phase.T5: 0.015, Phase.T6: 0.003},
    Phase.T3: {Phase.T4: 0.922, Phase.T5: 0.07, Phase.T6: 0.006, Phase.T7: 0.002},
    Phase.T4: {Phase.T5: 0.74, Phase.T6: 0.188, Phase.T7: 0.047, Phase.T8: 0.025},
    Phase.T5: {Phase.T6: 0.795, Phase.T7: 0.157, Phase.T8: 0.043, Phase.T9_PLUS: 0.005},
    Phase.T6: {Phase.T7: 0.748, Phase.T8: 0.219, Phase.T9_PLUS: 0.03, Phase.TM: 0.003},
    Phase.T7: {Phase.T8: 0.907, Phase.T9_PLUS: 0.083, Phase.TM: 0.01},
    Phase.T8: {Phase.T9_PLUS: 0.962, Phase.TM: 0.038},
    Phase.T9_PLUS: {Phase.TM: 0.995, Phase.TSB: 0.005},
    Phase.TM: {Phase.TSB: 0.995, Phase.TB: 0.005},
    Phase.TSB: {Phase.TB: 0.98, Phase.TEB: 0.02},
    Phase.TB: {Phase.TEB: 0.99, Phase.THB: 0.01},
    Phase.TEB: {Phase.THB: 1.0},
    Phase.THB: {},
}

STARTS: tuple[tuple[float, float, float], ...] = (
    # (share, from hour, to hour) at which a recording begins: after injection, after the fertilisation check, after thawing.
    (0.62, 0.0, 4.0),
    (0.26, 15.0, 22.0),
    (0.12, 22.0, 120.0),
)


@dataclass(frozen=True, slots=True)
class Rates:
    """Hazards an hour and shares a frame of what interrupts development; judged plausible, not measured."""

    arrest: float = 0.0025
    degenerate: float = 0.0008
    removed: float = 0.0006
    not_seen: float = 0.03
    looks_empty: float = 0.015
    slip: float = 0.02
    """Share of a frame's likelihood that is spread over all stages, since nets are wrong with confidence now and then."""
    elsewhere: float = 0.03
    """Share of embryos whose phase at the first frame has nothing to do with how recordings usually start."""
    misdated: float = 0.001
    """The same where a person said the hour: no blastocyst is three hours old, so that takes more than a net's opinion."""
    starts_empty: float = 0.03


class Priors:
    """Development as a chain of hidden steps in continuous time: the phases' lengths are sums of steps, so any gap is bridged exactly."""

    def __init__(self, lengths: Lengths | None = None, followers: Followers | None = None, rates: Rates | None = None) -> None:
        self.lengths = lengths or LENGTHS
        self.followers = followers or FOLLOWERS
        self.rates = rates or Rates()
        branches = [(phase, length) for phase in PHASES for length in self.lengths[phase]]
        sizes = [length.steps for _, length in branches]
        firsts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(int)
        walking = int(sum(sizes))
        self.arrested = np.arange(walking, walking + len(PHASES) - 1)
        """One state a phase but the last, in which no further phase comes."""
        self.size = walking + len(PHASES) - 1 + 2
        groups = np.repeat([PHASES.index(phase) for phase, _ in branches], sizes)
        self.group = np.concatenate([groups, np.arange(len(PHASES) - 1), [REMOVED, DEGENERATE]])
        """The phase (or REMOVED, DEGENERATE) each hidden state shows, in order of states."""
        self._entries = {p: [(firsts[b], length.share) for b, (q, length) in enumerate(branches) if q is p] for p in PHASES}
        self._rate = self._generator(branches, firsts)
        self._powers = _powers_of(self._rate * TICK_MINUTES / 60.0)
        self._steps: dict[int, Values] = {}

    def entry(self, phase: Phase) -> Values:
        """Where a phase is entered, as probabilities over states."""
        row = np.zeros(self.size)
        for state, share in self._entries[phase]:
            row[state] += share
        return row

    def _entry_after(self, length: Length, follower: Phase) -> Values:
        """Where a phase is entered by an embryo that took this length before."""
        row = self.entry(follower)
        if length.then is None or length.then[0] is not follower:
            return row
        _, chosen, share = length.then
        row *= 1 - share
        row[self._entries[follower][chosen][0]] += share
        return row

    def step(self, minutes: float) -> Values:
        """Transition probabilities (from, to) over a time; exact for any sum of times."""
        ticks = max(round(minutes / TICK_MINUTES), 0)
        if ticks >= 2**_POWERS:
            ticks = 2**_POWERS - 1
        known = self._steps.get(ticks)
        if known is None:
            known = np.eye(self.size)
            for bit in range(ticks.bit_length()):
                if ticks >> bit & 1:
                    known = known @ self._powers[bit]
            if len(self._steps) > 256:
                self._steps.clear()
            self._steps[ticks] = known
        return known

    def after(self, start: Values, minutes: float) -> Values:
        """Where a distribution over states has gone after a time."""
        ticks = min(max(round(minutes / TICK_MINUTES), 0), 2**_POWERS - 1)
        for bit in range(ticks.bit_length()):
            if ticks >> bit & 1:
                start = start @ self._powers[bit]
        return start

    def at_hour(self, hours_post_insemination: float) -> Values:
        """The states of an embryo at one hour, some share of it anywhere, since embryos are late, thawed, or not what the lab believes."""
        return self._mixed(self.after(self.entry(PHASES[0]), hours_post_insemination * 60.0), self.rates.misdated)

    @cached_property
    def at_unknown_start(self) -> Values:
        """The states at the first moment of a recording whose hour nobody said."""
        row = np.zeros(self.size)
        for share, first, last in STARTS:
            hours = np.linspace(first, last, max(round(last - first), 2))
            row += share * np.mean([self.after(self.entry(PHASES[0]), hour * 60.0) for hour in hours], axis=0)
        return self._mixed(row, self.rates.elsewhere)

    @cached_property
    def within(self) -> npt.NDArray[np.bool_]:
        """(states, states): whether two states show the same."""
        return np.asarray(self.group[:, None] == self.group[None, :])

    @cached_property
    def onset_hours(self) -> Values:
        """(16, 121): the probability that each phase, or a later one, was reached by hour 0, 2, 4 ... 240."""
        row, rows = self.entry(PHASES[0]), []
        for _ in range(121):
            shown = np.bincount(self.group, row, minlength=GROUPS)[: len(PHASES)]
            rows.append(np.cumsum(shown[::-1])[::-1] / shown.sum())
            row = self.after(row, 120.0)
        return np.array(rows).T

    def hour_by_which(self, phase: Phase, share: float) -> float:
        """The hour by which this share of the embryos that reach it have reached `phase`."""
        reached = self.onset_hours[PHASES.index(phase)]
        return float(np.interp(share * reached[-1], np.maximum.accumulate(reached), np.arange(121) * 2.0))

    def _mixed(self, row: Values, elsewhere: float) -> Values:
        rates = self.rates
        anywhere = np.mean([self.entry(phase) for phase in PHASES], axis=0)
        mixed = (1 - elsewhere) * row + elsewhere * anywhere
        mixed *= 1 - rates.starts_empty
        mixed[-2] += rates.starts_empty
        return np.asarray(mixed / mixed.sum())

    def _generator(self, branches: list[tuple[Phase, Length]], firsts: npt.NDArray[np.int_]) -> Values:
        """Hazards an hour from state to state; rows sum to zero."""
        rate = np.zeros((self.size, self.size))
        for first, (phase, length) in zip(firsts, branches, strict=True):
            pace = length.steps / length.hours
            for k in range(first, first + length.steps - 1):
                rate[k, k + 1] = pace
            for follower, share in self.followers[phase].items():
                rate[first + length.steps - 1] += pace * share * self._entry_after(length, follower)
            rate[first : first + length.steps, -2] = self.rates.removed
            rate[first : first + length.steps, -1] = self.rates.degenerate
            if phase is not PHASES[-1]:
                rate[first : first + length.steps, self.arrested[PHASES.index(phase)]] = self.rates.arrest
        for state in self.arrested:
            rate[state, -2], rate[state, -1] = self.rates.removed, 4 * self.rates.degenerate
        rate[-1, -2] = self.rates.removed
        np.fill_diagonal(rate, 0.0)
        np.fill_diagonal(rate, -rate.sum(axis=1))
        return rate


@lru_cache(maxsize=1)
def default_priors() -> Priors:
    """The priors every decoding uses unless others are given; made once, since it costs some hundred milliseconds."""
    return Priors()


def _powers_of(rate: Values) -> list[Values]:
    """Transition probabilities over 1, 2, 4 ... ticks, by scaling and squaring."""
    # Rates are a few tens an hour at most, so a 1/64 of a tick is far inside the series' reach.
    small = rate / 64.0
    matrix = np.eye(len(rate)) + small + small @ small / 2 + small @ small @ small / 6
    for _ in range(6):
        matrix = matrix @ matrix
    powers = []
    for _ in range(_POWERS):
        matrix = np.maximum(matrix, 0.0)
        matrix /= matrix.sum(axis=1, keepdims=True)
        powers.append(matrix)
        matrix = matrix @ matrix
    return powers
