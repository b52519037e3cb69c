from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from backend.core.errors import Refused
from backend.datasets.splitting import Placed, divide, groups_of, splits_are_disjoint
from backend.datasets.values import Candidate, SplitRule, given_split


def candidate(key: str, *, classes: tuple[str, ...] = ("1",), **owners: Any) -> Candidate:
    return Candidate(content_key=key, label={"phase": 1}, classes=classes, width_px=1, height_px=1, **owners)


MANY = [candidate(f"{number:03d}", embryo=f"e{number // 5}", classes=(str(1 + number % 4),)) for number in range(400)]


def test_shares_are_kept_overall_and_for_every_class() -> None:
    splits = divide(MANY, SplitRule((80, 10, 10), 1))
    assert Counter(splits) == {"train": 320, "validation": 40, "test": 40}
    of_class = Counter((one.classes[0], split) for one, split in zip(MANY, splits, strict=True))
    assert all(of_class[name, "test"] == 10 for name in "1234")
    assert Counter(divide(MANY, SplitRule((80, 20, 0), 1))) == {"train": 320, "validation": 80}


def test_one_seed_gives_one_division_in_whatever_order_pictures_come_and_another_gives_another() -> None:
    first = dict(zip((one.content_key for one in MANY), divide(MANY, SplitRule(seed=1)), strict=True))
    backwards = MANY[::-1]
    assert dict(zip((one.content_key for one in backwards), divide(backwards, SplitRule(seed=1)), strict=True)) == first
    assert dict(zip((one.content_key for one in MANY), divide(MANY, SplitRule(seed=2)), strict=True)) != first


NAMES = some.sampled_from(["", "a", "b", "c", "d"])
PICTURES = some.lists(some.tuples(NAMES, NAMES, NAMES, some.sampled_from("123")), min_size=1, max_size=30)


@given(PICTURES, some.integers(0, 5), some.sampled_from([(80, 10, 10), (80, 20, 0), (34, 33, 33)]))
def test_no_two_splits_ever_share_a_patient_a_dish_or_an_embryo(said: list[Any], seed: int, shares: tuple[int, int, int]) -> None:
    candidates = [
        candidate(str(number), patient=patient, dish=dish, embryo=embryo, classes=(name,))
        for number, (patient, dish, embryo, name) in enumerate(said)
    ]
    splits = divide(candidates, SplitRule(shares, seed))
    splits_are_disjoint(Placed(split, one.keys) for one, split in zip(candidates, splits, strict=True))
    asked = sum(share > 0 for share in shares)
    assert len(set(splits)) == min(asked, len(groups_of(candidates)))


def test_pictures_that_share_something_through_others_stay_together() -> None:
    chain = [candidate("1", patient="P", dish="d1"), candidate("2", dish="d1", embryo="e"), candidate("3", embryo="e"), candidate("4")]
    assert groups_of(chain) == [[0, 1, 2], [3]]


@pytest.mark.parametrize("kind", ["patient", "dish", "embryo"])
def test_two_splits_that_share_something_are_refused_by_its_name(kind: str) -> None:
    placed = [Placed("train", ((kind, "K-7"),)), Placed("test", (("picture", "x"), (kind, "K-7")))]
    with pytest.raises(Refused) as refused:
        splits_are_disjoint(placed)
    assert refused.value.code == "splits_overlap"
    assert f"{kind} K-7 is in train and in test" in str(refused.value.detail)


def given_as(*splits: str | None) -> list[Candidate]:
    return [candidate(f"{number:02d}", embryo=f"e{number}", given_split=given_split(split)) for number, split in enumerate(splits)]


def test_a_split_that_came_with_the_labels_is_kept() -> None:
    splits = divide(given_as("train", "train", "dev", "test", "train"), SplitRule((80, 10, 10)))
    assert splits == ["train", "train", "validation", "test", "train"]
    assert divide(given_as("train", "train", "dev", "train"), SplitRule((80, 20, 0))) == ["train", "train", "validation", "train"]


def test_what_was_held_back_is_judged_on_and_the_split_to_choose_by_comes_from_what_was_taught() -> None:
    splits = divide(given_as(*["train"] * 20, *["dev"] * 5), SplitRule((80, 10, 10)))
    assert splits[20:] == ["test"] * 5
    assert set(splits[:20]) == {"train", "validation"}
    assert splits[:20].count("validation") <= 4


def test_a_large_part_that_came_held_back_takes_nothing_from_what_is_chosen_by() -> None:
    splits = divide(given_as(*["train"] * 90, *["dev"] * 60), SplitRule((80, 10, 10)))
    assert Counter(splits) == {"train": 80, "validation": 10, "test": 60}


def test_a_given_split_may_be_put_aside() -> None:
    splits = divide(given_as(*["train"] * 40), SplitRule((80, 10, 10), keep_given=False))
    assert Counter(splits) == {"train": 32, "validation": 4, "test": 4}


def test_given_splits_that_share_an_embryo_are_refused_by_its_name() -> None:
    both = [candidate("1", embryo="e7", given_split="train"), candidate("2", embryo="e7", given_split="validation")]
    with pytest.raises(Refused, match="embryo e7 is in train and in validation"):
        divide(both, SplitRule())
