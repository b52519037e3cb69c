"""Guessing phases from hours, and correcting the guesses along an embryo's time."""

from __future__ import annotations

import numpy as np
import pytest

from detector.training.stages_clock import Clock, smoothed, suggested


def test_frame_numbers_become_hours() -> None:
    assert Clock(10, 2.0).hours(np.array([0, 6, 144])).tolist() == [2.0, 3.0, 26.0]


def test_hours_suggest_each_phase_in_its_turn() -> None:
    guesses = suggested(np.array([5.0, 45.0, 95.0, 150.0]))
    assert guesses.argmax(1).tolist() == [0, 1, 2, 3]
    assert guesses.sum(1) == pytest.approx(1)
    assert guesses.min() >= 0


def test_pictures_move_a_change_that_the_clock_had_guessed_wrong() -> None:
    hours = np.array([10.0, 20.0, 30.0, 33.0, 40.0])
    seen = np.full((5, 4), 0.02)
    seen[:4, 0] = 0.9
    seen[4, 1] = 0.9
    assert suggested(hours).argmax(1).tolist() == [0, 0, 1, 1, 1]
    assert smoothed(seen, hours).argmax(1).tolist() == [0, 0, 0, 0, 1]


def test_one_misread_frame_does_not_turn_development_back() -> None:
    hours = np.linspace(40, 60, 9)
    seen = np.tile([0.05, 0.85, 0.05, 0.05], (9, 1))
    seen[5] = [0.85, 0.05, 0.05, 0.05]
    assert smoothed(seen, hours).argmax(1).tolist() == [1] * 9
