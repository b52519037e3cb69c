"""What is asked for first, and what that is found to save."""

from __future__ import annotations

import numpy as np
import pytest

from detector.teaching.choosing import Pool, disagreement, entropy, farthest, inconsistency, mixed_batch, novelty, teaching, whole_embryos
from detector.teaching.labs import Lab
from detector.teaching.simulating import MIXED, RANDOM, WAYS, WHOLE, Cost, Step, full_score, reached, simulate, summary

COST = Cost(label_s=6.0, accept_s=2.0, open_s=8.0)


def pool(count: int = 40, embryos: int = 8) -> Pool:
    rng = np.random.default_rng(3)
    return Pool(rng.normal(size=(count, 5)), np.array([f"e{n % embryos}" for n in range(count)]), np.arange(count) // embryos)


def lab(seed: int = 0) -> Lab:
    """Three classes that lie apart, of which the shipped detector mixes two up."""
    rng = np.random.default_rng(seed)
    labels = np.sort(rng.integers(0, 3, 120))
    features = np.eye(3)[labels] * 2.0 + rng.normal(scale=0.7, size=(120, 3))
    shipped = np.eye(3)[np.minimum(labels, 1)] * 0.8 + 0.2 / 3
    asked = np.arange(120) % 4 != 0
    embryos = np.array([f"e{number % 12}" for number in range(120)])
    whole = Pool(features[asked], embryos[asked], np.arange(120)[asked])
    return Lab("drawn", whole, labels[asked], shipped[asked], features[~asked], labels[~asked], shipped[~asked])


def test_doubt_is_none_where_one_class_is_certain_and_whole_where_all_are_alike() -> None:
    assert entropy(np.array([[1.0, 0.0, 0.0, 0.0], [0.25] * 4])) == pytest.approx([0.0, 1.0], abs=1e-6)
    assert disagreement(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])) == pytest.approx([1.0], abs=1e-6)
    assert disagreement(np.array([[0.3, 0.7]]), np.array([[0.3, 0.7]])) == pytest.approx([0.0], abs=1e-6)


def test_going_back_in_time_is_a_doubt_of_both_frames_and_of_no_other_embryo() -> None:
    one = Pool(np.zeros((4, 1)), np.array(["a", "a", "a", "b"]), np.array([0, 1, 2, 0]))
    said = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    assert inconsistency(one, said) == pytest.approx([0.0, 1.0, 1.0, 0.0])


def test_what_lies_far_from_everything_labelled_is_new_and_comes_first() -> None:
    features = np.array([[0.0], [0.1], [5.0], [5.1], [-4.0]])
    assert novelty(features, np.array([0])).argmax() == 3
    assert farthest(features, np.array([0]), np.arange(1, 5), 2) == [3, 4]


def test_a_batch_asks_for_no_picture_twice_nor_for_one_that_has_a_label() -> None:
    labelled = np.arange(10)
    said = np.full((40, 3), 1 / 3)
    teaches = teaching(pool(), said, said, labelled)
    batch = mixed_batch(pool(), teaches, labelled, 20, np.random.default_rng(0))
    assert len(set(batch.tolist())) == 20
    assert not set(batch.tolist()) & set(labelled.tolist())
    assert len(mixed_batch(pool(), teaches, np.arange(35), 20, np.random.default_rng(0))) == 5


def test_whole_embryos_come_with_all_their_frames() -> None:
    one = pool()
    chosen = whole_embryos(one, np.where(one.embryos == "e3", 1.0, 0.1), np.array([], dtype=int), 4)
    assert set(one.embryos[chosen]) == {"e3"}
    assert len(chosen) == 5


@pytest.mark.parametrize("way", WAYS)
def test_every_way_ends_with_all_labels_and_the_full_score(way: str) -> None:
    one = lab()
    steps = simulate(one, way, batch=12, seed=1, cost=COST)
    assert steps[-1].labels == len(one.pool)
    assert steps[-1].score == full_score(one)
    assert [step.labels for step in steps] == sorted({step.labels for step in steps})
    assert all(step.minutes_beside <= step.minutes for step in steps)


def test_the_same_seed_gives_the_same_course() -> None:
    assert simulate(lab(), MIXED, batch=12, seed=5, cost=COST) == simulate(lab(), MIXED, batch=12, seed=5, cost=COST)


def test_one_lucky_batch_is_not_an_arrival() -> None:
    steps = [Step(10, 1, 1, 0.5), Step(20, 2, 2, 0.91), Step(30, 3, 3, 0.6), Step(40, 4, 3, 0.9), Step(50, 5, 4, 0.92)]
    assert reached(steps, 0.9).labels == 40
    assert reached(steps[:1], 0.9).labels is None


def test_savings_are_taken_lab_by_lab_against_labels_by_chance() -> None:
    found = {way: [reached(simulate(lab(seed), way, batch=12, seed=seed, cost=COST), 0.8) for seed in range(2)] for way in (RANDOM, WHOLE)}
    told = summary(found, [90, 90], [0.9, 0.9], [0.6, 0.6])
    assert told[RANDOM]["labels_saved"] == {"median": 0.0, "least": 0.0, "most": 0.0}
    assert told[WHOLE]["labels"]["least"] <= told[WHOLE]["labels"]["median"] <= told[WHOLE]["labels"]["most"]
