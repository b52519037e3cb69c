"""The shipped finder: what it sees in renderings, and what it does not load to see it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from detector.loading import load_finder
from detector.protocols import WellFinder
from detector.synth import DEMO, HARD, RenderedDish, render_dish
from detector.types import Content, Image, Sighting
from detector.wells.decoding import decode
from detector.wells.preprocess import prepare

SEEDS = range(7_000_000, 7_000_006)


@pytest.fixture(scope="module")
def finder() -> WellFinder:
    return load_finder("yolo", threads=1)


@pytest.fixture(scope="module")
def dishes() -> list[RenderedDish]:
    return [render_dish(seed, replace(DEMO, width=768, height=550)) for seed in SEEDS]


def pairs(dish: RenderedDish, sighting: Sighting) -> list[tuple[Content, Content, float]]:
    """(true content, said content, IoU) of every well of the dish; fails where a well was missed."""
    found = []
    for well in dish.truth.wells:
        best = max(sighting.candidates, key=lambda c: c.box.iou(well.box))
        assert best.box.iou(well.box) > 0.5, f"{well} was missed"
        found.append((well.content, best.content, best.box.iou(well.box)))
    return found


def test_every_well_of_clean_dishes_is_seen_with_nothing_invented(finder: WellFinder, dishes: list[RenderedDish]) -> None:
    for dish, sighting in zip(dishes, finder.find([d.image for d in dishes]), strict=True):
        assert len(sighting.candidates) == len(dish.truth.wells) + len(dish.truth.strays)
        assert np.mean([iou for _, _, iou in pairs(dish, sighting)]) > 0.93


def test_contents_are_right_in_clean_dishes(finder: WellFinder, dishes: list[RenderedDish]) -> None:
    told = [pair for d, s in zip(dishes, finder.find([d.image for d in dishes]), strict=True) for pair in pairs(d, s)]
    assert np.mean([true is said for true, said, _ in told]) > 0.9


def test_probabilities_of_the_contents_add_up_and_name_the_content(finder: WellFinder, dishes: list[RenderedDish]) -> None:
    (sighting,) = finder.find([dishes[0].image])
    for candidate in sighting.candidates:
        assert sum(candidate.content_probabilities.values()) == pytest.approx(1.0)
        assert max(candidate.content_probabilities, key=lambda c: candidate.content_probabilities[c]) is candidate.content
        assert 0 < candidate.confidence <= 1


def test_a_picture_gets_the_same_answer_alone_and_among_others(finder: WellFinder, dishes: list[RenderedDish]) -> None:
    pictures = [d.image for d in dishes] * 2
    together = finder.find(pictures)
    assert together[: len(dishes)] == together[len(dishes) :]
    assert [finder.find([picture])[0] for picture in pictures[: len(dishes)]] == together[: len(dishes)]


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_wells_are_found_at_any_size(finder: WellFinder, dishes: list[RenderedDish], scale: float) -> None:
    dish = dishes[1]
    picture = cv2.resize(dish.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    (sighting,) = finder.find([np.asarray(picture, dtype=np.uint8)])
    assert len(sighting.candidates) == len(dish.truth.wells)
    assert all(c.box.x1 <= picture.shape[1] and c.box.y1 <= picture.shape[0] for c in sighting.candidates)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((275, 384), np.uint8),
        np.full((275, 384), 255, np.uint8),
        np.random.default_rng(0).integers(0, 256, (480, 640)).astype(np.uint8),
        np.tile(np.arange(256, dtype=np.uint8), (200, 2)),
    ],
    ids=["black", "white", "noise", "ramp"],
)
def test_pictures_without_a_dish_show_no_wells(finder: WellFinder, picture: Image) -> None:
    (sighting,) = finder.find([picture])
    assert sighting.candidates == ()
    assert sighting.gas_outside_wells == 0.0


def test_gas_outside_the_wells_is_told_from_a_dish_without(finder: WellFinder) -> None:
    gassy = [d for d in (render_dish(s, replace(DEMO, width=768, height=550, gas_outside_rate=1.0)) for s in SEEDS) if d.truth.gas_outside]
    clean = [render_dish(s, replace(DEMO, width=768, height=550)) for s in SEEDS]
    said = [np.median([s.gas_outside_wells for s in finder.find([d.image for d in group])]) for group in (gassy, clean)]
    assert said[0] > 0.5 > said[1]


def test_no_pictures_give_no_sightings(finder: WellFinder) -> None:
    assert finder.find([]) == []


def test_two_boxes_on_one_well_become_one_candidate_that_averages_their_contents() -> None:
    raw = np.zeros((9, 3), dtype=np.float32)
    raw[:4] = [[100, 101, 300], [100, 100, 200], [60, 60, 60], [60, 60, 60]]
    raw[4:8] = [[0.0, 0.0, 0.9], [0.8, 0.4, 0.0], [0.0, 0.0, 0.0], [0.1, 0.5, 0.0]]
    raw[8] = [0.9, 0.0, 0.0]
    sighting = decode(raw).sighting(prepare(np.zeros((288, 384), np.uint8)))
    assert [c.content for c in sighting.candidates] == [Content.EMBRYO, Content.EMPTY]
    assert sighting.candidates[0].content_probabilities[Content.EMBRYO_GAS] == pytest.approx(0.3, abs=0.08)
    assert sighting.gas_outside_wells == 0.0, "a bubble inside a well is not outside"


def test_hard_dishes_lose_hardly_a_well(finder: WellFinder) -> None:
    dishes = [render_dish(seed, replace(HARD, unusable_rate=0.0)) for seed in range(7_100_000, 7_100_012)]
    sightings = finder.find([d.image for d in dishes])
    wells = [(w, s) for d, s in zip(dishes, sightings, strict=True) for w in d.truth.wells if w.visible > 0.5]
    seen = [any(c.box.iou(w.box) > 0.5 for c in s.candidates) for w, s in wells]
    assert np.mean(seen) >= 0.99


def test_serving_loads_neither_torch_nor_ultralytics() -> None:
    script = (
        "import sys, numpy as np\n"
        "from detector.loading import load_finder\n"
        "load_finder('yolo').find([np.zeros((275, 384), np.uint8)])\n"
        "print([m for m in ('torch', 'torchvision', 'ultralytics', 'transformers') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
