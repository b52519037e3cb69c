"""A dish whose embryos develop: the dish renderer's own scene, with one life in each well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detector.synth.developing.birth import live
from detector.synth.developing.embryo import draw_embryo
from detector.synth.developing.film import course_of
from detector.synth.developing.happenings import LifeSettings
from detector.synth.developing.life import Life
from detector.synth.developing.moment import Moment
from detector.synth.developing.optics import Lens, develop
from detector.synth.developing.picture import brightness
from detector.synth.developing.version import DEVELOPING_VERSION
from detector.synth.developing.view import draw_lens
from detector.synth.dish import RenderedDish, draw_scene
from detector.synth.recording import RecordingSettings, first_scene, frame_name, moment_of, spoiled_by_dark
from detector.synth.scene import CANONICAL_WIDTH, Canvas, Embryo, Scene, WellScene
from detector.synth.wells import WellPainter
from detector.types import Content

Place = tuple[int, int]
_FLOOR_UM = 150.0
"""Radius of a well's floor; with it, a 3x3 dish of 2048x1536 pixels comes out at about 1.2 um a pixel."""
_LEAST_FILLED = 0.82
_SHARP_PX = 0.8
"""Largest camera blur in pixels; the dish renderer's own is meant for small pictures."""
_OF_THE_WELL = ("gas_bubble", "out_of_focus")
"""Happenings that a dish decides for itself: its bubbles are its scene's, its focus is one for all wells."""


@dataclass(frozen=True, slots=True)
class DevelopingSettings:
    """A recording of a dish, the hours it covers and what its embryos may meet."""

    recording: RecordingSettings = field(default_factory=lambda: RecordingSettings(width=2048, height=1536))
    start_hpi: float = 3.0
    lives: LifeSettings = field(default_factory=LifeSettings)
    focus_wander_um: float = 4.0


@dataclass(frozen=True, slots=True)
class DevelopingFrame:
    """One picture of the dish; `moments` tells what every well's embryo is by (row, column)."""

    index: int
    hpi: float
    dish: RenderedDish
    moments: dict[Place, Moment]


