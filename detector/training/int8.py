"""A weights folder in 8 bits: quantised, held against the one it comes from, and written only where it loses next to nothing."""

from __future__ import annotations

import hashlib
import io
import tempfile
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.errors import DetectorError
from detector.evaluation.scoring import Tally
from detector.evaluation.truth import rendered
from detector.loading import Manifest, read_verified
from detector.stages.stager import ENCODER, ConvNextStager
from detector.synth import TRAINING
from detector.training.exporting import FILE, as_toml, zipped
from detector.training.quantising import PRODUCTS, Values, quantised
from detector.training.renderings import render_canonical
from detector.training.stages_augment import plain
from detector.training.stages_renderings import SETTINGS, Wanted, cached_lessons
from detector.training.stages_shipped import TEST_SEED, TRAINING_SEED, judged
from detector.training.wells_shipped import TRAINING_SEEDS
from detector.wells.crops import as_input, crop_well
from detector.wells.net import CONTENT, WELLS, NetFinder

CALIBRATION = 64
"""Renderings whose ranges are taken over."""
MOST_LOST = {"content": 0.01, "ap50_95": 0.03, "test_phase_accuracy": 0.01}
"""What 8 bits may cost; more, and the folder is not written."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Samples:
    """What ranges are learned from: canonical pictures, and crops of the wells in them as the closer look sees them."""

    pictures: Values
    crops: Values


def samples_of(count: int = CALIBRATION) -> Samples:
    """The first renderings of those that training sees."""
    made = [render_canonical(seed, TRAINING) for seed in range(TRAINING_SEEDS, TRAINING_SEEDS + count)]
    crops = [crop_well(picture, *(float(v) for v in row[1:])) for picture, labels in made for row in labels if row[0] < 4]
    pictures = np.divide(np.stack([picture for picture, _ in made])[:, None], 255, dtype=np.float32)
    return Samples(pictures, as_input(np.stack(crops)))


def finder_in_int8(data: bytes, samples: Samples) -> bytes:
    """The weights file of a finder with its nets in 8 bits."""
    members = members_of(data)
    inputs = {WELLS: samples.pictures, CONTENT: samples.crops}
    return zipped({name: quantised(net, inputs[name]) if name in inputs else net for name, net in members.items()})


def stager_in_int8(data: bytes, crops: Values) -> bytes:
    """The weights file of a stager with its encoder in 8 bits; what reads sequences stays as it is."""
    members = members_of(data)
    return zipped(members | {ENCODER: quantised(members[ENCODER], crops, PRODUCTS)})


def members_of(data: bytes) -> dict[str, bytes]:
    """All members of a weights file, in their order."""
    with zipfile.ZipFile(io.BytesIO(data)) as members:
        return {name: members.read(name) for name in members.namelist()}


def write_int8(folder: Path, out: Path, *, count: int, threads: int, say: Say) -> dict[str, Any]:
    """Write `out` from the weights folder `folder`; answers the figures of both over the same renderings.

    Raises DetectorError where 8 bits lose more than MOST_LOST; nothing is written then.
    """
    manifest, data = read_verified(folder)
    say(f"quantising {manifest.name}")
    turned = _finder if manifest.task == "wells" else _stager
    reduced, before, after = turned(manifest, data, count, threads, say)
    for name, most in MOST_LOST.items():
        if name in before and (lost := before[name] - after[name]) > most:
            raise DetectorError(
                "int8_loses", f"{manifest.name} in 8 bits has {name} {after[name]:.4f}, before {before[name]:.4f}: {lost:.4f} lost, "
                f"{most} may be", "Serve it as it is.",
            )  # fmt: skip
    _write(folder, out, reduced, before, after)
    return {"out": str(out), "bytes": [len(data), len(reduced)], "before": before, "after": after}


def _finder(manifest: Manifest, data: bytes, count: int, threads: int, say: Say) -> tuple[bytes, dict[str, float], dict[str, float]]:
    reduced = finder_in_int8(data, samples_of())
    finders = [NetFinder(manifest, one, threads=threads) for one in (data, reduced)]
    tallies = [Tally(), Tally()]
    for number, picture in enumerate(chain(rendered("usual", count), rendered("hard", count)), 1):
        for finder, tally in zip(finders, tallies, strict=True):
            tally.add_sighting(picture, finder.find([picture.image])[0])
        if number % 50 == 0:
            say(f"compared on {number} of {2 * count} renderings")
    figures = [tally.figures() for tally in tallies]
    names = ("recall", "false_alarms", "ap50", "ap50_95", "content", "content_macro_f1")
    before, after = ({name: float(one[name] or 0) for name in names} for one in figures)
    return reduced, before, after


def _stager(manifest: Manifest, data: bytes, count: int, threads: int, say: Say) -> tuple[bytes, dict[str, float], dict[str, float]]:
    with tempfile.TemporaryDirectory() as scratch:
        crops, lessons = stager_material(Path(scratch), count, threads, say)
    reduced = stager_in_int8(data, crops)
    before, after = (judged(ConvNextStager(manifest, one, threads=threads), lessons) for one in (data, reduced))
    return reduced, before, after


def stager_material(data: Path, count: int, threads: int, say: Say) -> tuple[Values, Any]:
    """Crops to learn ranges from, and lessons that nothing was chosen by; rendered into `data` where they are not there."""
    learned = cached_lessons(data, SETTINGS, Wanted(TRAINING_SEED, 0, 2 * CALIBRATION), processes=1, say=say)
    held_out = cached_lessons(data, SETTINGS, Wanted(TEST_SEED, 0, count), processes=threads, say=say)
    windows: npt.NDArray[np.uint8] = learned.windows
    return np.stack([plain(window) for window in windows])[:, None].astype(np.float32), held_out


def _write(folder: Path, out: Path, data: bytes, before: dict[str, float], after: dict[str, float]) -> None:
    """Weights, card and manifest; the manifest comes last, so that a folder with one is whole."""
    table = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    head = {name: value for name, value in table.items() if not isinstance(value, dict)}
    tables = {name: value for name, value in table.items() if isinstance(value, dict)}
    origin, digest = head["name"], head["sha256"]
    head |= {
        "name": f"{origin}-int8", "file": FILE, "sha256": hashlib.sha256(data).hexdigest(), "precision": "int8", "reduced_from": digest,
        "command": f"python -m detector export FOLDER --int8 --out OUT, FOLDER made by: {head['command']}",
    }  # fmt: skip
    tables["metrics"] = tables.get("metrics", {}) | {f"int8_{name}": value for name, value in after.items()}
    rows = "\n".join(f"| {name} | {before[name]:g} | {after[name]:g} |" for name in before)
    text = (folder / "card.md").read_text(encoding="utf-8") if (folder / "card.md").is_file() else ""
    card = f"""# {head["name"]}

{origin} (SHA-256 {digest[:16]}…) in 8 bits: weights and activations of its convolutions, ranges from {CALIBRATION} renderings. Names of
places and shares stay in 32 bits. On renderings that nothing was chosen by:

| | before | in 8 bits |
|---|---|---|
{rows}

What follows is the card of {origin}; its figures are from before.

{text}"""
    out.mkdir(parents=True, exist_ok=True)
    (out / FILE).write_bytes(data)
    (out / "card.md").write_text(card, encoding="utf-8")
    (out / "manifest.toml").write_text(as_toml(head, **tables), encoding="utf-8")
