"""Gating: a part of the frames tells nearly what all of them tell."""

from __future__ import annotations

import numpy as np
import pytest

from detector.stages.decoding import Clock
from detector.stages.gating import STRIDE, first_frames, next_frames
from detector.stages.looks import Looks
from detector.stages.profiles import ProfileBuilder
from detector.types import Phase
from tests.detector.stages_sequence.embryos import USUAL, looks, stages_at

HOURS = np.arange(3.0, 116.0, 0.2)


def some_of(seen: Looks, places: list[int]) -> Looks:
    return Looks(*(getattr(seen, name)[places] for name in Looks.__slots__))


def test_changes_are_closed_in_on_while_most_frames_stay_unread() -> None:
    stages = stages_at(HOURS.tolist(), USUAL)
    seen = looks(stages, np.random.default_rng(0), 0.9)
    builder = ProfileBuilder()
    read = list(first_frames(len(HOURS)))
    rounds = 0
    while True:
        decoded = builder.decode(some_of(seen, read), read, Clock(HOURS[read] * 60, 0.0))
        more = next_frames(decoded, read)
        if not more:
            break
        assert not set(more) & set(read)
        read, rounds = sorted({*read, *more}), rounds + 1
    assert len(read) < 0.45 * len(HOURS)
    assert rounds <= 12
    whole = builder.build(seen, range(len(HOURS)), Clock(HOURS * 60, 0.0)).profile
    part = builder.build(some_of(seen, read), read, Clock(HOURS[read] * 60, 0.0)).profile
    assert [one.phase for one in part.onsets] == [one.phase for one in whole.onsets]
    for one, other in zip(part.onsets, whole.onsets, strict=True):
        assert abs(one.frame_index - other.frame_index) <= 4


def test_an_embryo_that_does_not_change_is_read_no_further() -> None:
    hours = np.arange(28.0, 36.0, 0.1)
    read = list(first_frames(len(hours)))
    decoded = ProfileBuilder().decode(looks([Phase.T2] * len(read), np.random.default_rng(0), 0.97), read, Clock(hours[read] * 60, 0.0))
    assert next_frames(decoded, read) == ()


@pytest.mark.parametrize(("count", "places"), [(0, ()), (1, (0,)), (2, (0, 1)), (STRIDE + 2, (0, STRIDE, STRIDE + 1))])
def test_the_first_and_the_last_frame_are_always_read(count: int, places: tuple[int, ...]) -> None:
    assert first_frames(count) == places


def test_frames_that_were_not_decoded_are_refused() -> None:
    decoded = ProfileBuilder().decode(looks([Phase.T2], np.random.default_rng(0)), [0], None)
    with pytest.raises(ValueError, match="1 frames were decoded, 2 read"):
        next_frames(decoded, [0, 1])
