"""What an embryo is in many frames, in few bytes: numbers of frames and shares in steps of 1/255, packed column by column."""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple, get_args

from backend.live.events import CoarseName, PhaseName, StageName

STAGES: tuple[str, ...] = tuple(name for names in get_args(StageName) for name in get_args(names))
"""The order of every vector of stage probabilities."""
COARSE_FROM: dict[str, CoarseName] = {"tPB2": "pronuclear", "t2": "cleavage", "t9+": "blastulation", "tEB": "expansion"}
DARK, OUT_OF_VIEW = 1, 2
_NUMBER = "I"
_NUMBER_BYTES = array(_NUMBER).itemsize
# stage, confidence, focus, flags
_PLAIN = 4


class Called(NamedTuple):
    """One embryo in one frame; shares come back within .002 of what they were."""

    frame_index: int
    stage: str
    confidence: float
    probabilities: Sequence[float]
    """In the order of STAGES."""
    focus: float = 0.0
    is_dark: bool = False
    is_out_of_view: bool = False


def coarse_of(stage: str) -> CoarseName:
    """The coarse stage that holds this one, as the detector has it; a test compares them."""
    if stage == "empty":
        return "empty"
    phases = get_args(PhaseName)
    known = phases[: phases.index(stage) + 1] if stage in phases else ()
    return next((COARSE_FROM[phase] for phase in reversed(known) if phase in COARSE_FROM), "not_seen")


def pack(calls: Sequence[Called]) -> bytes:
    """The calls in order; columns lie together because neighbouring frames resemble each other."""
    flags = [DARK * call.is_dark + OUT_OF_VIEW * call.is_out_of_view for call in calls]
    columns = [
        _numbers([call.frame_index for call in calls]),
        bytes(STAGES.index(call.stage) for call in calls),
        _shares(call.confidence for call in calls),
        _shares(call.focus for call in calls),
        bytes(flags),
        *(_shares(call.probabilities[stage] if call.probabilities else 0.0 for call in calls) for stage in range(len(STAGES))),
    ]
    return zlib.compress(b"".join(columns), 9)


def unpack(packed: bytes | memoryview) -> list[Called]:
    """What `pack` was given."""
    data = zlib.decompress(packed)
    if not data:
        return []
    count = len(data) // (_NUMBER_BYTES + _PLAIN + len(STAGES))
    frames = array(_NUMBER, data[: count * _NUMBER_BYTES])
    if sys.byteorder == "big":
        frames.byteswap()
    at = range(count * _NUMBER_BYTES, len(data), count)
    stages, confidences, focus, flags, *shares = (data[start : start + count] for start in at)
    return [
        Called(
            frames[n],
            STAGES[stages[n]],
            _share(confidences[n]),
            tuple(_share(column[n]) for column in shares),
            _share(focus[n]),
            bool(flags[n] & DARK),
            bool(flags[n] & OUT_OF_VIEW),
        )
        for n in range(count)
    ]


def _numbers(values: Sequence[int]) -> bytes:
    numbers = array(_NUMBER, values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _shares(values: Iterable[float]) -> bytes:
    return bytes(round(255 * min(max(value, 0.0), 1.0)) for value in values)


def _share(step: int) -> float:
    return round(step / 255, 3)
