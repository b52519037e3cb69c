"""When a training has learned what it can, and what it is judged by."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detector.training.stages_folders import read_labels
from detector.training.stages_judging import difference3
from detector.training.stages_labels import Plan, make_weights
from detector.training.watching import Watch
from tests.detector.stages_frames.drawn import lab
from tests.detector.stages_frames.test_learning import BRISK, FRAMES, TINY

PLAN = Plan(scratch=replace(BRISK, steps=6, steps_an_epoch=2), shape=TINY, threads=1, patience=5)


def quiet(_: str) -> None:
    """Nobody listens."""


def test_a_watch_keeps_the_best_and_ends_after_looks_in_vain() -> None:
    scores = iter([0.5, 0.7, 0.6, 0.7])
    watch = Watch(lambda network: next(scores), patience=2)
    assert [watch.look(None, step, 1.0) for step in (1, 2, 3)] == [True, True, False]
    assert not watch.is_over
    # As good as the best, and later: kept, but no gain.
    assert watch.look(None, 4, 1.0)
    assert (watch.is_over, watch.best_step) == (True, 4)
    assert (watch.facts(9)["stopped_early"], watch.facts(4)["stopped_early"]) == (True, False)


def test_few_pictures_know_little_so_a_net_that_may_be_as_good_is_kept_and_the_training_goes_on() -> None:
    falling = [0.9, 0.88, 0.87, 0.86, 0.7, 0.7]
    few, many = (Watch(lambda network, scores=iter(falling): next(scores), patience=2, pictures=n) for n in (50, 5000))
    assert [few.look(None, step, 1.0) for step in range(4)] == [True] * 4
    assert (few.best, few.best_step, few.is_over) == (0.9, 3, False)
    assert [many.look(None, step, 1.0) for step in range(3)] == [True, False, False]
    assert (many.best_step, many.is_over) == (0, True)
    # What is worse than few pictures can be mistaken about ends it all the same.
    assert [few.look(None, step, 1.0) for step in (4, 5)] == [False, False]
    assert few.is_over


def test_a_watch_that_goes_on_knows_what_was_seen_before() -> None:
    first = Watch(lambda network: 0.5, patience=2)
    first.look(None, 1, 1.0)
    first.look(None, 2, 1.0)
    assert first.best_step == 2
    heard: list[str] = []
    second = Watch(lambda network: 0.4, patience=2)
    second.go_on(first.state(), heard.append)
    assert json.loads(heard[0])["curve"] == first.curve
    assert not second.look(None, 3, 1.0)
    assert (second.is_over, second.best_step) == (True, 2)


def test_once_it_is_known_how_long_as_many_steps_are_made_again_and_nothing_is_chosen() -> None:
    scores = iter([0.5, 0.7, 0.2])
    watch = Watch(lambda network: next(scores), patience=1)
    for step in (1, 2, 3):
        watch.look(None, step, 1.0, 10.0 * step)
    again = watch.once_more()
    assert (again.last_of(9), watch.last_of(9)) == (2, 9)
    heard: list[str] = []
    for step in (1, 2):
        assert again.look(None, step, 1.0, 30.0 * step)
        again.tell(heard.append, 9)
    assert json.loads(heard[-1]) == {"step": 2, "loss": 1.0, "of": 2, "seconds": 60, "again": True}
    facts = again.facts(9)
    assert (facts["minutes"], facts["steps"], facts["best_step"], facts["stopped_early"]) == (1.5, 5, 2, True)
    assert facts["curve"] == watch.curve


def made(data: Path, home: Path, plan: Plan = PLAN, say: Callable[[str], None] = quiet) -> dict[str, Any]:
    return make_weights(data, home / "out", plan, start=None, beside_scratch=False, work=home / "work", command="c", say=say)


def test_without_patience_all_is_learned_from_and_nothing_chosen(tmp_path: Path) -> None:
    told = made(lab(tmp_path / "lab", 8, FRAMES), tmp_path, replace(PLAN, patience=0))
    assert (told["pictures"], told["validation_pictures"], told["best_step"]) == (18, 0, 6)


def test_where_no_split_chooses_every_sixth_embryo_is_set_apart(tmp_path: Path) -> None:
    told = made(lab(tmp_path / "lab", 8, FRAMES), tmp_path)
    assert (told["pictures"], told["validation_pictures"]) == (18, 3)


def test_what_chose_is_learned_from_in_the_end(tmp_path: Path) -> None:
    data = lab(tmp_path / "lab", 8, FRAMES)
    chosen = made(data, tmp_path / "chosen")
    told = made(data, tmp_path / "all", replace(PLAN, patience=0, scratch=replace(PLAN.scratch, steps=6)))
    # All six steps were chosen, so both nets learned the same way from the same pictures.
    assert (chosen["best_step"], chosen["steps"], told["steps"]) == (6, 12, 6)
    weights = [(tmp_path / name / "out" / "weights.zip").read_bytes() for name in ("chosen", "all")]
    assert weights[0] == weights[1]


def test_a_training_that_is_cut_while_it_learns_once_more_goes_on_there(tmp_path: Path) -> None:
    class Cut(Exception):
        """The power went."""

    def cut(said: str) -> None:
        if said.startswith("{") and json.loads(said).get("again") and json.loads(said)["step"] == 4:
            raise Cut

    data, heard = lab(tmp_path / "lab", 8, FRAMES), list[str]()
    whole = made(data, tmp_path / "whole")
    with pytest.raises(Cut):
        made(data, tmp_path / "cut", say=cut)
    resumed = made(data, tmp_path / "cut", say=heard.append)
    assert [json.loads(line)["step"] for line in heard if '"again"' in line] == [6]
    assert not [line for line in heard if '"validation"' in line and '"of"' in line]
    assert resumed["curve"] == whole["curve"]
    assert (tmp_path / "cut/out/weights.zip").read_bytes() == (tmp_path / "whole/out/weights.zip").read_bytes()


def test_beside_a_test_split_dev_chooses_and_test_is_judged_on(tmp_path: Path) -> None:
    data = lab(tmp_path / "lab", 12, FRAMES)
    table = (data / "labels.csv").read_text()
    (data / "labels.csv").write_text("\n".join(line.replace(",dev", ",test") if "e003" in line else line for line in table.splitlines()))
    assert {row.split for row in read_labels(data)} == {"train", "dev", "test"}
    told = made(data, tmp_path)
    assert (told["pictures"], told["validation_pictures"]) == (33, 6)
    contenders = told["final"]["contenders"]
    assert [(one["role"], one["phases"]["pictures"]) for one in contenders] == [("candidate", 3), ("baseline", 3)]


def test_a_guess_of_the_most_common_phase_is_right_as_often_as_that_phase_occurs(tmp_path: Path) -> None:
    told = made(lab(tmp_path / "lab", 8, FRAMES), tmp_path, replace(PLAN, patience=0))
    baseline = told["final"]["contenders"][-1]["phases"]
    assert baseline["accuracy4"] == pytest.approx(1 / 3, abs=1e-3)


def test_a_difference_counts_the_same_pictures_and_is_surer_of_many_embryos() -> None:
    phases, wrong = [0, 1, 2] * 20, [1, 2, 0] * 20
    embryos = [f"e{number // 3}" for number in range(60)]
    assert difference3(phases, wrong, phases, embryos) == (1.0, 1.0, 1.0)
    half = [phase if number % 2 else other for number, (phase, other) in enumerate(zip(phases, wrong, strict=True))]
    value, low, high = difference3(half, wrong, phases, embryos)
    assert value == pytest.approx(0.5)
    assert low < value < high
