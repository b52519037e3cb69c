"""What is unusual about an embryo's cells while they can be counted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from detector.stages.priors import PHASES
from detector.stages.smooth import Found, Smooth, runs

_TOLD = 0.13
"""Share of the volume from which fragments are told, as the median while cells divide. Answers lie nearer the middle than the truth: of
rendered embryos with a tenth of their volume in fragments two thirds lie above this, of others one in fourteen; chosen on lives that no
figure is reported on."""
_SEVERE = 0.25
"""Share from which fragmentation counts as severe (Istanbul consensus 2025)."""
_DOUBT = 0.05
_LEAST_HOURS = 3.0


def cell_events(smooth: Smooth) -> Iterator[Found]:
    """Fragmentation, over the frames that show it longest; uneven cells and several nuclei cannot be told from pictures this small."""
    cleaving = smooth.within(PHASES[3:11])
    shown = smooth.fragmentation[cleaving]
    share = float(np.nanmedian(shown)) if np.isfinite(shown).any() else 0.0
    if share < _TOLD:
        return
    first, last = max(runs(cleaving & (smooth.fragmentation >= _TOLD), bridge=2), key=lambda run: smooth.hours(*run))
    if smooth.hours(first, last) < _LEAST_HOURS:
        return
    degree = "severe" if share > _SEVERE else "mild"
    sure = float(np.clip(0.5 + 0.5 * (share - _TOLD) / _DOUBT, 0.5, 0.95))
    yield "fragmentation", first, last, sure, f"{degree}: about {share:.0%} of the volume in fragments"
