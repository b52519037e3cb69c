"""The lattice: right names, or a word that they are not sure; never a wrong name in silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from detector.types import Box, Candidate, Content, Layout
from detector.wells.lattice import FittedLattice, complete, fit_lattice

WIDTH, HEIGHT = 384, 275
LAYOUTS = [Layout(3, 3), Layout(4, 3), Layout(3, 4), Layout(4, 4), Layout(5, 5)]
Place = tuple[int, int]


@dataclass(frozen=True)
class Scene:
    """Candidates and, for each, the name it should get; None for a stray."""

    layout: Layout
    candidates: tuple[Candidate, ...]
    names: tuple[Place | None, ...]


def box_at(centre: npt.NDArray[np.float64], half: npt.NDArray[np.float64]) -> Box:
    low = np.maximum(centre - half, 0)
    high = np.minimum(centre + half, [WIDTH, HEIGHT])
    return Box(*low.tolist(), *high.tolist())


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Any dish a camera may show: turned, mirrored, stretched, drifted, with wells missed and strays seen."""
    layout = draw(st.sampled_from(LAYOUTS))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pitch, turn = draw(st.floats(2.2, 2.6)), np.radians(draw(st.floats(-15, 15)))
    stretch = draw(st.floats(0.93, 1.1))
    size = draw(st.floats(0.7, 0.9)) * min(WIDTH / ((layout.columns - 1) * pitch + 2), HEIGHT / ((layout.rows - 1) * pitch + 2))
    half = size * np.array([np.sqrt(stretch), 1 / np.sqrt(stretch)])
    right = np.array([np.cos(turn), np.sin(turn)]) * pitch * half
    down = (np.array([-np.sin(turn), np.cos(turn)]) + draw(st.floats(-0.05, 0.05)) * np.array([np.cos(turn), np.sin(turn)])) * pitch * half
    if draw(st.booleans()):
        right, down = right * [1, -1], down * [-1, 1]
    drift = np.array([draw(st.floats(-0.2, 0.2)), draw(st.floats(-0.2, 0.2))]) * [WIDTH, HEIGHT]
    first = np.array([WIDTH, HEIGHT]) / 2 + drift - right * (layout.columns - 1) / 2 - down * (layout.rows - 1) / 2
    centres = {(r, c): first + right * c + down * r for r in range(layout.rows) for c in range(layout.columns)}
    missing = draw(st.sets(st.sampled_from(sorted(centres)), max_size=3))
    jitter = draw(st.floats(0, 0.05))
    candidates, names = [], []

    def see(centre: npt.NDArray[np.float64], name: Place | None, confidence: float) -> None:
        box = box_at(centre + rng.normal(0, jitter, 2) * half, half * (1 + rng.normal(0, 0.02, 2)))
        if box.width > 0.8 * half[0] and box.height > 0.8 * half[1]:
            candidates.append(Candidate(box, Content.EMPTY, confidence))
            names.append(name)

    for place, centre in centres.items():
        if place not in missing:
            see(centre, place, float(rng.uniform(0.5, 0.95)))
    for _ in range(draw(st.integers(0, 3))):
        where = rng.uniform(0, 1, 2) * [WIDTH, HEIGHT]
        if all(np.abs((where - centre) / half).max() > 1.2 for centre in centres.values()):
            see(where, None, float(rng.uniform(0.35, 0.9)))
    order = rng.permutation(len(candidates))
    return Scene(layout, tuple(candidates[k] for k in order), tuple(names[k] for k in order))


def named_wrongly(scene: Scene, lattice: FittedLattice) -> list[Place]:
    return [place for place, k in lattice.assigned.items() if scene.names[k] not in (None, place)]


@settings(max_examples=300, deadline=None)
@given(scenes())
def test_whatever_is_missing_or_stray_a_name_is_right_or_in_doubt(scene: Scene) -> None:
    seen = {name for name in scene.names if name}
    # With a whole outer row unseen the rest is a smaller dish, which nobody could tell from the real one.
    assume({r for r, _ in seen} == set(range(scene.layout.rows)) and {c for _, c in seen} == set(range(scene.layout.columns)))
    lattice = fit_lattice(scene.candidates, WIDTH, HEIGHT)
    if lattice is not None and lattice.is_consistent:
        assert lattice.layout == scene.layout
        assert not named_wrongly(scene, lattice)
        assert {scene.names[k] for k in lattice.assigned.values()} >= seen


@settings(max_examples=100, deadline=None)
@given(scenes())
def test_a_dish_seen_whole_is_named_without_doubt(scene: Scene) -> None:
    assume(None not in scene.names and len(scene.names) == scene.layout.wells)
    whole = complete(scene.candidates, WIDTH, HEIGHT).centres
    assume(((whole > 0) & (whole < [WIDTH, HEIGHT])).all())
    lattice = fit_lattice(scene.candidates, WIDTH, HEIGHT)
    assert lattice is not None
    assert lattice.is_consistent, lattice.reason
    assert lattice.layout == scene.layout
    assert len(lattice.assigned) == scene.layout.wells
    assert not named_wrongly(scene, lattice)


