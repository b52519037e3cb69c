"""What single frames say, put into words."""

from __future__ import annotations

import numpy as np
import pytest

from detector.stages.looks import COARSE_OF, most_likely
from detector.types import STAGES, Coarse, Phase, Unphased


def logs(**shares: float) -> np.ndarray:
    probabilities = np.array([shares.get(stage.name, 1e-6) for stage in STAGES], np.float32)
    return np.log(probabilities / probabilities.sum())


def test_every_stage_has_its_coarse_one() -> None:
    assert set(COARSE_OF) == set(STAGES)


def test_many_unsure_cleavage_stages_outweigh_one_surer_pronuclear_one() -> None:
    assert most_likely(logs(TPNA=0.4, T5=0.2, T6=0.25, T7=0.15)) == (Phase.T6, Coarse.CLEAVAGE)


def test_doubt_between_blastulation_and_expansion_is_no_doubt_that_cleavage_is_over() -> None:
    assert most_likely(logs(T8=0.4, TB=0.31, TEB=0.29)) == (Phase.TB, Coarse.BLASTULATION)


@pytest.mark.parametrize(("stage", "coarse"), [(Unphased.EMPTY, Coarse.EMPTY), (Unphased.DEGENERATE, Coarse.NOT_SEEN)])
def test_wells_without_a_phase_say_so(stage: Unphased, coarse: Coarse) -> None:
    assert most_likely(logs(**{stage.name: 0.9})) == (stage, coarse)


def test_some_doubt_whether_an_embryo_lives_does_not_hide_its_phase() -> None:
    assert most_likely(logs(DEGENERATE=0.45, NOT_SEEN=0.1, TM=0.25, TSB=0.2)) == (Phase.TM, Coarse.BLASTULATION)
