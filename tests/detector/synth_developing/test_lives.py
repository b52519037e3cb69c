"""An embryo's life: its timetable, its skips, and what goes wrong in it, against what is known of real embryos."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from detector.synth.developing import QUIET, Life, LifeSettings, live
from detector.synth.developing.happenings import USUAL_RATES
from detector.types import Phase, Unphased

PHASES = tuple(Phase)
CLEAVAGES = dict(zip(PHASES[3:11], range(2, 10), strict=True))


@cache
def many() -> tuple[Life, ...]:
    """Lives in which divisions go wrong as often as in unselected embryos, and nothing is cut short."""
    rates = {k: USUAL_RATES[k] for k in ("direct_cleavage_1_3", "direct_cleavage_2_5")}
    return tuple(live(seed, LifeSettings(rates=rates, last_hpi=220.0)) for seed in range(800))


def hours(phase: Phase) -> npt.NDArray[np.float64]:
    return np.array([life.onsets[phase] for life in many()])


def test_the_same_seed_lives_the_same_life_and_another_seed_another() -> None:
    assert live(3).onsets == live(3).onsets
    assert live(3).happenings == live(3).happenings
    assert live(3).onsets != live(4).onsets


def test_phases_begin_in_their_order_in_every_life() -> None:
    for life in (*many()[:200], *(live(seed) for seed in range(300))):
        assert list(life.onsets) == sorted(life.onsets, key=PHASES.index)
        assert all(later >= earlier for earlier, later in pairwise(life.onsets.values())), life.seed


@pytest.mark.parametrize(
    ("phase", "median", "spread"),
    [
        (Phase.TPNA, 7.4, 1.7), (Phase.TPNF, 24.0, 3.0), (Phase.T2, 26.8, 3.4), (Phase.T3, 37.2, 5.0), (Phase.T4, 39.2, 4.6),
        (Phase.T5, 50.4, 6.4), (Phase.T8, 57.6, 8.5), (Phase.T9_PLUS, 72.0, 9.4), (Phase.TM, 93.0, 10.1), (Phase.TSB, 101.9, 9.3),
        (Phase.TB, 110.5, 9.6), (Phase.TEB, 114.5, 11.3),
    ],
)  # fmt: skip
def test_phases_begin_when_they_do_in_real_embryos(phase: Phase, median: float, spread: float) -> None:
    assert np.median(hours(phase)) == pytest.approx(median, abs=2.0)
    assert hours(phase).std() == pytest.approx(spread, rel=0.28)


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        (Phase.TPNF, Phase.T2, 0.94), (Phase.T2, Phase.T4, 0.73), (Phase.T4, Phase.T8, 0.53), (Phase.T8, Phase.T9_PLUS, 0.64),
        (Phase.TM, Phase.TSB, 0.90), (Phase.TSB, Phase.TB, 0.87), (Phase.TB, Phase.TEB, 0.89),
    ],
)  # fmt: skip
def test_onsets_go_together_as_they_do_in_real_embryos(earlier: Phase, later: Phase, expected: float) -> None:
    assert np.corrcoef(hours(earlier), hours(later))[0, 1] == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize(
    ("first", "then", "low", "middle", "high"),
    [
        (Phase.TPNF, Phase.T2, 2.0, 2.5, 4.5), (Phase.T2, Phase.T3, 0.5, 11.5, 13.5), (Phase.T3, Phase.T5, 2.5, 12.6, 16.6),
        (Phase.TM, Phase.TSB, 2.6, 6.9, 15.0), (Phase.TSB, Phase.TB, 3.5, 7.8, 17.0), (Phase.TB, Phase.TEB, 0.5, 2.3, 12.5),
    ],
)  # fmt: skip
def test_intervals_spread_as_they_do_in_real_embryos(first: Phase, then: Phase, low: float, middle: float, high: float) -> None:
    taken = np.percentile(hours(then) - hours(first), [5, 50, 95])
    assert taken[1] == pytest.approx(middle, rel=0.15)
    assert taken[0] == pytest.approx(low, abs=1.2)
    assert taken[2] == pytest.approx(high, rel=0.3)


@pytest.mark.parametrize(
    ("phase", "share"), [(Phase.T3, 0.37), (Phase.T5, 0.28), (Phase.T6, 0.22), (Phase.T7, 0.28), (Phase.T8, 0.15), (Phase.T4, 0.06)]
)
def test_short_phases_fall_between_two_frames_as_often_as_annotators_miss_them(phase: Phase, share: float) -> None:
    minutes = np.arange(0.0, 220.0, 1 / 6)
    following = PHASES[PHASES.index(phase) + 1]
    missed = np.searchsorted(minutes, hours(phase)) == np.searchsorted(minutes, hours(following))
    assert missed.mean() == pytest.approx(share, abs=0.09)


def test_a_cell_phase_begins_with_the_division_that_makes_that_many_cells() -> None:
    for seed in range(120):
        life = live(seed)
        for phase, count in CLEAVAGES.items():
            if phase in life.onsets:
                assert life.lineage.count(life.onsets[phase]) >= count
                assert life.lineage.count(life.onsets[phase] - 1e-6) < count


def test_the_stage_of_an_hour_is_the_last_phase_begun() -> None:
    life = live(5, QUIET)
    for phase, following in pairwise(life.onsets):
        middle = (life.onsets[phase] + life.onsets[following]) / 2
        if life.onsets[following] > life.onsets[phase]:
            assert life.stage_at(middle) is phase
    assert live(5, QUIET).at(0.5).stage is Phase.TPB2


def certainly(kind: str, seeds: int = 40) -> list[Life]:
    """Lives in which `kind` came to pass; some are over too early for it."""
    lives = [live(seed, LifeSettings(rates={}, certain=(kind,), last_hpi=150.0)) for seed in range(seeds)]
    found = [life for life in lives if life.happening(kind)]
    assert len(found) > seeds // 3, kind
    return found


@pytest.mark.parametrize("kind", [*USUAL_RATES])
def test_every_event_can_be_asked_for_and_lies_within_the_life(kind: str) -> None:
    for life in certainly(kind):
        for one in life.happenings:
            assert one.first_hpi <= one.last_hpi
            assert one.first_hpi <= life.last_hpi


def test_an_unknown_event_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no event is called 'levitation'"):
        LifeSettings(certain=("levitation",))


def test_a_quiet_life_has_no_events() -> None:
    assert not any(live(seed, QUIET).happenings for seed in range(50))


def test_a_direct_cleavage_takes_five_hours_at_most() -> None:
    for life in certainly("direct_cleavage_1_3"):
        assert life.onsets[Phase.T3] - life.onsets[Phase.T2] <= 5.0
        assert life.happening("direct_cleavage_1_3").last_hpi == life.onsets[Phase.T3]  # type: ignore[union-attr]
    for life in certainly("direct_cleavage_2_5"):
        assert life.onsets[Phase.T5] - life.onsets[Phase.T3] <= 5.0


def test_a_missed_third_cell_alone_is_no_direct_cleavage() -> None:
    quiet = [live(seed, QUIET) for seed in range(200)]
    assert all(life.onsets[Phase.T3] - life.onsets[Phase.T2] > 5.0 for life in quiet)
    assert any(life.onsets[Phase.T4] - life.onsets[Phase.T3] < 0.1 for life in quiet)


def test_after_a_reverse_cleavage_the_count_falls_and_stays_down() -> None:
    for life in certainly("reverse_cleavage"):
        hour = next(d.hours for d in life.lineage.divisions if d.is_undone)
        assert life.lineage.count(hour) == life.lineage.count(hour - 1e-6) - 1
        assert life.lineage.count(hour + 3.0) == life.lineage.count(hour)


def test_a_chaotic_division_makes_three_cells_or_more_at_once() -> None:
    for life in certainly("chaotic_division"):
        assert life.lineage.count(life.onsets[Phase.T2] - 0.01) == 1
        assert life.lineage.count(life.onsets[Phase.T2] + 0.02) >= 4


def test_uneven_sisters_differ_by_a_quarter_in_diameter() -> None:
    for life in certainly("uneven_cells"):
        event = life.happening("uneven_cells")
        assert event is not None
        division = min(life.lineage.divisions, key=lambda d: abs(d.hours - event.first_hpi))
        small, large = sorted(np.cbrt(division.shares))
        assert 1.0 - small / large >= 0.25


def test_early_compaction_begins_before_there_are_eight_cells() -> None:
    for life in certainly("early_compaction"):
        event = life.happening("early_compaction")
        assert event is not None
        assert life.lineage.count(event.first_hpi) < 8
        assert life.at(event.first_hpi - 0.01).compaction == 0.0
        assert life.at(life.onsets[Phase.TM]).compaction == 1.0


def test_a_collapse_takes_more_than_half_of_the_cavity_and_is_made_good_again() -> None:
    for life in certainly("collapse"):
        fall, back = life.happening("collapse"), life.happening("reexpansion")
        assert fall is not None
        assert back is not None
        assert life.at(fall.last_hpi).body ** 3 * life.at(fall.last_hpi).cavity < 0.5 * (
            life.at(fall.first_hpi).body ** 3 * life.at(fall.first_hpi).cavity
        )
        assert life.at(back.last_hpi).cavity >= life.at(fall.first_hpi).cavity
        assert life.at(fall.last_hpi).stage is life.stage_at(fall.last_hpi)


def test_an_arrested_embryo_reaches_no_further_phase_for_a_day_or_more() -> None:
    for life in certainly("arrest"):
        event = life.happening("arrest")
        assert event is not None
        assert max(life.onsets.values()) == event.first_hpi
        assert event.last_hpi - event.first_hpi >= 24.0
        assert life.at(event.last_hpi).cell_count == life.at(life.stopped_at).cell_count


def test_degenerate_empty_and_hidden_hours_are_no_phase() -> None:
    for kind, stage in (
        ("degeneration", Unphased.DEGENERATE), ("well_emptied", Unphased.EMPTY), ("out_of_focus", Unphased.NOT_SEEN),
    ):  # fmt: skip
        for life in certainly(kind)[:10]:
            event = life.happening(kind)
            assert event is not None
            assert life.at(event.first_hpi + 0.01).stage is stage
            assert life.at(event.first_hpi - 0.01).stage in PHASES


def test_several_nuclei_and_odd_pronuclei_show_in_the_moments_they_are_told_of() -> None:
    for life in certainly("multinucleation")[:10]:
        event = life.happening("multinucleation")
        assert event is not None
        assert life.at((event.first_hpi + event.last_hpi) / 2).is_multinucleated
        assert not life.at(event.first_hpi - 0.5).is_multinucleated
    for life in certainly("abnormal_pronuclei")[:10]:
        event = life.happening("abnormal_pronuclei")
        assert event is not None
        assert event.detail == f"{life.at(event.last_hpi - 1.0).pronuclei} pronuclei"
        assert life.at(event.last_hpi - 1.0).pronuclei in (1, 3)


def test_fragmentation_is_told_from_a_tenth_of_the_volume_on() -> None:
    for life in certainly("fragmentation")[:20]:
        assert life.fragmentation > 0.1
        assert life.at(life.onsets[Phase.T2] + 4.0).fragmentation == pytest.approx(life.fragmentation)
        assert life.at(life.onsets[Phase.T2] - 1.0).fragmentation == 0.0
    assert all(live(seed, QUIET).fragmentation < 0.1 for seed in range(50))


def test_cells_keep_their_volume_and_move_without_jumps() -> None:
    for seed in range(12):
        life = live(seed)
        before: npt.NDArray[np.float64] | None = None
        for hour in np.arange(20.0, 85.0, 0.05):
            cells = life.lineage.at(float(hour))
            now = np.concatenate([cells.places, cells.radii[:, None]], axis=1)
            if before is not None:
                apart = np.sqrt(((before[:, None] - now[None]) ** 2).sum(axis=2))
                assert max(apart.min(axis=0).max(), apart.min(axis=1).max()) < 0.3, (seed, hour)
            before = now


def test_cavity_expansion_and_hatching_follow_the_phases() -> None:
    for seed in range(40):
        life = live(seed, LifeSettings(rates={}, last_hpi=180.0))
        assert life.at(life.onsets[Phase.TSB] - 0.5).cavity == 0.0
        assert 0.0 < life.at(life.onsets[Phase.TSB] + 0.3).cavity < 0.1
        assert life.at(life.onsets[Phase.TB]).cavity == pytest.approx(0.42)
        assert life.at(life.onsets[Phase.TEB]).cavity > 0.6
        assert life.at(life.onsets[Phase.THB] - 1.0).hatching == 0.0
        assert life.at(life.onsets[Phase.THB] + 10.0).hatching > 0.1
        thin, thick = life.at(life.onsets[Phase.TEB] + 3.0), life.at(life.onsets[Phase.TM])
        assert thin.zona_outer - thin.zona_inner < thick.zona_outer - thick.zona_inner
