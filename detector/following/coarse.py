"""Stages as small pictures show them: what is told is no finer than its coarse stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from detector.stages.looks import COARSE_OF
from detector.types import STAGES, Coarse, Phase, Profile, Stage, StageCall, Unphased

OPENING: Mapping[Coarse, Stage] = {
    Coarse.PRONUCLEAR: Phase.TPB2,
    Coarse.CLEAVAGE: Phase.T2,
    Coarse.BLASTULATION: Phase.T9_PLUS,
    Coarse.EXPANSION: Phase.TEB,
    Coarse.EMPTY: Unphased.EMPTY,
    Coarse.NOT_SEEN: Unphased.NOT_SEEN,
}
"""The stage that stands for a coarse one wherever a single stage has to be named."""
_PLACE = [STAGES.index(Unphased.DEGENERATE if stage is Unphased.DEGENERATE else OPENING[COARSE_OF[stage]]) for stage in STAGES]


def coarsened(calls: Sequence[StageCall]) -> tuple[StageCall, ...]:
    """The same calls, each named by the first stage of its coarse one, which takes the others' probabilities."""
    return tuple(_coarsened(call) for call in calls)


def coarse_profile(profile: Profile) -> Profile:
    """The same profile without anything finer than coarse stages."""
    onsets = tuple(
        replace(onset, phase=opening) for onset in profile.onsets if isinstance(opening := OPENING[COARSE_OF[onset.phase]], Phase)
    )
    return replace(profile, calls=coarsened(profile.calls), onsets=onsets, is_coarse=True, intervals=())


def _coarsened(call: StageCall) -> StageCall:
    stage = call.stage if call.stage is Unphased.DEGENERATE else OPENING[call.coarse]
    if not call.probabilities:
        return replace(call, stage=stage)
    shares = np.zeros(len(STAGES))
    np.add.at(shares, _PLACE, call.probabilities)
    return replace(
        call, stage=stage, confidence=round(float(shares[STAGES.index(stage)]), 4), probabilities=tuple(round(float(p), 4) for p in shares)
    )
