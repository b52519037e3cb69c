"""Rendered dishes: the same seed, the same bytes, and a truth that the pixels bear out."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from detector.synth import DEMO, HARD, TRAINING, DishSettings, render_dish
from detector.types import KNOWN_LAYOUTS, Box, Content, Image, Layout

WIDE = replace(DEMO, width=768, height=550)


def brightness(image: Image, x: float, y: float) -> float:
    """Mean of 5x5 pixels round a place, held inside the picture."""
    column, row = min(max(round(x), 0), image.shape[1] - 1), min(max(round(y), 0), image.shape[0] - 1)
    return float(image[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3].mean())


@pytest.mark.parametrize("settings", [TRAINING, HARD, WIDE], ids=["training", "hard", "clean"])
def test_the_same_seed_draws_the_same_bytes(settings: DishSettings) -> None:
    first, second = render_dish(11, settings), render_dish(11, settings)
    assert np.array_equal(first.image, second.image)
    assert first.truth == second.truth


def test_another_seed_draws_another_dish() -> None:
    assert not np.array_equal(render_dish(1, WIDE).image, render_dish(2, WIDE).image)


@pytest.mark.parametrize("seed", range(6))
def test_every_box_touches_the_wall_from_outside(seed: int) -> None:
    dish = render_dish(seed, WIDE)
    step = 0.05 * 768 / 6
    for well in dish.truth.wells:
        box = well.box
        if well.visible < 1.0:
            continue
        x, y = box.centre
        ends = [(box.x0, y, 1, 0), (box.x1, y, -1, 0), (x, box.y0, 0, 1), (x, box.y1, 0, -1)]
        inside = np.mean([brightness(dish.image, px + step * dx, py + step * dy) for px, py, dx, dy in ends])
        outside = np.mean([brightness(dish.image, px - step * dx, py - step * dy) for px, py, dx, dy in ends])
        assert inside < outside - 10, f"{well} has {inside:.0f} inside its edge and {outside:.0f} outside"


def test_the_floor_is_lighter_than_the_wall() -> None:
    dish = render_dish(3, replace(WIDE, contents={Content.EMPTY: 1.0}))
    for well in dish.truth.wells:
        x, y = well.box.centre
        assert brightness(dish.image, x, y) > brightness(dish.image, x - 0.42 * well.box.width, y) + 10


@pytest.mark.parametrize("layout", KNOWN_LAYOUTS, ids=str)
def test_a_dish_has_the_wells_of_its_layout_row_by_row(layout: Layout) -> None:
    dish = render_dish(5, replace(WIDE, layouts=(layout,), layout_weights=(1.0,)))
    assert dish.truth.layout == layout
    assert [(w.row, w.column) for w in dish.truth.wells] == [(r, c) for r in range(layout.rows) for c in range(layout.columns)]
    for upper, lower in zip(dish.truth.wells, dish.truth.wells[layout.columns :], strict=False):
        assert upper.box.centre[1] < lower.box.centre[1]


def test_every_content_occurs_and_is_what_was_drawn() -> None:
    seen: set[Content] = set()
    for seed in range(12):
        for well in render_dish(seed, TRAINING).scene.wells:
            seen.add(well.content)
            assert (well.embryo is not None) == (well.content in (Content.EMBRYO, Content.EMBRYO_GAS))
            assert bool(well.bubbles) == (well.content in (Content.GAS, Content.EMBRYO_GAS))
    assert seen == set(Content)


def test_embryos_make_their_floors_uneven() -> None:
    def textures(content: Content) -> list[float]:
        dishes = [render_dish(seed, replace(WIDE, contents={content: 1.0})) for seed in range(6)]
        return [floor_texture(d.image, w.box) for d in dishes for w in d.truth.wells if w.visible == 1.0]

    assert np.median(textures(Content.EMBRYO)) > 1.5 * np.median(textures(Content.EMPTY))


def floor_texture(image: Image, box: Box) -> float:
    """How uneven the middle of a well is."""
    x, y = box.centre
    reach_x, reach_y = 0.16 * box.width, 0.16 * box.height
    floor = image[round(y - reach_y) : round(y + reach_y), round(x - reach_x) : round(x + reach_x)].astype(float)
    return float(floor.std() / floor.mean())


def test_gas_outside_is_told_with_its_boxes_and_lies_in_no_well() -> None:
    dish = next(d for d in (render_dish(s, replace(WIDE, gas_outside_rate=1.0)) for s in range(9)) if d.truth.gas_outside)
    assert dish.truth.as_dict("a.png")["gas_outside_wells"] is True
    for gas in dish.truth.gas_outside:
        assert all(gas.iou(w.box) < 0.35 for w in dish.truth.wells)


def test_stray_wells_are_to_be_ignored_and_have_no_place() -> None:
    dish = next(d for d in (render_dish(s, replace(WIDE, stray_rate=1.0)) for s in range(30)) if d.truth.strays)
    truth = dish.truth.as_dict("a.png")
    assert truth["ignore"] == [w.box.as_list() for w in dish.truth.strays]
    assert len(dish.truth.wells) == dish.truth.layout.wells  # type: ignore[union-attr]


def test_unusable_frames_have_no_wells_and_say_why() -> None:
    reasons = set()
    for seed in range(40):
        truth = render_dish(seed, replace(TRAINING, unusable_rate=1.0)).truth
        assert not truth.usable
        assert not truth.wells
        assert truth.layout is None
        reasons.add(truth.reason)
    assert reasons == {"dark", "no dish", "out of focus", "blown out"}


def test_wells_cut_by_the_border_have_boxes_inside_the_picture() -> None:
    cut = 0
    for seed in range(12):
        dish = render_dish(seed, replace(TRAINING, border_rate=1.0, unusable_rate=0.0))
        for well in dish.truth.wells:
            assert 0 <= well.box.x0 <= well.box.x1 <= dish.truth.width
            assert 0 <= well.box.y0 <= well.box.y1 <= dish.truth.height
            cut += well.visible < 0.99
    assert cut > 5


def test_a_large_picture_has_its_own_size_and_truth_in_its_pixels() -> None:
    dish = render_dish(4, replace(DEMO, width=2048, height=1536))
    assert dish.image.shape == (1536, 2048)
    assert max(w.box.x1 for w in dish.truth.wells) > 800
    json.dumps(dish.truth.as_dict("a.png"))
