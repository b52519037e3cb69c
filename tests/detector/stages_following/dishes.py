"""Dishes of nine drawn wells whose embryos are told apart by counting edges: exact pictures, an exact finder, an exact stager."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np

from detector.reducing import reduced
from detector.stages.looks import AUXILIARY, Looks, Values
from detector.types import STAGES, Box, Candidate, Content, Image, Phase, Sighting, StackInfo, Unphased
from tests.detector.stages_frames.drawn import WALL, well

ZYGOTE, MANY, NOBODY = 1, 12, 0
STAGE_OF = {ZYGOTE: Phase.TPNA, MANY: Phase.T8, NOBODY: Unphased.EMPTY}
FIELD = 205
WHOLE, INNER = 256, 150


@dataclass(frozen=True)
class Dish:
    """What one frame shows: cells of nine wells in order of rows, and how far the dish has moved; blind frames are black."""

    cells: tuple[int, ...] = (ZYGOTE,) * 9
    shift: tuple[int, int] = (0, 0)
    is_blind: bool = False


@dataclass
class Film:
    """Frames as a Stack; `reads` tells which were taken and how many times smaller."""

    dishes: Sequence[Dish]
    side: int = 256
    hours: tuple[float, ...] | None = None
    format: str = "image-folder"
    reads: list[tuple[int, int]] = field(default_factory=list)
    beside: tuple[Sequence[Dish], Sequence[Dish]] | None = None
    """What the focal planes below and above show; the dishes are then the plane between them."""
    lacking: tuple[int, ...] = ()
    """Planes that miss frames."""

    @property
    def info(self) -> StackInfo:
        height, width = self.picture(0).shape
        planes = (-15.0, 0.0, 15.0) if self.beside else (0.0,)
        return StackInfo(
            self.format, width, height, len(self.dishes), planes, 8, None, None, self.hours, "none", incomplete_planes=self.lacking
        )

    def picture(self, frame: int) -> Image:
        return picture_of(self.dishes[frame], self.side)

    def read(self, frame: int, plane: int = 0) -> Image:
        return self.picture(frame)

    def frames(
        self, indices: Sequence[int] | None = None, plane: int = 0, shrink: int = 1, closer: Mapping[int, int] | None = None
    ) -> Iterator[tuple[int, Image]]:
        for frame in range(len(self.dishes)) if indices is None else indices:
            times = (closer or {}).get(frame, shrink)
            self.reads.append((frame, times))
            shown = (self.beside[0], self.dishes, self.beside[1])[plane] if self.beside else self.dishes
            yield frame, smaller(shown[frame], self.side, times)

    def close(self) -> None:
        pass


class Finder:
    """Knows every picture of one film, as small as the wells are looked for in."""

    name = "exact"
    weights_hash = ""

    def __init__(self, film: Film, shrink: int) -> None:
        self._known = {smaller(dish, film.side, shrink).tobytes(): _sighting(dish, film.side, shrink) for dish in set(film.dishes)}

    def find(self, images: Sequence[Image]) -> list[Sighting]:
        return [self._known[image.tobytes()] for image in images]


class EdgeStager:
    """Names crops by how many edges they hold; `looked` counts them."""

    name = "edges"
    weights_hash = "0" * 64

    def __init__(self, unsure: float = -9.0) -> None:
        self.looked = 0
        self._unsure = unsure
        """Logarithm of what every other stage gets."""

    def look(self, crops: Values) -> Looks:
        self.looked += len(crops)
        logs = np.full((len(crops), len(STAGES)), self._unsure, np.float32)
        for row, crop in zip(logs, crops, strict=True):
            row[STAGES.index(STAGE_OF[MANY if _edges(crop) > 0.1 else ZYGOTE])] = -0.01
        nothing = dict.fromkeys(AUXILIARY, np.zeros(len(crops), np.float32))
        return Looks(logs, np.zeros((len(crops), 1), np.float32), **nothing)

    def look_from_all_sides(self, crops: Values) -> Looks:
        return self.look(crops)


def _edges(crop: Values) -> float:
    """What changes from pixel to pixel in the middle of a crop."""
    return float(np.abs(np.diff(crop[40:72, 40:72])).mean())


@lru_cache(maxsize=32)
def picture_of(dish: Dish, side: int) -> Image:
    """A bright field with nine wells of `side` pixels."""
    pitch = round(1.15 * side)
    height, width = 3 * pitch + side // 8, 4 * pitch + side // 8
    picture = np.full((height, width), FIELD, np.uint8)
    if dish.is_blind:
        return np.zeros_like(picture)
    for number, cells in enumerate(dish.cells):
        x, y = _corner(number, side, dish.shift)
        picture[y : y + side, x : x + side] = _well(cells, side)
    return picture


@lru_cache(maxsize=32)
def smaller(dish: Dish, side: int, shrink: int) -> Image:
    return np.asarray(reduced(picture_of(dish, side), shrink), dtype=np.uint8) if shrink > 1 else picture_of(dish, side)


def _corner(number: int, side: int, shift: tuple[int, int]) -> tuple[int, int]:
    pitch = round(1.15 * side)
    return side // 2 + (number % 3) * pitch + shift[0], side // 12 + (number // 3) * pitch + shift[1]


@lru_cache(maxsize=8)
def _well(cells: int, side: int) -> Image:
    """A dark wall whose floor takes somewhat more than half of the outer side."""
    outer = np.full((WHOLE, WHOLE), FIELD, np.uint8)
    cv2.circle(outer, (WHOLE // 2, WHOLE // 2), WHOLE // 2 - 1, WALL, -1)
    at = (WHOLE - INNER) // 2
    outer[at : at + INNER, at : at + INNER] = well(x=INNER / 2, y=INNER / 2, cells=cells, radius=30, size=INNER)
    return outer if side == WHOLE else np.asarray(cv2.resize(outer, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _sighting(dish: Dish, side: int, shrink: int) -> Sighting:
    if dish.is_blind:
        return Sighting((), 0.0)
    found = []
    for number, cells in enumerate(dish.cells):
        x, y = (value / shrink for value in _corner(number, side, dish.shift))
        content = Content.EMPTY if cells == NOBODY else Content.EMBRYO
        shares = {one: 0.97 if one is content else 0.01 for one in Content}
        found.append(Candidate(Box(x, y, x + side / shrink, y + side / shrink), content, 0.97, shares))
    return Sighting(tuple(found), 0.0)
