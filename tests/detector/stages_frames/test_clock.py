"""Guessing phases from hours, and correcting the guesses along an embryo's time."""

from __future__ import annotations

import numpy as np
import pytest

from detector.training.stages_clock import Clock, Onsets, smoothed


def test_frame_numbers_become_hours() -> None:
    assert Clock(10, 2.0).hours(np.array([0, 6, 144])).tolist() == [2.0, 3.0, 26.0]


def test_hours_suggest_each_phase_in_its_turn() -> None:
    guesses = Onsets().suggested(np.array([5.0, 45.0, 95.0, 150.0]))
    assert guesses.argmax(1).tolist() == [0, 1, 2, 3]
    assert guesses.sum(1) == pytest.approx(1)
    assert guesses.min() >= 0


def test_pictures_move_a_change_that_the_clock_had_guessed_wrong() -> None:
    hours = np.array([10.0, 20.0, 30.0, 33.0, 40.0])
    seen = np.full((5, 4), 0.02)
    seen[:4, 0] = 0.9
    seen[4, 1] = 0.9
    assert Onsets().suggested(hours).argmax(1).tolist() == [0, 0, 1, 1, 1]
    assert smoothed(seen, hours, Onsets()).argmax(1).tolist() == [0, 0, 0, 0, 1]


def test_one_misread_frame_does_not_turn_development_back() -> None:
    hours = np.linspace(40, 60, 9)
    seen = np.tile([0.05, 0.85, 0.05, 0.05], (9, 1))
    seen[5] = [0.85, 0.05, 0.05, 0.05]
    assert smoothed(seen, hours, Onsets()).argmax(1).tolist() == [1] * 9


def test_a_recording_counted_from_another_event_is_named_by_its_pictures() -> None:
    hours = np.array([1.0, 2.0, 6.0, 8.0, 60.0])
    seen = np.full((5, 4), 0.02)
    seen[:2, 0] = 0.9
    seen[2:4, 1] = seen[4, 2] = 0.9
    assert Onsets().suggested(hours).argmax(1).tolist() == [0, 0, 0, 0, 1]
    assert smoothed(seen, hours, Onsets()).argmax(1).tolist() == [0, 0, 1, 1, 2]


def test_a_lab_whose_embryos_are_early_moves_the_onsets_and_a_misread_one_does_not() -> None:
    hours = np.arange(10.0, 110.0, 4.0)
    early = [(hours, (hours > 22.0 + k % 3).astype(int) + (hours > 60.0 + 2 * (k % 5)).astype(int)) for k in range(30)]
    misread = [(hours, np.zeros(len(hours), dtype=int))]
    medians = Onsets().fitted(early + misread).medians
    assert medians[0] == pytest.approx(24, abs=2.1)
    assert medians[1] == pytest.approx(65, abs=3.1)


def test_without_embryos_the_published_onsets_stay() -> None:
    assert Onsets().fitted([]) == Onsets()
