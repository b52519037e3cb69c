"""What to review first where the aim is a better detector: mostly what it doubts, some of what is unlike the rest, some by chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

BLOCK, UNCERTAIN, DIVERSE = 10, 7, 2
"""Of every ten, seven are doubted most and two are unlike others; the tenth comes by chance: a detector can be wrong without a doubt."""


class Candidate(NamedTuple):
    """An embryo or well that nobody has decided yet; what one is blind for has neither figure."""

    id: int
    key: str
    dish_id: UUID
    uncertainty: float | None
    distance: float | None


def mixed(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """All of them in the order in which they teach most; the same ones come in the same order, so that a reload shuffles nothing."""
    left = sorted(candidates, key=lambda one: (-(one.uncertainty or 0.0), one.key))
    shown: dict[UUID, int] = {}
    while left:
        chosen = left[:UNCERTAIN]
        left = left[UNCERTAIN:]
        for one in chosen:
            shown[one.dish_id] = shown.get(one.dish_id, 0) + 1
        for number in range(min(BLOCK - UNCERTAIN, len(left))):
            best = _most_unlike(left, shown) if number < DIVERSE else min(left, key=_chance)
            left.remove(best)
            chosen.append(best)
            shown[best.dish_id] = shown.get(best.dish_id, 0) + 1
        yield from chosen


def by_dish(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Whole dishes, those doubted most on average first: opening a dish for one embryo takes longer than reading the next one in it."""
    dishes: dict[UUID, list[Candidate]] = {}
    for one in candidates:
        dishes.setdefault(one.dish_id, []).append(one)
    means = {dish: sum(one.uncertainty or 0.0 for one in ones) / len(ones) for dish, ones in dishes.items()}
    for dish in sorted(dishes, key=lambda one: (-means[one], str(one))):
        yield from sorted(dishes[dish], key=lambda one: one.key)


def _most_unlike(left: Sequence[Candidate], shown: dict[UUID, int]) -> Candidate:
    """From the dish that was asked for least often, the embryo farthest from usual hours."""
    return min(left, key=lambda one: (shown.get(one.dish_id, 0), -(one.distance or 0.0), one.key))


def _chance(one: Candidate) -> bytes:
    """By chance, and the same again tomorrow."""
    return sha256(one.key.encode()).digest()
