"""Developing embryos, drawn: lives with exact truth, single pictures of wells, recordings of one well.

    life = live(seed)                                  # one embryo: life.onsets, life.happenings, life.at(hours) -> Moment
    images, truth = render_well(seed, index, WellSettings(size_px=256))    # one random moment; balanced over STAGES
    picture(moment, view, size_px, um_per_px, plane_um, rng)               # any moment through any view

`render_well` returns one uint8 image a plane (WellSettings.planes, odd, default 1) and a MomentTruth: stage, hpi, cell_count,
compaction, cavity, is_empty, is_unreadable, has_gas, is_multinucleated, fragmentation, unevenness, circle (x, y, radius of the zona in
pixels, None where the well is empty). Every run of 19 indices holds each stage once; WellSettings.weights changes that.
`render_life(seed, out, FilmSettings(...))` writes one well's whole recording with truth.json; `filmed` yields its frames.
`render_developing(seed, frames, out, DevelopingSettings(...))` writes a whole dish of such lives. Caches of anything drawn here
belong to DEVELOPING_VERSION.
Pictures show a whole well, `side_um` (250-420 micrometres) across, as `find_embryo` and `crop_embryo` expect.
"""

from detector.synth.developing.birth import live
from detector.synth.developing.film import FilmFrame, FilmSettings, filmed, render_life
from detector.synth.developing.happenings import QUIET, USUAL_RATES, Happening, LifeSettings
from detector.synth.developing.life import Life
from detector.synth.developing.moment import Moment
from detector.synth.developing.optics import Lens
from detector.synth.developing.picture import picture, pictures
from detector.synth.developing.sheets import contact_sheet
from detector.synth.developing.single import MomentTruth, WellSettings, render_well, render_wells
from detector.synth.developing.version import DEVELOPING_VERSION
from detector.synth.developing.view import View, WellLook, draw_view, moved
from detector.synth.developing.whole_dish import DevelopingSettings, developing, render_developing

__all__ = [
    "DEVELOPING_VERSION",
    "QUIET",
    "USUAL_RATES",
    "DevelopingSettings",
    "FilmFrame",
    "FilmSettings",
    "Happening",
    "Lens",
    "Life",
    "LifeSettings",
    "Moment",
    "MomentTruth",
    "View",
    "WellLook",
    "WellSettings",
    "contact_sheet",
    "developing",
    "draw_view",
    "filmed",
    "live",
    "moved",
    "picture",
    "pictures",
    "render_developing",
    "render_life",
    "render_well",
    "render_wells",
]
