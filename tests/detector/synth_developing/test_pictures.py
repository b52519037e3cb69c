"""Pictures of one well: what is drawn is what is said to be there."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from detector.stages.crops import find_embryo
from detector.synth.developing import QUIET, Lens, Moment, WellSettings, draw_view, live, picture, pictures, render_well
from detector.synth.developing.embryo import draw_embryo
from detector.synth.developing.optics import develop
from detector.types import STAGES, Image, Phase, Unphased

PHASES = tuple(Phase)


def only(stage: object) -> WellSettings:
    return WellSettings(weights=tuple(float(stage is other) for other in STAGES))


def contrast(moment: Moment, size: int = 160, lens: Lens | None = None, um: float = 1.2) -> npt.NDArray[np.float32]:
    return develop(draw_embryo(moment, size, um), lens or Lens())


def middle_of(seed: int, phase: Phase) -> Moment:
    life = live(seed, QUIET)
    following = life.onsets.get(PHASES[min(PHASES.index(phase) + 1, 15)], life.last_hpi)
    return life.at((life.onsets[phase] + max(following, life.onsets[phase] + 0.1)) / 2)


def clear(seed: int, size: int = 160, side: float = 320.0, *, moment: Moment | None = None) -> tuple[Image, Moment]:
    """A picture without faults of the camera, focused near the embryo."""
    rng = np.random.default_rng(seed)
    shown = moment or middle_of(seed, Phase.T4)
    view = draw_view(rng, shown.reach_um, side)
    camera = replace(view.camera, blur=0.2, motion=0, resample=1.0, gamma=1.0, contrast=1.0, lift=0, veil=0, noise=0.5, jpeg=100)
    view = replace(view, camera=camera, lens=replace(view.lens, focus_um=4.0))
    return picture(shown, view, size, side / size, 0.0, rng), shown


def test_the_same_arguments_draw_the_same_bytes() -> None:
    for index in (0, 7):
        first, again = render_well(5, index), render_well(5, index)
        assert np.array_equal(first[0][0], again[0][0])
        assert first[1] == again[1]
    assert not np.array_equal(render_well(5, 1)[0][0], render_well(6, 1)[0][0])


def test_every_run_of_nineteen_holds_each_stage_once() -> None:
    settings = WellSettings(size_px=48)
    for start in (0, 19):
        assert {render_well(2, start + k, settings)[1].stage for k in range(19)} == set(STAGES)


def test_pictures_come_in_the_size_and_planes_asked_for() -> None:
    images, truth = render_well(1, 3, WellSettings(size_px=96, planes=3, weights=tuple(float(s is Phase.T4) for s in STAGES)))
    assert [image.shape for image in images] == [(96, 96)] * 3
    assert all(image.dtype == np.uint8 for image in images)
    assert truth.stage is Phase.T4
    assert not np.array_equal(images[0], images[2])


def test_what_is_told_of_a_picture_agrees_with_its_stage() -> None:
    counted = {Phase.T2: 2, Phase.T3: 3, Phase.T4: 4, Phase.T5: 5, Phase.T6: 6, Phase.T7: 7, Phase.T8: 8}
    quiet = WellSettings(size_px=48, rates={})
    for index in range(60):
        truth = render_well(9, index, quiet)[1]
        if truth.stage in counted:
            assert truth.cell_count == counted[Phase(truth.stage)]
        if truth.stage in (Phase.TPB2, Phase.TPNA, Phase.TPNF):
            assert truth.cell_count == 1
        if truth.stage in (Phase.TM, Phase.TSB, Phase.TB):
            assert truth.compaction == 1.0
        assert truth.is_empty == (truth.stage is Unphased.EMPTY) == (truth.circle is None)
        assert truth.is_unreadable == (truth.stage is Unphased.NOT_SEEN)


def test_the_embryo_lies_where_the_truth_says() -> None:
    near = 0
    for index in range(30):
        images, truth = render_well(4, index, only(Phase.T4))
        circle, found = truth.circle, find_embryo(images[0])
        assert circle is not None
        if found is not None:
            near += np.hypot(found.x - circle[0], found.y - circle[1]) < circle[2]
    assert near >= 21


def test_every_phase_is_drawn_differently() -> None:
    """Neighbouring phases of one embryo differ by more than the same phase an instant later does."""
    for seed in (2, 8, 11):
        life = live(seed, QUIET)
        shown = [middle_of(seed, phase) for phase in PHASES]
        for earlier, later in pairwise(shown):
            moved = np.abs(contrast(earlier) - contrast(later)).mean()
            still = np.abs(contrast(earlier) - contrast(life.at(earlier.hours + 0.002))).mean()
            assert moved > 3 * still, (seed, earlier.stage, later.stage)


def test_pictures_follow_one_another_without_jumps() -> None:
    """Over a tenth of a minute nothing changes much, at any hour, through divisions, compaction, cavity and hatching."""
    for seed in (3, 5):
        life = live(seed)
        size = np.abs(contrast(life.at(40.0), size=160, um=1.8)).mean()
        near = [hour for onset in life.onsets.values() for hour in np.arange(onset - 0.33, onset + 0.35, 0.11)]
        for hour in [*np.arange(4.0, 132.0, 7.7), *near, *(life.onsets[p] for p in (Phase.T2, Phase.TM, Phase.THB) if p in life.onsets)]:
            a, b = life.at(float(hour)), life.at(float(hour) + 0.1 / 60)
            if a.stage in PHASES and b.stage in PHASES:
                assert np.abs(contrast(a, 160, um=1.8) - contrast(b, 160, um=1.8)).mean() < 0.25 * size, (seed, hour)


def test_contrast_turns_around_with_focus() -> None:
    """An edge that is dark on one side of focus is bright on the other."""
    moment = middle_of(3, Phase.TPNF)
    above = contrast(moment, lens=Lens(focus_um=-18.0, edge_loss=0.0, absorption=0.0))
    below = contrast(moment, lens=Lens(focus_um=18.0, edge_loss=0.0, absorption=0.0))
    assert np.corrcoef(above.ravel(), below.ravel())[0, 1] < -0.5


def test_oblique_light_shades_one_side_bright_and_the_other_dark() -> None:
    moment = middle_of(3, Phase.TPNF)
    lens = Lens(relief=0.6, relief_angle=0.0, edge_loss=0.0, phase_gain=0.0)
    shaded = contrast(moment, lens=lens)
    half = shaded.shape[1] // 2
    assert abs(shaded[:, :half].mean() - shaded[:, half:].mean()) > 0.05
    plain = contrast(moment, lens=Lens(edge_loss=0.0))
    assert abs(plain[:, :half].mean() - plain[:, half:].mean()) < 0.02


def test_far_out_of_focus_fine_detail_is_gone() -> None:
    moment = middle_of(3, Phase.T8)

    def detail(lens: Lens) -> float:
        return float(np.abs(np.diff(contrast(moment, lens=lens), axis=1)).mean())

    assert detail(Lens(focus_um=150.0)) < 0.4 * detail(Lens(focus_um=4.0))


def roughness(moment: Moment) -> float:
    """Detail within the embryo as a share of what is there."""
    shown = contrast(moment)
    axis = np.arange(160) - 79.5
    inside = np.hypot(axis[:, None], axis[None]) * 1.2 < 0.75 * moment.traits.radius_um
    return float(np.abs(np.diff(shown, axis=1)[:, 1:][inside[:, 2:]]).mean())


def test_a_morula_is_rougher_than_an_egg() -> None:
    rough = [roughness(middle_of(seed, Phase.TM)) / roughness(middle_of(seed, Phase.TPNF)) for seed in range(12)]
    assert np.median(rough) > 1.5
    assert min(rough) > 0.8


def test_cell_borders_fade_as_cells_compact() -> None:
    apart, merged = middle_of(3, Phase.T8), middle_of(3, Phase.T8)
    smooth = replace(merged, compaction=1.0, traits=replace(merged.traits, smoothness=1.0, granules=0.0))
    plain = replace(apart, traits=replace(apart.traits, smoothness=1.0, granules=0.0))
    assert np.abs(contrast(smooth)).mean() < np.abs(contrast(plain)).mean()


def test_pronuclei_show_between_their_coming_and_their_fading_only() -> None:
    life = live(4, QUIET)
    during = life.at((life.onsets[Phase.TPNA] + life.onsets[Phase.TPNF]) / 2)
    without = replace(during, pronuclei_seen=0.0)
    assert np.abs(contrast(during) - contrast(without)).max() > 0.05
    assert life.at(life.onsets[Phase.TPNA] - 0.5).pronuclei_seen == 0.0
    assert life.at(life.onsets[Phase.TPNF]).pronuclei_seen == 0.0


def test_the_zona_thins_and_opens_as_the_embryo_expands_and_hatches() -> None:
    life = live(6, QUIET)
    late = life.at(min(life.onsets[Phase.THB] + 12.0, 140.0))
    assert late.hatching > 0.1
    assert late.reach_um > life.at(life.onsets[Phase.TB]).reach_um
    sheet = draw_embryo(late, 320, 1.2)
    axis = (np.arange(320) - 159.5) * 1.2
    beyond = np.hypot(axis[:, None], axis[None]) > 1.12 * late.zona_outer * late.traits.radius_um
    assert np.abs(sheet.path[:, beyond]).max() > 4.0


def test_a_dying_embryo_is_darker_than_a_living_one() -> None:
    moment = middle_of(7, Phase.T8)
    assert contrast(replace(moment, decay=1.0)).mean() < contrast(moment).mean() - 0.02


def test_an_emptied_well_shows_no_embryo() -> None:
    seen, moment = clear(12)
    empty, _ = clear(12, moment=replace(moment, is_empty=True))
    assert find_embryo(seen) is not None
    assert np.abs(seen.astype(float) - empty.astype(float)).max() > 20


def test_exposures_span_nearly_black_to_bright() -> None:
    levels = [float(np.median(render_well(8, index, only(Phase.T2))[0][0])) for index in range(60)]
    assert min(levels) < 35
    assert max(levels) > 150


def test_several_planes_show_the_same_well_at_other_foci() -> None:
    moment = middle_of(2, Phase.T8)
    rng = np.random.default_rng(1)
    view = draw_view(rng, moment.reach_um, 320.0)
    low, high = pictures(moment, view, 128, 2.5, (-20.0, 20.0), rng)
    assert low.shape == high.shape
    assert not np.array_equal(low, high)


def test_a_stage_that_cannot_come_is_refused() -> None:
    from detector.synth.developing.single import _moment

    with pytest.raises(RuntimeError, match="has the stage tHB"):
        _moment(np.random.default_rng(1), Phase.THB, WellSettings(rates={"arrest": 1.0}))
