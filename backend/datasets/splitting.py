"""Divides pictures so that no two splits share a patient, a dish, an embryo or a picture; the same seed gives the same division."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backend.core.errors import Refused
from backend.datasets.values import SPLITS, Candidate, Split, SplitRule

Key = tuple[str, str]


@dataclass(frozen=True)
class Placed:
    """What is in a split, as far as sharing goes."""

    split: str
    keys: tuple[Key, ...]


def splits_are_disjoint(items: Iterable[Placed]) -> None:
    """Refuse with 409 `splits_overlap`, naming it, where a patient, a dish, an embryo or a picture is in two splits."""
    seen: dict[Key, str] = {}
    for item in items:
        for key in item.keys:
            other = seen.setdefault(key, item.split)
            if other != item.split:
                raise _shared(key, other, item.split)


def groups_of(candidates: Sequence[Candidate]) -> list[list[int]]:
    """Places of the pictures that share anything, directly or through others, together; in order of their first."""
    parents = list(range(len(candidates)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    owners: dict[Key, int] = {}
    for place, candidate in enumerate(candidates):
        for key in candidate.keys:
            first = owners.setdefault(key, place)
            one, other = sorted((root(first), root(place)))
            parents[other] = one
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for place in range(len(candidates)):
        groups[root(place)].append(place)
    return [groups[first] for first in sorted(groups)]


def divide(candidates: Sequence[Candidate], rule: SplitRule) -> list[Split]:
    """One split a picture, close to the shares overall and for each class; refuses where given splits share a group.

    Of labels that came with splits of their own, what they hold back stays held back, and what they teach is never judged on. Where they
    hold back only one part and a test split is asked for, that part is it, and the validation split is drawn from what they teach.
    """
    groups = groups_of(candidates)
    given = [_given(candidates, group) if rule.keep_given else None for group in groups]
    asked: list[Split] = [split for split, share in zip(SPLITS, rule.shares, strict=True) if share]
    if "test" in asked and "test" not in given:
        given = ["test" if split == "validation" else split for split in given]
    missing = [split for split in asked if split not in given]
    splits: dict[int, Split] = {}
    open_to: dict[int, list[Split]] = {}
    for number, split in enumerate(given):
        if split is None:
            open_to[number] = asked
        elif split == "train" and missing:
            open_to[number] = ["train", *missing]
        else:
            splits[number] = split
    sizes = [Counter(name for place in group for name in ("", *candidates[place].classes)) for group in groups]
    # The hash alone decides between equals, so that neither the order of the database nor of an import matters.
    order = sorted(open_to, key=lambda number: (-sizes[number][""], _draw(rule.seed, candidates, groups[number])))
    _fill(splits, order, open_to, sizes, rule)
    _leave_none_empty(splits, open_to, sizes, asked)
    chosen: list[Split] = ["train"] * len(candidates)
    for number, group in enumerate(groups):
        for place in group:
            chosen[place] = splits[number]
    return chosen


def _given(candidates: Sequence[Candidate], group: Sequence[int]) -> Split | None:
    """The split that a group's labels came with; refuses, naming what they share, where there are two."""
    given: dict[Split, Candidate] = {}
    for place in group:
        split = candidates[place].given_split
        if split is not None:
            given.setdefault(split, candidates[place])
    if len(given) > 1:
        (one, first), (other, second) = list(given.items())[:2]
        shared = [key for key in first.keys if key in second.keys]
        raise _shared(shared[0] if shared else first.keys[0], one, other)
    return next(iter(given), None)


def _fill(
    splits: dict[int, Split], order: Iterable[int], open_to: Mapping[int, Sequence[Split]], sizes: Sequence[Counter[str]], rule: SplitRule
) -> None:
    """Give each group to that split open to it which lacks most of what it holds, the largest groups first.

    Shares are of what the open splits hold together: a test split that came with the labels, however large, takes nothing from validation.
    """
    dealt = {split for splits_open in open_to.values() for split in splits_open}
    asked = {split: share for split, share in zip(SPLITS, rule.shares, strict=True) if split in dealt}
    shares = {split: share / sum(asked.values()) for split, share in asked.items()}
    whole: Counter[str] = Counter()
    for number, size in enumerate(sizes):
        if number in open_to or splits[number] in dealt:
            whole.update(size)
    held: dict[Split, Counter[str]] = {split: Counter() for split in SPLITS}
    for number, split in splits.items():
        held[split].update(sizes[number])
    for number in order:
        lacks = {
            split: sum(count * (shares[split] - held[split][name] / whole[name]) for name, count in sizes[number].items())
            for split in open_to[number]
        }
        splits[number] = max(lacks, key=lambda split: lacks[split])
        held[splits[number]].update(sizes[number])


def _leave_none_empty(
    splits: dict[int, Split], open_to: Mapping[int, Sequence[Split]], sizes: Sequence[Counter[str]], asked: Sequence[Split]
) -> None:
    """Where there are groups enough, no split that has a share stays empty: it gets the smallest group of the fullest."""
    for split in asked:
        filled = Counter(splits.values())
        movable = [number for number in open_to if split in open_to[number] and filled[splits[number]] > 1]
        if not filled[split] and movable:
            richest = max(movable, key=lambda number: filled[splits[number]])
            number = min((one for one in movable if splits[one] == splits[richest]), key=lambda one: (sizes[one][""], -one))
            splits[number] = split


def _draw(seed: int, candidates: Sequence[Candidate], group: Sequence[int]) -> str:
    first = min(candidates[place].content_key for place in group)
    return hashlib.sha256(f"{seed}|{first}".encode()).hexdigest()


def _shared(key: Key, one: str, other: str) -> Refused:
    kind, name = key
    return Refused(
        "splits_overlap",
        f"The {kind} {name[:80]} is in {one} and in {other}, so a result on the second would flatter.",
        "Choose shares and let the pictures be divided anew, or leave this one out.",
        http_status=409,
    )
