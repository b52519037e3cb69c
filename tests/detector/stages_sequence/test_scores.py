"""Scores: right where the answer is right, and by how much where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from detector.evaluation.stages_scores import Answer, StageTally, TrueEvent, Truth, stage_table
from detector.stages.looks import COARSE_OF
from detector.types import STAGES, Coarse, EmbryoEvent, Onset, Phase, Stage


def truth(*stages: Stage, events: tuple[TrueEvent, ...] | None = None) -> Truth:
    frames = tuple(range(10, 10 + len(stages)))
    return Truth("e1", frames, tuple(f * 0.5 for f in frames), tuple(frozenset({s}) for s in stages), events)


def figures(real: Truth, answer: Answer) -> dict[str, object]:
    tally = StageTally()
    tally.add(real, answer)
    return tally.figures()


REAL = (Phase.T2, Phase.T2, Phase.T3, Phase.T4, Phase.T4, Phase.T8)


def test_a_perfect_answer_scores_perfectly() -> None:
    probabilities = np.zeros((6, len(STAGES)))
    probabilities[np.arange(6), [STAGES.index(s) for s in REAL]] = 1.0
    scored = figures(truth(*REAL), Answer(REAL, probabilities))
    assert (scored["accuracy"], scored["within_one_phase"], scored["ece"], scored["brier"]) == (1.0, 1.0, 0.0, 0.0)
    assert (scored["onset_error_h"], scored["skipped"], scored["invented"], scored["phases"]) == (0.0, 0, 0, 3)
    assert scored["within_0.5h"] == 1.0


def test_a_late_onset_counts_with_its_sign_and_a_skipped_phase_is_named() -> None:
    said = (Phase.T2, Phase.T2, Phase.T2, Phase.T2, Phase.T4, Phase.T7)
    scored = figures(truth(*REAL), Answer(said))
    assert scored["accuracy"] == 0.5
    assert (scored["onset_error_h"], scored["onset_bias_h"]) == (0.5, 0.5)
    assert (scored["skipped"], scored["invented"]) == (2, 1)


def test_bounds_are_checked_in_their_own_hours() -> None:
    inside = Onset(Phase.T3, 12, 26.0, 25.0, 26.5, 0.9)
    outside = Onset(Phase.T4, 14, 27.0, 26.9, 27.5, 0.9)
    scored = figures(truth(*REAL), Answer(REAL, None, (inside, outside)))
    assert scored["coverage_90"] == 0.5


def test_coarse_labels_are_scored_on_coarse_stages() -> None:
    groups = [frozenset(s for s in STAGES if COARSE_OF[s] is coarse) for coarse in (Coarse.PRONUCLEAR, Coarse.CLEAVAGE, Coarse.EXPANSION)]
    real = Truth("e1", (1, 2, 3, 4), (1.0, 2.0, 3.0, 4.0), (*groups, frozenset()), is_coarse=True)
    scored = figures(real, Answer((Phase.TPNA, Phase.T4, Phase.TB, Phase.TB)))
    assert (scored["frames"], scored["accuracy"]) == (3, pytest.approx(0.6667))
    assert scored["accuracy_3"] == 1.0
    assert scored["f1_3"] == 1.0
    assert "onset_error_h" not in scored


def test_an_event_told_near_its_frames_is_found_and_one_elsewhere_is_not() -> None:
    real = truth(*[Phase.T2] * 30, events=(TrueEvent("collapse", 12, 13),))
    near, far = EmbryoEvent("collapse", 14, 15, 0.9, ""), EmbryoEvent("collapse", 36, 37, 0.9, "")
    assert figures(real, Answer((Phase.T2,) * 30, events=(near,)))["events"] == {
        "collapse": {"true": 1, "told": 1, "recall": 1.0, "precision": 1.0}
    }
    assert figures(real, Answer((Phase.T2,) * 30, events=(far,)))["events"] == {
        "collapse": {"true": 1, "told": 1, "recall": 0.0, "precision": 0.0}
    }


def test_overconfidence_shows() -> None:
    probabilities = np.full((6, len(STAGES)), 0.01 / 18)
    probabilities[:, STAGES.index(Phase.T2)] = 0.99
    scored = figures(truth(*REAL), Answer((Phase.T2,) * 6, probabilities))
    assert scored["ece"] == pytest.approx(0.99 - 1 / 3, abs=1e-3)


def test_nothing_to_score_is_said() -> None:
    assert StageTally().figures() == {"embryos": 0}
    assert stage_table({"decoded": {"embryos": 0}}).count("\n") == 2