def regular(layout: Layout, *, first: tuple[float, float] = (60, 50), pitch: float = 80, half: float = 34) -> dict[Place, Candidate]:
    return {
        (r, c): Candidate(box_at(np.array([first[0] + c * pitch, first[1] + r * pitch]), np.array([half, half])), Content.EMPTY, 0.9)
        for r in range(layout.rows)
        for c in range(layout.columns)
    }


def test_a_missed_well_leaves_its_name_free() -> None:
    wells = regular(Layout(3, 3))
    del wells[1, 1]
    lattice = fit_lattice(list(wells.values()), WIDTH, HEIGHT)
    assert lattice is not None
    assert lattice.is_consistent
    assert (1, 1) not in lattice.assigned
    assert lattice.centre(1, 1) == pytest.approx((140, 130), abs=0.5)


def test_a_dish_on_its_side_is_named_as_it_is_seen() -> None:
    lattice = fit_lattice(list(regular(Layout(3, 4), first=(70, 50)).values()), WIDTH, HEIGHT, Layout(4, 3))
    assert lattice is not None
    assert lattice.layout == Layout(3, 4)


def test_a_well_off_the_grid_is_a_stray() -> None:
    stray = Candidate(box_at(np.array([340.0, 170.0]), np.array([34.0, 34.0])), Content.EMPTY, 0.9)
    lattice = fit_lattice([*regular(Layout(3, 3)).values(), stray], WIDTH, HEIGHT)
    assert lattice is not None
    assert lattice.strays == (9,)
    assert len(lattice.assigned) == 9


def test_a_lone_well_beside_the_grid_is_a_stray_once_the_picture_was_searched() -> None:
    lone = Candidate(box_at(np.array([300.0, 130.0]), np.array([34.0, 34.0])), Content.EMPTY, 0.9)
    candidates = [*regular(Layout(3, 3)).values(), lone]
    unsure = fit_lattice(candidates, WIDTH, HEIGHT)
    sure = fit_lattice(candidates, WIDTH, HEIGHT, was_searched=True)
    assert unsure is not None
    assert sure is not None
    assert "about as well" in unsure.reason
    assert sure.is_consistent
    assert (sure.layout, sure.strays) == (Layout(3, 3), (9,))


def test_a_row_of_wells_cut_by_more_than_half_is_the_neighbours() -> None:
    beside = [Candidate(box_at(np.array([388.0, 50.0 + 80 * r]), np.array([34.0, 34.0])), Content.EMPTY, 0.9) for r in range(3)]
    lattice = fit_lattice([*regular(Layout(3, 3), first=(148, 50)).values(), *beside], WIDTH, HEIGHT)
    assert lattice is not None
    assert lattice.layout == Layout(3, 3)
    assert set(lattice.strays) == {9, 10, 11}


def test_two_rows_of_three_are_not_guessed_about() -> None:
    wells = [one for (row, _), one in regular(Layout(3, 3)).items() if row < 2]
    lattice = fit_lattice(wells, WIDTH, HEIGHT)
    assert lattice is not None
    assert not lattice.is_consistent


def test_more_wells_than_the_person_said_are_reported() -> None:
    lattice = fit_lattice(list(regular(Layout(4, 4), first=(60, 25), pitch=72, half=30).values()), WIDTH, HEIGHT, Layout(3, 3))
    assert lattice is not None
    assert not lattice.is_consistent


def test_wells_that_are_no_grid_have_no_names() -> None:
    places = [(60, 60), (190, 80), (320, 50), (100, 200), (260, 190)]
    wells = [Candidate(box_at(np.array(p, dtype=float), np.array([30.0, 30.0])), Content.EMPTY, 0.9) for p in places]
    lattice = fit_lattice(wells, WIDTH, HEIGHT)
    assert lattice is None or not lattice.is_consistent


@pytest.mark.parametrize("count", [0, 1, 3])
def test_fewer_than_four_wells_are_no_lattice(count: int) -> None:
    assert fit_lattice(list(regular(Layout(3, 3)).values())[:count], WIDTH, HEIGHT) is None


def test_a_floor_taken_for_a_well_changes_nothing() -> None:
    floor = Candidate(box_at(np.array([140.0, 130.0]), np.array([18.0, 18.0])), Content.EMPTY, 0.99)
    wells = regular(Layout(3, 3))
    lattice = fit_lattice([floor, *wells.values()], WIDTH, HEIGHT)
    assert lattice is not None
    assert lattice.is_consistent
    assert 0 not in lattice.assigned.values()


def test_the_border_cuts_a_well_but_not_its_centre() -> None:
    wells = regular(Layout(3, 3), first=(60, 20))
    whole = complete(list(wells.values()), WIDTH, HEIGHT)
    assert whole.centres[0].tolist() == pytest.approx([60, 20])