def render_developing(seed: int, frames: int, out: Path, settings: DevelopingSettings | None = None, *, quality: int = 90) -> Path:
    """Write `frames` JPEGs, truth.json (wells with stage and cell count, a frame a row) and embryos.json (onsets and events by well).

    Returns the path of truth.json; the same seed writes the same bytes.
    """
    chosen = settings or DevelopingSettings()
    out.mkdir(parents=True, exist_ok=True)
    truth = []
    courses: dict[Place, list[tuple[int, float, str]]] = {}
    for frame in developing(seed, frames, chosen):
        name = frame_name(frame.index, chosen.recording.interval_minutes)
        written, data = cv2.imencode(".jpg", frame.dish.image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if not written:
            raise RuntimeError(f"frame {frame.index} could not be written as JPEG")
        (out / name).write_bytes(data.tobytes())
        truth.append(_frame_truth(frame, name))
        for place, moment in frame.moments.items():
            stage = moment.stage.value if frame.dish.truth.usable else "not_seen"
            courses.setdefault(place, []).append((frame.index, frame.hpi, stage))
    lives = lives_of(seed, chosen, _scene(seed, chosen))
    embryos = [
        {"row": row, "column": column, "start_hpi": chosen.start_hpi, "version": DEVELOPING_VERSION} | course_of(lives[row, column], course)
        for (row, column), course in sorted(courses.items())
    ]
    (out / "embryos.json").write_text(json.dumps(embryos, indent=1), encoding="utf-8")
    path = out / "truth.json"
    path.write_text(json.dumps(truth, indent=1), encoding="utf-8")
    return path


def developing(seed: int, frames: int, settings: DevelopingSettings) -> Iterator[DevelopingFrame]:
    """The frames one by one."""
    scene = _scene(seed, settings)
    lives = lives_of(seed, settings, scene)
    rng = np.random.default_rng([seed, 86])
    lens = replace(draw_lens(rng, oblique=0.15), focus_um=float(rng.normal(0, 7.0)))
    recording = settings.recording
    spoiled = set(rng.choice(np.arange(1, max(frames, 2)), min(recording.unusable_frames, max(frames - 1, 0)), replace=False).tolist())
    wander, focus = rng.uniform(0, 2 * np.pi, 6), 0.0
    for index in range(frames):
        noise = np.random.default_rng([seed, 87, index])
        focus = 0.95 * focus + 0.31 * settings.focus_wander_um * float(noise.standard_normal())
        hpi = settings.start_hpi + index * (recording.interval_minutes or 10.0) / 60.0
        share = index / max(frames - 1, 1)
        gas_gone = recording.gas_lasts < 1.0 and share >= recording.gas_lasts
        now = moment_of(scene, recording, share, wander, noise, gas_gone=gas_gone)
        moments = {place: life.at(hpi) for place, life in lives.items()}
        now = replace(now, wells=tuple(_emptied(well, moments.get((well.row, well.column))) for well in now.wells))
        if index in spoiled:
            now = spoiled_by_dark(now, noise)
        paints = partial(_LivingPainter, moments=moments, lens=replace(lens, focus_um=lens.focus_um + focus))
        yield DevelopingFrame(index, hpi, draw_scene(now, recording.width, recording.height, noise, paints), moments)


def lives_of(seed: int, settings: DevelopingSettings, scene: Scene) -> dict[Place, Life]:
    """One life a well that holds an embryo, by (row, column)."""
    inner = {kind: rate for kind, rate in settings.lives.rates.items() if kind not in _OF_THE_WELL}
    chosen = replace(settings.lives, rates=inner)
    wells = [well for well in scene.wells if well.embryo is not None and not well.is_stray]
    return {(well.row, well.column): live(seed * 1000 + 25 * well.row + well.column, chosen) for well in wells}


def _scene(seed: int, settings: DevelopingSettings) -> Scene:
    """A dish that fills most of the picture, sharp to the pixel, so that cells can be told apart."""
    rng = np.random.default_rng([seed, 85])
    scene = first_scene(rng, settings.recording)
    for _ in range(60):
        if _filled(scene) >= _LEAST_FILLED:
            break
        scene = first_scene(rng, settings.recording)
    sharp = _SHARP_PX * CANONICAL_WIDTH / settings.recording.width
    return replace(scene, camera=replace(scene.camera, blur=min(scene.camera.blur, sharp)))


def _filled(scene: Scene) -> float:
    """The share of the picture's height or width that the wells span, whichever is larger."""
    wells = [well for well in scene.wells if not well.is_stray]
    across, down = [well.x for well in wells], [well.y for well in wells]
    spare = 2.0 * wells[0].radius
    return max((max(across) - min(across) + spare) / scene.width, (max(down) - min(down) + spare) / scene.height)


def _emptied(well: WellScene, moment: Moment | None) -> WellScene:
    """The well without its embryo once that was taken out."""
    if moment is None or not moment.is_empty:
        return well
    return replace(well, embryo=None, content=Content.GAS if well.content is Content.EMBRYO_GAS else Content.EMPTY)


def _frame_truth(frame: DevelopingFrame, name: str) -> dict[str, object]:
    told: dict[str, Any] = frame.dish.truth.as_dict(name)
    for well in told["wells"]:
        moment = frame.moments.get((well["row"], well["column"]))
        if moment is not None:
            well |= {"stage": moment.stage.value, "cell_count": 0 if moment.is_empty else moment.cell_count}
    return told | {"frame": frame.index, "hpi": round(frame.hpi, 4)}


class _LivingPainter(WellPainter):
    """Draws the wells of a scene with embryos as they are at one moment."""

    def __init__(
        self, scene: Scene, canvas: Canvas, unit: float, pool: Canvas, streak: Canvas, *, moments: dict[Place, Moment], lens: Lens
    ) -> None:
        super().__init__(scene, canvas, unit, pool, streak)
        self._moments, self._lens = moments, lens

    def embryo(self, well: WellScene, embryo: Embryo, floor: Canvas, x: Canvas, y: Canvas, unit: float) -> None:
        moment = self._moments.get((well.row, well.column))
        if moment is None:
            super().embryo(well, embryo, floor, x, y, unit)
            return
        # A dish seen small is the same dish scaled down: what is finer than its pixels must not alias.
        um = unit * _FLOOR_UM
        fine = max(min(um, 1.6), 0.5)
        size = int(np.ceil((moment.reach_um + 18.0) / fine / 8)) * 16
        light = brightness(develop(draw_embryo(moment, size, fine), self._lens))
        if um > fine:
            light = np.asarray(cv2.GaussianBlur(light, (0, 0), 0.45 * um / fine), dtype=np.float32)
        room = max(1.0 - moment.zona_outer * moment.traits.radius_um / _FLOOR_UM, 0.0)
        far = max(float(np.hypot(embryo.x, embryo.y)), 1e-6)
        pull = min(1.0, room / far)
        at_x = embryo.x * pull * _FLOOR_UM + moment.shift_um[0]
        at_y = embryo.y * pull * _FLOOR_UM + moment.shift_um[1]
        map_x = (x * np.float32(_FLOOR_UM) - at_x) / np.float32(fine) + np.float32((size - 1) / 2)
        map_y = (y * np.float32(_FLOOR_UM) - at_y) / np.float32(fine) + np.float32((size - 1) / 2)
        seen = cv2.remap(
            light, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1.0
        )
        floor *= np.asarray(seen, dtype=np.float32)
