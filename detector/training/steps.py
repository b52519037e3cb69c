"""Named steps between a data set's pictures and what is learned from: each has parameters within bounds, and moves labels along.

Boxes are pixels [x0, y0, x1, y1] around round wells, so a turned box is the one around the turned ellipse within it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from detector.errors import DetectorError
from detector.types import Image

BoxRow = tuple[float, float, float, float]
Matrix = npt.NDArray[np.float64]
"""(2, 3): from pixels before to pixels after."""
LEAST_VISIBLE = 0.4
"""A well cut to less of its area loses its label, as in renderings."""
MOST_STEPS = 12


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number within bounds; `is_odd` for sides of windows that have a middle."""

    low: float
    high: float
    usual: float
    is_odd: bool = False
    is_amount: bool = False
    """Drawn anew for each picture within plus and minus this, where a step is drawn at random."""


PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {
    "gaussian": {"sigma_px": Parameter(0.1, 20, 1, is_amount=True)},
    "median": {"size_px": Parameter(3, 15, 3, is_odd=True)},
    "bilateral": {"size_px": Parameter(3, 15, 5, is_odd=True), "sigma_grey": Parameter(1, 150, 25), "sigma_px": Parameter(1, 50, 3)},
    "contrast": {"gain": Parameter(0.2, 4, 1.2)},
    "clahe": {"clip": Parameter(0.5, 20, 2), "tiles": Parameter(2, 32, 8)},
    "noise": {"sigma_grey": Parameter(0.1, 60, 5, is_amount=True)},
    "flip": {"across": Parameter(0, 1, 1), "down": Parameter(0, 1, 0)},
    "rotate": {"degrees": Parameter(-180, 180, 15, is_amount=True)},
    "shift": {"x": Parameter(-0.5, 0.5, 0.05, is_amount=True), "y": Parameter(-0.5, 0.5, 0.05, is_amount=True)},
    "crop": {"keep": Parameter(0.3, 1, 0.9)},
}
"""By step: its parameters. Shifts are shares of a side, `keep` is the share of either side that stays."""
MOVING = frozenset({"flip", "rotate", "shift", "crop"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step with all its parameters."""

    name: str
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Stepped:
    """What came out; `kept` are the places of the boxes that are still to be seen, in the order of `boxes`."""

    picture: Image
    boxes: tuple[BoxRow, ...]
    kept: tuple[int, ...]


def parse(said: Any) -> tuple[Step, ...]:
    """Steps from a list of {step, parameter: number, ...}; raises DetectorError that names the first that is wrong."""
    if not isinstance(said, list) or len(said) > MOST_STEPS:
        raise _wrong(f"steps are a list of at most {MOST_STEPS}")
    return tuple(_step(one) for one in said)


def apply(picture: Image, boxes: Sequence[BoxRow], steps: Sequence[Step], rng: np.random.Generator, *, at_random: bool = False) -> Stepped:
    """Take the steps in order; `at_random` draws every amount anew within plus and minus its value, and takes flips by chance."""
    rows = [(place, tuple(float(value) for value in box)) for place, box in enumerate(boxes)]
    for step in steps:
        values = _drawn(step, rng) if at_random else step.values
        if step.name in MOVING:
            matrix, (width, height) = _MOVES[step.name](values, picture.shape[1], picture.shape[0])
            picture = _warped(picture, matrix, width, height)
            rows = [(place, _moved(box, matrix)) for place, box in rows]
            rows = [(place, cut) for place, box in rows if (cut := _cut(box, width, height)) is not None]
        else:
            picture = _looks(step.name, values, picture, rng)
    return Stepped(picture, tuple(_four(box) for _, box in rows), tuple(place for place, _ in rows))


def _step(said: Any) -> Step:
    name = said.get("step") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(name, str) or name not in PARAMETERS:
        raise _wrong(f"there is no step {str(name)[:40]!r}; there are {', '.join(PARAMETERS)}")
    known = PARAMETERS[name]
    if unknown := sorted(set(said) - {"step"} - set(known)):
        raise _wrong(f"{name} has no {unknown[0]!r}; it has {', '.join(known)}")
    values = {}
    for key, parameter in known.items():
        value = said.get(key, parameter.usual)
        if isinstance(value, bool):
            value = int(value)
        if not isinstance(value, int | float) or not parameter.low <= value <= parameter.high:
            raise _wrong(f"{key} of {name} lies between {parameter.low:g} and {parameter.high:g}, not {str(value)[:40]}")
        if parameter.is_odd and (int(value) != value or int(value) % 2 == 0):
            raise _wrong(f"{key} of {name} is an odd number, not {value:g}")
        values[key] = float(value)
    return Step(name, values)


def _drawn(step: Step, rng: np.random.Generator) -> Mapping[str, float]:
    drawn = {}
    for key, value in step.values.items():
        if step.name == "flip":
            drawn[key] = float(rng.random() < 0.5) if value else 0.0
        elif step.name == "contrast":
            # As often weaker as stronger.
            drawn[key] = float(value ** rng.uniform(-1, 1)) if value > 0 else value
        elif step.name == "crop":
            drawn[key] = float(rng.uniform(value, 1))
        elif PARAMETERS[step.name][key].is_amount:
            low = 0.0 if step.name in {"gaussian", "noise"} else -abs(value)
            drawn[key] = float(rng.uniform(low, abs(value)))
        else:
            drawn[key] = value
    return drawn


def _looks(name: str, values: Mapping[str, float], picture: Image, rng: np.random.Generator) -> Image:
    """Steps that change grey values and leave everything in its place."""
    if name == "gaussian":
        return picture if values["sigma_px"] < 0.05 else _grey(cv2.GaussianBlur(picture, (0, 0), values["sigma_px"]))
    if name == "median":
        return _grey(cv2.medianBlur(picture, int(values["size_px"])))
    if name == "bilateral":
        return _grey(cv2.bilateralFilter(picture, int(values["size_px"]), values["sigma_grey"], values["sigma_px"]))
    if name == "contrast":
        middle = float(np.median(picture))
        return _grey((picture.astype(np.float32) - middle) * values["gain"] + middle)
    if name == "clahe":
        tiles = int(values["tiles"])
        return _grey(cv2.createCLAHE(values["clip"], (tiles, tiles)).apply(picture))
    return _grey(picture + rng.normal(0, values["sigma_grey"], picture.shape))


def _grey(values: Any) -> Image:
    return np.clip(np.rint(np.asarray(values, dtype=np.float32)), 0, 255).astype(np.uint8)


Move = Callable[[Mapping[str, float], int, int], tuple[Matrix, tuple[int, int]]]


def _flip(values: Mapping[str, float], width: int, height: int) -> tuple[Matrix, tuple[int, int]]:
    across, down = values["across"] >= 0.5, values["down"] >= 0.5
    matrix = np.array([[-1.0 if across else 1.0, 0, width if across else 0], [0, -1.0 if down else 1.0, height if down else 0]])
    return matrix, (width, height)


def _rotate(values: Mapping[str, float], width: int, height: int) -> tuple[Matrix, tuple[int, int]]:
    """Clockwise about the middle; the picture keeps its size."""
    angle = math.radians(values["degrees"])
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = width / 2, height / 2
    return np.array([[cos, -sin, x - cos * x + sin * y], [sin, cos, y - sin * x - cos * y]]), (width, height)


def _shift(values: Mapping[str, float], width: int, height: int) -> tuple[Matrix, tuple[int, int]]:
    return np.array([[1.0, 0, round(values["x"] * width)], [0, 1.0, round(values["y"] * height)]]), (width, height)


def _crop(values: Mapping[str, float], width: int, height: int) -> tuple[Matrix, tuple[int, int]]:
    """The middle of the picture."""
    kept = max(1, round(width * values["keep"])), max(1, round(height * values["keep"]))
    return np.array([[1.0, 0, -((width - kept[0]) // 2)], [0, 1.0, -((height - kept[1]) // 2)]]), kept


_MOVES: Mapping[str, Move] = {"flip": _flip, "rotate": _rotate, "shift": _shift, "crop": _crop}


def _warped(picture: Image, matrix: Matrix, width: int, height: int) -> Image:
    # Our pixels are squares with corners at whole numbers, OpenCV's are points in their middles.
    centred = matrix.copy()
    centred[:, 2] += matrix[:, :2] @ np.full(2, 0.5) - 0.5
    # What comes in from beyond continues the rim: a mirrored one would show wells that have no label.
    return _grey(cv2.warpAffine(picture, centred, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _moved(box: Sequence[float], matrix: Matrix) -> tuple[float, ...]:
    x0, y0, x1, y1 = box
    x, y = matrix[:, :2] @ np.array([(x0 + x1) / 2, (y0 + y1) / 2]) + matrix[:, 2]
    half = np.hypot(matrix[:, 0] * (x1 - x0) / 2, matrix[:, 1] * (y1 - y0) / 2)
    return float(x - half[0]), float(y - half[1]), float(x + half[0]), float(y + half[1])


def _cut(box: Sequence[float], width: int, height: int) -> tuple[float, ...] | None:
    x0, y0, x1, y1 = box
    cut = max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height))
    whole, seen = (x1 - x0) * (y1 - y0), max(cut[2] - cut[0], 0.0) * max(cut[3] - cut[1], 0.0)
    return cut if whole > 0 and seen >= LEAST_VISIBLE * whole else None


def _four(box: Sequence[float]) -> BoxRow:
    x0, y0, x1, y1 = (round(float(value), 2) for value in box)
    return x0, y0, x1, y1


def _wrong(why: str) -> DetectorError:
    return DetectorError("bad_steps", why, "Correct the step; what there is stands in the interface's description.")
