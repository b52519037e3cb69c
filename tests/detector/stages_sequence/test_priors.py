"""Priors: the hours at which phases begin are those of the literature, and time adds up."""

from __future__ import annotations

import numpy as np
import pytest

from detector.stages.priors import FOLLOWERS, GROUPS, LENGTHS, PHASES, REMOVED, default_priors
from detector.types import Phase

MEDIANS = {
    Phase.TPNA: 7.4, Phase.TPNF: 24.2, Phase.T2: 27.2, Phase.T3: 37.2, Phase.T4: 39.5, Phase.T5: 50.4, Phase.T6: 52.4, Phase.T7: 55.4,
    Phase.T8: 57.8, Phase.T9_PLUS: 72.0, Phase.TM: 94.2, Phase.TSB: 101.9, Phase.TB: 112.1, Phase.TEB: 116.6,
}  # fmt: skip


@pytest.mark.parametrize(("phase", "hours"), MEDIANS.items())
def test_half_of_the_embryos_reach_a_phase_by_its_published_median(phase: Phase, hours: float) -> None:
    assert default_priors().hour_by_which(phase, 0.5) == pytest.approx(hours, abs=2.1)


def test_shares_add_up_and_no_phase_leads_back() -> None:
    for phase in PHASES:
        assert sum(length.share for length in LENGTHS[phase]) == pytest.approx(1.0)
        followers = FOLLOWERS[phase]
        assert all(PHASES.index(later) > PHASES.index(phase) for later in followers)
        assert phase is PHASES[-1] or sum(followers.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(("first", "second"), [(1, 1), (7, 23), (100, 3000)])
def test_two_times_make_their_sum(first: int, second: int) -> None:
    priors = default_priors()
    assert np.allclose(priors.step(first) @ priors.step(second), priors.step(first + second), atol=1e-12)
    start = priors.at_hour(20.0)
    assert np.allclose(start @ priors.step(second), priors.after(start, second))


def test_an_hour_beyond_any_recording_is_still_a_distribution() -> None:
    for hours in (0.0, 300.0, 5000.0):
        row = default_priors().at_hour(hours)
        assert row.sum() == pytest.approx(1.0)
        assert row.min() >= 0


def test_a_recording_of_unknown_start_may_begin_anywhere_but_likeliest_early() -> None:
    priors = default_priors()
    shown = np.bincount(priors.group, priors.at_unknown_start, minlength=GROUPS)
    assert shown[:3].sum() > 0.7
    assert np.all(shown[: REMOVED + 1] > 0.0005)
