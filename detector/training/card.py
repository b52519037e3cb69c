"""The card of a weights folder: what it was made from, what was measured, what it must not be used for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NOT_MEASURED = """Nothing was measured on real pictures by the command that made these weights. Before they are used, score them on real
dishes with a hand-drawn truth (`python -m detector evaluate`, see docs)."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """First seed and number of the renderings for training, for the content net besides, for choosing epochs and for the figures."""

    training: int
    training_count: int
    faint: int
    faint_count: int
    choosing: int
    choosing_count: int
    testing: int
    testing_count: int


def card_text(
    metrics: dict[str, Any], *, name: str, nets: str, command: str, renderer: str, seeds: Seeds, real_evidence: str = NOT_MEASURED
) -> str:
    """The card in Markdown; `nets` says in its own lines which nets were trained, and how."""
    rows = "\n".join(_row(label, key, metrics) for label, key in _ROWS)
    return f"""# {name}

Finds the wells of a WOW dish in one grey picture and says what each holds: nothing, an embryo, gas, or both. It also says whether gas
lies outside the wells.

## Intended use

Research and annotation aid. Every answer is meant to be looked at by a person. Not a medical device: no decision about an embryo may rest
on it alone.

## Data

Renderings only, drawn by `detector/synth` (renderer version {renderer}) from seeds; no photograph was used for training, for choosing an
epoch or for choosing a threshold.

* training: seeds {seeds.training} to {seeds.training + seeds.training_count - 1} of the `training` settings; for the contents also
  {seeds.faint_count} renderings from seed {seeds.faint} on of the `faint` settings (faint embryos, embryos as dark as bubbles,
  embryos beside large bubbles)
* choosing the epochs, and the weight of the two nets' opinions on a content: {seeds.choosing_count} renderings from seed {seeds.choosing}
  on, half `training`, half `hard` settings
* the figures below: {seeds.testing_count} renderings each from seed {seeds.testing} on; nothing was chosen by them

## Nets and training

{nets}

{metrics["training_minutes"]} minutes of training on the machine that made them (2 cores, shared with other work). The command, which
resumes where it stopped:

    {command}

## Figures on renderings

Wells at IoU 0.5; content over the wells that were found; intervals are 95 %, pictures drawn anew. `usual` is what it was trained on,
`hard` has more 5x5 dishes, blur, low contrast and stray wells.

| | usual | hard |
|---|---|---|
{rows}

## Real evidence

{real_evidence}

## Calibration

The confidences are those of the net, not calibrated on real pictures. A lab should look at what lies below 0.8 until it has its own
figures.

## Known failures

* An embryo as faint as the grain of the floor, above all beside a large bubble, is overlooked: the well is called empty, or gas.
* A very dark embryo or a heap of cumulus cells at the floor's edge can be taken for gas, and a small light bubble for an embryo.
* Wells cut by the picture's edge to less than two fifths are not looked for.
* Dishes unlike WOW dishes (wells without dark walls, wells of several sizes) were never rendered.
* A frame out of focus beyond use is told by the absence of wells only; where wells can still be made out they are reported, and
  count as false alarms above.
* Embossed numerals with loops or dots are sometimes taken for gas outside the wells.

## Licence

AGPL-3.0-or-later, as ultralytics is.
"""


_ROWS = (
    ("wells", "wells"),
    ("recall", "recall"),
    ("false alarms", "false_alarms"),
    ("content, macro F1", "content_f1"),
    ("content, share right", "content_accuracy"),
    ("mean IoU of the net's own box", "mean_iou"),
    ("gas outside, share of pictures right", "gas_outside_accuracy"),
)


def _row(label: str, key: str, metrics: dict[str, Any]) -> str:
    cells = []
    for kind in ("usual", "hard"):
        interval = metrics.get(f"{kind}_{key}_interval")
        span = f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""
        value = metrics[f"{kind}_{key}"]
        cells.append(f"{value if isinstance(value, int) else format(value, '.4f')}{span}")
    return f"| {label} | {cells[0]} | {cells[1]} |"
