"""picture(): one well at one moment through one microscope, as an 8-bit grey image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from detector.synth.bubbles import paint_bubble
from detector.synth.camera import take
from detector.synth.developing.embryo import draw_embryo
from detector.synth.developing.moment import Moment
from detector.synth.developing.optics import develop
from detector.synth.developing.view import View, WellLook
from detector.synth.developing.wellfield import paint_well
from detector.synth.grain import correlated
from detector.synth.scene import Bubble, Canvas
from detector.types import Image

_MARGIN_UM = 22.0


def picture(moment: Moment, view: View, size_px: int, um_per_px: float, plane_um: float, rng: np.random.Generator) -> Image:
    """The well as a square of `size_px`, focused `plane_um` above the view's own focus; `rng` draws this frame's noise."""
    return pictures(moment, view, size_px, um_per_px, (plane_um,), rng)[0]


def pictures(
    moment: Moment, view: View, size_px: int, um_per_px: float, planes_um: Sequence[float], rng: np.random.Generator
) -> tuple[Image, ...]:
    """The same at several planes; the embryo is laid out once."""
    light = paint_well(view.look, size_px, um_per_px)
    sheet = None if moment.is_empty else draw_embryo(moment, _sheet_size(moment, view, size_px, um_per_px), um_per_px)
    taken = []
    for plane in planes_um:
        shown = light.copy()
        lens = replace(view.lens, focus_um=view.lens.focus_um + plane)
        if moment.is_hidden:
            lens = replace(lens, focus_um=lens.focus_um + float(np.copysign(170.0, lens.focus_um)), condenser=0.2)
        if sheet is not None:
            x, y = view.at_um[0] + moment.shift_um[0], view.at_um[1] + moment.shift_um[1]
            _place(shown, develop(sheet, lens), x / um_per_px, y / um_per_px)
        if view.bubble is not None:
            shown = _with_bubble(shown, view.bubble, view.look, um_per_px)
        grain = np.float32(view.look.grain) * correlated(rng, size_px, size_px, view.look.grain_um / um_per_px)
        camera = replace(view.camera, blur=view.camera.blur + 6.0) if moment.is_hidden else view.camera
        taken.append(take(np.asarray(shown * (1.0 + grain), np.float32), camera, size_px, size_px, rng))
    return tuple(taken)


def _sheet_size(moment: Moment, view: View, size_px: int, um_per_px: float) -> int:
    """Pixels that hold the whole embryo, or as much of it as lies in the picture; a size that transforms fast."""
    whole = 2 * (moment.reach_um + _MARGIN_UM) / um_per_px
    off = max(abs(view.at_um[0] + moment.shift_um[0]), abs(view.at_um[1] + moment.shift_um[1])) / um_per_px
    return int(cv2.getOptimalDFTSize(int(min(whole, size_px + 2 * off + 2 * _MARGIN_UM / um_per_px) / 2))) * 2


def _place(canvas: Canvas, contrast: Canvas, x: float, y: float) -> None:
    """Multiply `canvas` by what the embryo does to the light, about (x, y) from the canvas's middle in pixels."""
    size, side = canvas.shape[0], contrast.shape[0]
    left, top = round((size - side) / 2 + x), round((size - side) / 2 + y)
    rows, columns = slice(max(top, 0), min(top + side, size)), slice(max(left, 0), min(left + side, size))
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return
    piece = contrast[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    canvas[rows, columns] *= brightness(piece)


def brightness(contrast: Canvas) -> Canvas:
    """Light that passes, as a share of what falls in; bright lines saturate before dark ones, since none adds light of its own."""
    return np.asarray(np.exp(np.where(contrast > 0, 0.55 * np.tanh(contrast / 0.55), 1.6 * np.tanh(contrast / 1.6))), dtype=np.float32)


def _with_bubble(canvas: Canvas, bubble: Bubble, look: WellLook, um_per_px: float) -> Canvas:
    size = canvas.shape[0]
    axis = ((np.arange(size, dtype=np.float32) - (size - 1) / 2) * um_per_px).astype(np.float32)
    x, y = np.broadcast_to(axis[None, :], (size, size)), np.broadcast_to(axis[:, None], (size, size))
    return paint_bubble(canvas, bubble, x, y, um_per_px, dark=look.wall_level, light=look.floor_level)
