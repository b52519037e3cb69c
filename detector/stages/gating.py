"""Which frames are worth reading: a few at first, then those around changes, so that most of a recording need not even be decoded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.stages.decoding import Decoded

STRIDE = 8
"""Every so many frames are read first; a power of two, since the gaps are halved."""
SURE = 0.7
"""Where a frame's stage is less sure than this, the frames beside it are read as well."""


def first_frames(count: int, stride: int = STRIDE) -> tuple[int, ...]:
    """The places to read first among `count` frames: evenly spread, the first and the last among them."""
    if count < 1:
        return ()
    return tuple(sorted({*range(0, count, max(stride, 1)), count - 1}))


def next_frames(decoded: Decoded, read: Sequence[int]) -> tuple[int, ...]:
    """The places to read next: the middle of every gap in which a phase begins or nobody is sure; empty once all is told.

    `read` are the places of the decoded frames, in order. Asked again after each reading, a change is closed in on by halves.
    """
    if len(read) != len(decoded.path):
        raise ValueError(f"{len(decoded.path)} frames were decoded, {len(read)} read")
    sure = decoded.posteriors.max(axis=1) >= SURE
    gaps = np.diff(np.asarray(read, dtype=int))
    chosen = [
        read[t] + int(gap) // 2
        for t, gap in enumerate(gaps)
        if gap > 1 and (decoded.path[t] is not decoded.path[t + 1] or not (sure[t] and sure[t + 1]))
    ]
    return tuple(chosen)
