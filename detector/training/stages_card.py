"""The card of the shipped frame encoder: what it was made from, what was measured, what it must not be used for."""

from __future__ import annotations

from typing import Any

NOT_MEASURED = """Nothing was measured on real pictures by the command that made these weights. Before they are used, score them on pictures
with labels (`python -m detector evaluate`, see docs)."""


def card_text(metrics: dict[str, Any], *, command: str, renderer: str, real_evidence: str = NOT_MEASURED) -> str:
    """The card in Markdown."""
    rows, sequences = (
        "\n".join(f"| {label} | {metrics.get(key, 'not measured')} |" for label, key in table) for table in (_ROWS, _SEQUENCES)
    )
    return f"""# stages-convnextv2

Names what an embryo is in one grey picture of its well: 16 phases from tPB2 to tHB, or empty, not seen, degenerate. It also tells how many
cells it sees, how far they are compacted, how large the cavity is, and gives the features that sequences are read from.

## Intended use

Research and annotation aid. Every answer is meant to be looked at by a person. Not a medical device: no decision about an embryo may rest
on it alone.

## Data

Renderings only, drawn by `detector/synth/developing` (version {renderer}) from seeds; no photograph was used for training, for choosing
a step or for calibration. {metrics.get("renderings", 0)} pictures of set 1 taught it, set 2 calibrated it, set 3 gave the figures below.

## Net and training

Plain convolutions down to a sixteenth of the crop's side, then a small ConvNeXtV2 (transformers, built from its configuration with
random weights), 1.0 million parameters; the crop is 112x112 pixels around the embryo, as log-ratio to its surroundings.
{metrics.get("steps", 0)} steps; the weights are the average over the last of them. {metrics.get("minutes", "not measured")} minutes for all
on the machine that made them (2 cores, shared with other work). The command, which resumes where it stopped:

    {command}

## Figures on renderings that nothing was chosen by

| | |
|---|---|
{rows}

{metrics.get("sequence_embryos", 0)} whole rendered lives after decoding (chosen: {metrics.get("sequence_chosen", "not chosen")}):

| | |
|---|---|
{sequences}

## Real evidence

{real_evidence}

## Calibration

Temperature scaling on renderings: calibrated on synthetic data until a lab recalibrates.

## Known failures

* Single frames tell neighbouring phases apart poorly: seven from eight cells, tPB2 from tPNf, tB from tEB. Read the sequence.
* Where the finder misses the embryo (nearly black pictures, embryos under the wall) the crop shows something else, and so does the answer.
* Cameras, dishes and illuminations unlike the rendered ones.

## Licence

AGPL-3.0-or-later.
"""


_ROWS = (
    ("pictures", "test_pictures"),
    ("stage right, of 19", "test_stage_accuracy"),
    ("phase right, of 16", "test_phase_accuracy"),
    ("within one phase", "test_within_one_phase"),
    ("coarse phase right", "test_coarse_accuracy"),
    ("calibration error (ECE)", "test_calibration_error"),
)
_SEQUENCES = (
    ("phase right, of 16", "sequence_accuracy"),
    ("within one phase", "sequence_within_one_phase"),
    ("mean onset error, hours", "sequence_onset_error_h"),
    ("onsets within their 90 % interval", "sequence_coverage_90"),
    ("calibration error (ECE)", "sequence_ece"),
    ("direct cleavages 1 to 3 found", "event_direct_cleavage_1_3_recall"),
    ("of those told, true", "event_direct_cleavage_1_3_precision"),
)
