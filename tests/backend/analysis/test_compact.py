"""Calls of many frames in few bytes."""

from __future__ import annotations

import numpy as np
import pytest

from backend.analysis.compact import STAGES, Called, pack, unpack
from detector import types


def some(frames: int) -> list[Called]:
    rng = np.random.default_rng(3)
    shares = rng.dirichlet(np.full(len(STAGES), 0.05), frames)
    return [
        Called(
            7 * n + n % 3, STAGES[int(row.argmax())], float(row.max()), tuple(map(float, row)), float(rng.random()), n % 2 == 0, n % 3 == 0
        )
        for n, row in enumerate(shares)
    ]


def test_stages_stand_in_the_detectors_order() -> None:
    assert tuple(stage.value for stage in types.STAGES) == STAGES


@pytest.mark.parametrize("frames", [0, 1, 576])
def test_calls_come_back_as_they_were_and_shares_within_two_thousandths(frames: int) -> None:
    before = some(frames)
    after = unpack(memoryview(pack(before)))
    assert len(after) == frames
    for old, new in zip(before, after, strict=True):
        assert (new.frame_index, new.stage, new.is_dark, new.is_out_of_view) == (
            old.frame_index,
            old.stage,
            old.is_dark,
            old.is_out_of_view,
        )
        assert (new.confidence, new.focus) == pytest.approx((old.confidence, old.focus), abs=0.0025)
        assert new.probabilities == pytest.approx(old.probabilities, abs=0.0025)


def test_frames_beyond_any_sixteen_bit_number_and_calls_without_shares_are_kept() -> None:
    (only,) = unpack(pack([Called(2**31, "t9+", 1.0, ())]))
    assert (only.frame_index, only.confidence, set(only.probabilities)) == (2**31, 1.0, {0.0})


def test_an_embryo_of_576_frames_takes_a_few_kilobytes() -> None:
    assert len(pack(some(576))) < 12_000
