"""render_life: a recording of one well, frame by frame and plane by plane, with everything that is true of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detector.synth.developing.birth import live
from detector.synth.developing.happenings import LifeSettings
from detector.synth.developing.life import Life
from detector.synth.developing.moment import Moment
from detector.synth.developing.picture import pictures
from detector.synth.developing.version import DEVELOPING_VERSION
from detector.synth.developing.view import View, draw_view, moved
from detector.synth.recording import frame_name
from detector.types import Image, Phase

MOST_PLANES = 7


@dataclass(frozen=True, slots=True)
class FilmSettings:
    """How one well is recorded."""

    size_px: int = 256
    um_per_px: float = 1.2
    interval_minutes: float = 10.0
    start_hpi: float | None = None
    """None draws it: most recordings begin some hours after insemination."""
    end_hpi: float = 132.0
    most_frames: int | None = None
    planes: int = 1
    plane_step_um: float = 15.0
    drift_um: float = 6.0
    """How far the stage wanders over a recording."""
    focus_wander_um: float = 5.0
    flicker: float = 0.015
    missing_share: float = 0.01
    dark_share: float = 0.004
    lives: LifeSettings = field(default_factory=LifeSettings)

    def __post_init__(self) -> None:
        if not 1 <= self.planes <= MOST_PLANES:
            raise ValueError(f"a recording has 1 to {MOST_PLANES} planes, not {self.planes}")
        if self.size_px < 32 or self.um_per_px <= 0 or self.interval_minutes <= 0:
            raise ValueError(f"no picture is {self.size_px} pixels at {self.um_per_px} um every {self.interval_minutes} minutes")

    @property
    def plane_offsets_um(self) -> tuple[float, ...]:
        """Heights above the middle plane."""
        return tuple((k - self.planes // 2) * self.plane_step_um for k in range(self.planes))


@dataclass(frozen=True, slots=True)
class FilmFrame:
    """One time point: an image a plane, and what was there; `is_dark` where the lamp was off."""

    index: int
    hpi: float
    images: tuple[Image, ...]
    moment: Moment
    is_dark: bool


def render_life(seed: int, out: Path, settings: FilmSettings | None = None, *, quality: int = 90) -> Path:
    """Write numbered JPEGs (a folder a plane where there are several) and truth.json into `out`; the same seed writes the same bytes.

    Returns the path of truth.json: {frames: [{index, file, hpi, stage, cell_count ...}], missing, onsets, skipped, events}.
    """
    chosen = settings or FilmSettings()
    life = live(seed, chosen.lives)
    folders = [out if chosen.planes == 1 else out / f"F{round(offset)}" for offset in chosen.plane_offsets_um]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    frames = []
    last = -1
    for frame in filmed(seed, life, chosen):
        name = frame_name(frame.index, chosen.interval_minutes)
        for folder, image in zip(folders, frame.images, strict=True):
            written, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if not written:
                raise RuntimeError(f"frame {frame.index} could not be written as JPEG")
            (folder / name).write_bytes(data.tobytes())
        frames.append(_frame_truth(frame, name))
        last = frame.index
    seen = {frame["index"] for frame in frames}
    truth = {
        "seed": seed, "version": DEVELOPING_VERSION, "um_per_px": chosen.um_per_px, "interval_minutes": chosen.interval_minutes,
        "start_hpi": frames[0]["hpi"] if frames else None, "planes_um": list(chosen.plane_offsets_um), "frames": frames,
        "missing": [index for index in range(last + 1) if index not in seen],
    } | course_of(life, [(frame["index"], frame["hpi"], frame["stage"]) for frame in frames])  # fmt: skip
    path = out / "truth.json"
    path.write_text(json.dumps(truth, indent=1), encoding="utf-8")
    return path


def filmed(seed: int, life: Life, settings: FilmSettings) -> Iterator[FilmFrame]:
    """The frames that were not lost, one by one; the first is never lost."""
    rng = np.random.default_rng([seed, 83])
    start = (
        settings.start_hpi
        if settings.start_hpi is not None
        else float(rng.uniform(1.5, 4.5) if rng.random() < 0.8 else rng.uniform(15, 20))
    )
    count = max(int((settings.end_hpi - start) * 60.0 / settings.interval_minutes) + 1, 1)
    count = min(count, settings.most_frames or count)
    side = settings.size_px * settings.um_per_px
    view = draw_view(rng, 0.8 * life.at(start).reach_um, side, has_gas=life.at(start).has_gas)
    wander = rng.uniform(0, 2 * np.pi, 6)
    lost, dark = rng.random(count) < settings.missing_share, rng.random(count) < settings.dark_share
    focus = 0.0
    keep = math.exp(-settings.interval_minutes / 180.0)
    for index in range(count):
        hpi = start + index * settings.interval_minutes / 60.0
        noise = np.random.default_rng([seed, 84, index])
        focus = keep * focus + math.sqrt(1 - keep * keep) * settings.focus_wander_um * float(noise.standard_normal())
        if lost[index] and index:
            continue
        moment = life.at(hpi)
        seen = _view_at(view, settings, index / max(count - 1, 1), focus, wander, noise, is_dark=bool(dark[index]))
        if not moment.has_gas:
            seen = replace(seen, bubble=None)
        taken = pictures(moment, seen, settings.size_px, settings.um_per_px, settings.plane_offsets_um, noise)
        yield FilmFrame(index, hpi, taken, moment, bool(dark[index]))


def course_of(life: Life, frames: list[tuple[int, float, str]]) -> dict[str, object]:
    """Onsets, skipped phases and events of a life as frames (index, hours, stage) in order show them."""
    first: dict[str, int] = {}
    for index, _, stage in frames:
        first.setdefault(stage, index)
    start, end = (frames[0][1], frames[-1][1]) if frames else (math.inf, -math.inf)
    onsets = [
        {"phase": phase.value, "hpi": round(hpi, 4), "frame": first[phase.value], "is_censored": hpi < start}
        for phase, hpi in life.onsets.items()
        if phase.value in first
    ]
    skipped = [phase.value for phase, hpi in life.onsets.items() if phase.value not in first and start <= hpi <= end]
    events = []
    for one in life.happenings:
        inside = [index for index, hpi, _ in frames if one.first_hpi <= hpi <= one.last_hpi]
        spans = {"first_frame": inside[0] if inside else None, "last_frame": inside[-1] if inside else None}
        hours = {"first_hpi": round(one.first_hpi, 4), "last_hpi": round(one.last_hpi, 4)}
        events.append({"kind": one.kind, **hours, **spans, "detail": one.detail})
    exact = {phase.value: round(hpi, 4) for phase, hpi in life.onsets.items()}
    order = [phase.value for phase in Phase]
    return {"onsets": sorted(onsets, key=lambda o: order.index(str(o["phase"]))), "skipped": skipped, "exact_hpi": exact, "events": events}


def _view_at(
    view: View, settings: FilmSettings, share: float, focus: float, wander: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    noise: np.random.Generator, *, is_dark: bool,
) -> View:  # fmt: skip
    """The same well a little later: the stage drifted, the focus wandered, the lamp flickered or was off."""
    path = [
        math.sin(2 * math.pi * share * speed + begin) - math.sin(begin) for speed, begin in zip((0.6, 1.7, 0.5, 1.9), wander, strict=False)
    ]
    across = settings.drift_um * (0.45 * path[0] + 0.1 * path[1]) + float(noise.normal(0, 0.25))
    down = settings.drift_um * (0.45 * path[2] + 0.1 * path[3]) + float(noise.normal(0, 0.25))
    light = float(np.exp(noise.normal(0.0, settings.flicker)))
    camera = replace(view.camera, contrast=view.camera.contrast * light)
    if is_dark:
        camera = replace(view.camera, contrast=0.006, lift=float(noise.uniform(0, 9)), veil=0.0, sharpen=0.0)
    return replace(moved(view, across, down), camera=camera, lens=replace(view.lens, focus_um=view.lens.focus_um + focus))


def _frame_truth(frame: FilmFrame, name: str) -> dict[str, Any]:
    moment = frame.moment
    return {
        "index": frame.index, "file": name, "hpi": round(frame.hpi, 4), "stage": "not_seen" if frame.is_dark else moment.stage.value,
        "cell_count": 0 if moment.is_empty else moment.cell_count, "compaction": round(moment.compaction, 3),
        "cavity": round(moment.cavity, 3),
        "hatching": round(moment.hatching, 3),
    }  # fmt: skip
