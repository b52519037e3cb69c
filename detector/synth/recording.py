"""A simply drifting recording of one dish: numbered JPEG frames and the truth of every one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from detector.synth.dish import RenderedDish, draw_scene
from detector.synth.sampling import sample_scene
from detector.synth.scene import Camera, Embryo, Scene, WellScene
from detector.synth.settings import DEMO, DishSettings
from detector.types import Content, Layout


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    """What happens in a recording; shares are of its length."""

    width: int = 1024
    height: int = 736
    layout: Layout | None = None
    contents: tuple[Content, ...] = (Content.EMBRYO, Content.EMBRYO, Content.EMBRYO, Content.EMPTY)
    """Drawn from evenly; repeat one to have more of it."""
    has_stray: bool = False
    has_gas_outside: bool = False
    gas_lasts: float = 1.0
    """Share of the recording after which bubbles are gone, wells and outside alike."""
    unusable_frames: int = 0
    interval_minutes: float | None = 10.0
    """Written into the frames' names; None leaves plain numbers."""
    drift_px: float = 5.0
    """How far the dish wanders in a picture 384 pixels wide."""
    turn_degrees: float = 0.8


def render_recording(seed: int, frames: int, out: Path, settings: RecordingSettings | None = None, *, quality: int = 90) -> Path:
    """Write `frames` JPEGs and truth.json into `out`, and return the path of truth.json; the same seed writes the same bytes."""
    chosen = settings or RecordingSettings()
    out.mkdir(parents=True, exist_ok=True)
    truth = []
    for index, dish in enumerate(recorded(seed, frames, chosen)):
        name = frame_name(index, chosen.interval_minutes)
        written, data = cv2.imencode(".jpg", dish.image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if not written:
            raise RuntimeError(f"frame {index} could not be written as JPEG")
        (out / name).write_bytes(data.tobytes())
        truth.append(dish.truth.as_dict(name) | {"frame": index})
    path = out / "truth.json"
    path.write_text(json.dumps(truth, indent=1), encoding="utf-8")
    return path


def frame_name(index: int, interval_minutes: float | None) -> str:
    """The file name of a frame, its hours since the first one spelled out where the interval is known."""
    if interval_minutes is None:
        return f"{index:05d}.jpg"
    return f"{index:05d}_t{index * interval_minutes / 60:07.3f}h.jpg"


def recorded(seed: int, frames: int, settings: RecordingSettings) -> Iterator[RenderedDish]:
    """The frames one by one."""
    rng = np.random.default_rng([seed, 72])
    scene = first_scene(rng, settings)
    spoiled = set(rng.choice(np.arange(1, max(frames, 2)), min(settings.unusable_frames, max(frames - 1, 0)), replace=False).tolist())
    wander = rng.uniform(0, 2 * np.pi, 6)
    for index in range(frames):
        share = index / max(frames - 1, 1)
        noise = np.random.default_rng([seed, 73, index])
        gas_gone = settings.gas_lasts < 1.0 and share >= settings.gas_lasts
        moment = moment_of(scene, settings, share, wander, noise, gas_gone=gas_gone)
        if index in spoiled:
            moment = spoiled_by_dark(moment, noise)
        yield draw_scene(moment, settings.width, settings.height, noise)


def first_scene(rng: np.random.Generator, settings: RecordingSettings) -> Scene:
    """A clean dish with the wanted wells; the camera's own faults are left to each frame."""
    wanted: dict[Content, float] = {}
    for content in settings.contents:
        wanted[content] = wanted.get(content, 0.0) + 1.0
    layouts = (settings.layout,) if settings.layout else DEMO.layouts
    dish = DishSettings(
        width=settings.width, height=settings.height, layouts=layouts, layout_weights=(1.0,) * len(layouts), contents=wanted,
        turn_degrees=3.0, blur_px=0.6, hardness=0.0, stray_rate=1.0 if settings.has_stray else 0.0,
        gas_outside_rate=1.0 if settings.has_gas_outside else 0.0, unusable_rate=0.0, border_rate=0.0,
    )  # fmt: skip
    scene = sample_scene(rng, dish)
    for _ in range(50):
        has_stray = any(w.is_stray for w in scene.wells)
        is_whole = _margin(scene) > settings.drift_px
        if is_whole and has_stray == settings.has_stray and bool(scene.outside) == settings.has_gas_outside:
            break
        scene = sample_scene(rng, dish)
    camera = replace(scene.camera, turn=0.0, resample=1.0, jpeg=100, motion=0.0, veil=0.0, noise=float(rng.uniform(0.5, 1.5)))
    return replace(scene, camera=camera, clutter=replace(scene.clutter, caption=""))


def _margin(scene: Scene) -> float:
    """The least distance of a well of the dish from the picture's edge, in canonical pixels; negative where one is cut."""
    wells = [w for w in scene.wells if not w.is_stray]
    return min(min(w.x, scene.width - w.x, w.y, scene.height - w.y) - 1.08 * w.radius for w in wells)


def moment_of(
    scene: Scene, settings: RecordingSettings, share: float, wander: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    noise: np.random.Generator, *, gas_gone: bool,
) -> Scene:  # fmt: skip
    """The dish at `share` of the recording: moved and turned a little, its embryos older, its light flickering."""
    path = [math.sin(2 * math.pi * share * speed + start) for speed, start in zip((0.6, 1.7, 0.5, 1.9, 0.7, 1.3), wander, strict=True)]
    rest = [math.sin(start) for start in wander]
    way = np.array(path) - np.array(rest)
    shift_x = settings.drift_px * (0.45 * way[0] + 0.08 * way[1]) + noise.normal(0, 0.12)
    shift_y = settings.drift_px * (0.45 * way[2] + 0.08 * way[3]) + noise.normal(0, 0.12)
    angle = math.radians(settings.turn_degrees * (0.45 * way[4] + 0.05 * way[5]))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    middle = np.array([scene.width / 2, scene.height / 2])

    def moved(x: float, y: float) -> tuple[float, float]:
        place = turn @ (np.array([x, y]) - middle) + middle
        return float(place[0] + shift_x), float(place[1] + shift_y)

    wells = []
    for well in scene.wells:
        x, y = moved(well.x, well.y)
        wells.append(_older(replace(well, x=x, y=y), share, gas_gone=gas_gone))
    outside = []
    for bubble in () if gas_gone else scene.outside:
        x, y = moved(bubble.x, bubble.y)
        outside.append(replace(bubble, x=x, y=y))
    matrix = turn @ np.array(scene.matrix).reshape(2, 2)
    flicker = float(noise.normal(1.0, 0.012))
    camera = replace(scene.camera, contrast=scene.camera.contrast * flicker, blur=scene.camera.blur * float(noise.uniform(0.8, 1.2)))
    return replace(
        scene,
        wells=tuple(wells),
        outside=tuple(outside),
        camera=camera,
        matrix=(float(matrix[0, 0]), float(matrix[0, 1]), float(matrix[1, 0]), float(matrix[1, 1])),
    )


def _older(well: WellScene, share: float, *, gas_gone: bool) -> WellScene:
    """The well later on: cells divide, the embryo turns and shifts a little, bubbles may be gone."""
    content, bubbles = well.content, well.bubbles
    if gas_gone and bubbles:
        bubbles = ()
        content = Content.EMPTY if content is Content.GAS else Content.EMBRYO
    embryo = well.embryo and _grown(well.embryo, share)
    return replace(well, content=content, bubbles=bubbles, embryo=embryo)


def _grown(embryo: Embryo, share: float) -> Embryo:
    stages = (("disc", 1), ("cells", 2), ("cells", 4), ("cells", 8), ("morula", 12), ("blastocyst", 12))
    pace = 0.85 + 0.3 * (embryo.seed % 1000) / 1000
    kind, cells = stages[min(int(share * pace * len(stages)), len(stages) - 1)]
    sway = 0.04 * math.sin(9 * share + embryo.seed % 7)
    return replace(
        embryo, kind=kind, cells=cells, x=embryo.x + sway * math.cos(embryo.turn), y=embryo.y + sway * math.sin(embryo.turn),
        turn=embryo.turn + 0.5 * share, contrast=abs(embryo.contrast) + 0.15,
    )  # fmt: skip


def spoiled_by_dark(scene: Scene, noise: np.random.Generator) -> Scene:
    """The same moment with the lamp off."""
    camera: Camera = replace(scene.camera, contrast=0.004, lift=float(noise.uniform(2, 10)), sharpen=0.0)
    return replace(scene, camera=camera, usable=False, reason="dark")
