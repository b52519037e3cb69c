"""How unsure the machine is of one embryo or well, how unlike others it is, and why; arithmetic on what a finished run kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from backend.analysis.compact import STAGES, Called
from backend.worklist.usual import Usual

FORMULA = 1
"""Raised when scores come out otherwise, so that those of earlier runs are computed anew."""
UNPHASED = ("empty", "not_seen", "degenerate")
_PHASES = len(STAGES) - len(UNPHASED)
NOT_ABNORMAL = frozenset({"reexpansion", "pronuclei_not_observed"})
"""What follows from a recording's start, or from an event that is told already."""
UNSURE_CONTENT = 0.75
"""Below it a well without an embryo is shown to people too."""
WEIGHTS: Mapping[str, float] = {"entropy": 0.5, "disagreement": 0.5, "onset": 0.6, "event": 0.6, "content": 0.6, "novelty": 0.4}
"""The most that each reason alone can make of an uncertainty of 1."""
# (from, to): an ordinary embryo lies at or below the first and gives no reason, at the second it is as bad as can be.
_ENTROPY, _DISAGREEMENT, _ONSET, _CONTENT, _DISTANCE = (0.35, 0.7), (0.2, 0.7), (0.3, 0.9), (0.15, 0.6), (1.5, 4.0)
_LEAST_TOLD = 0.02
_UNKNOWN_HOURS = 0.1
"""Share of a recording that an onset's bounds may span before nobody would call it known, where no hours are."""


@dataclass(frozen=True)
class Reason:
    """One thing that makes a result doubtful; `weight` is its part before parts are combined."""

    code: str
    weight: float
    detail: str
    phase: str = ""
    kind: str = ""
    frame_index: int | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Doubt:
    """What is stored of one embryo or well; `distance` is in standard deviations from usual hours, None where none is known."""

    uncertainty: float
    distance: float | None
    reasons: list[Reason] = field(default_factory=list)

    @property
    def frame_index(self) -> int | None:
        """Where the weightiest reason can be seen."""
        return next((reason.frame_index for reason in self.reasons if reason.frame_index is not None), None)


@dataclass(frozen=True)
class Embryo:
    """What a finished run kept of one embryo: onsets and events as in its profile, calls decoded and as each frame said alone."""

    onsets: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]
    decoded: Sequence[Called]
    seen: Mapping[int, Called]


def doubt_of_embryo(embryo: Embryo, *, content_confidence: float, usual: Mapping[str, Usual], frames: int) -> Doubt:
    """All reasons, weightiest first; `frames` is the recording's length, used where its hours are not known."""
    distance, oddest = _distance(embryo.onsets, usual)
    told = [
        _entropy(embryo),
        _disagreement(embryo),
        _widest_onset(embryo.onsets, usual, frames),
        *_events(embryo.events),
        _content(content_confidence),
        _novelty(distance, oddest, usual),
    ]
    return _combined(told, distance)


def doubt_of_well(content_confidence: float) -> Doubt:
    """A well without an embryo has its content to be unsure of, and nothing else."""
    return _combined([_content(content_confidence)], None)


def _combined(told: Sequence[Reason | None], distance: float | None) -> Doubt:
    """One strong reason is enough, and none is lost among good ones: the parts are combined like independent chances."""
    reasons = sorted((reason for reason in told if reason is not None), key=lambda reason: -reason.weight)
    sure = math.prod(1 - reason.weight for reason in reasons)
    told_ones = [reason for reason in reasons if reason.weight >= _LEAST_TOLD]
    return Doubt(round(1 - sure, 4), None if distance is None else round(distance, 3), told_ones)


def _entropy(embryo: Embryo) -> Reason | None:
    """The mean of the frames that could be seen, as a share of what could not be more undecided."""
    shares = {call.frame_index: _spread_of(call.probabilities) for call in _judged(embryo) if any(call.probabilities)}
    if not shares:
        return None
    mean = sum(shares.values()) / len(shares)
    worst = max(shares, key=lambda frame: (shares[frame], -frame))
    return _reason("entropy", _share(mean, _ENTROPY), f"mean entropy of {len(shares)} frames {mean:.2f}", frame_index=worst)


def _disagreement(embryo: Embryo) -> Reason | None:
    """Neighbouring phases count half: frames alone cannot tell seven cells from eight, and nobody can."""
    decoded = {call.frame_index: call.stage for call in embryo.decoded}
    apart = [(call.frame_index, _apart(call.stage, decoded[call.frame_index])) for call in _judged(embryo) if call.frame_index in decoded]
    if not apart:
        return None
    mean = sum(far for _, far in apart) / len(apart)
    first = next((frame for frame, far in apart if far == 1), None)
    detail = f"{sum(far > 0 for _, far in apart)} of {len(apart)} frames say otherwise alone"
    return _reason("disagreement", _share(mean, _DISAGREEMENT), detail, frame_index=first)


def _widest_onset(onsets: Sequence[Mapping[str, Any]], usual: Mapping[str, Usual], frames: int) -> Reason | None:
    """The mean doubt of all onsets, told by the most doubtful; one that was under way at the start has no width of its own."""
    doubts = [(_doubt_of(onset, usual, frames), onset) for onset in onsets if not onset["is_censored"] and onset["phase"] in usual]
    if not doubts:
        return None
    mean = sum(doubt for doubt, _ in doubts) / len(doubts)
    _, worst = max(doubts, key=lambda one: one[0])
    unit = "frames" if worst["hours_post_insemination"] is None else "h"
    detail = f"{worst['phase']} lies within {worst['high'] - worst['low']:.1f} {unit}, seen with {worst['confidence']:.0%}"
    return _reason("onset", _share(mean, _ONSET), detail, phase=worst["phase"], frame_index=worst["frame_index"])


def _doubt_of(onset: Mapping[str, Any], usual: Mapping[str, Usual], frames: int) -> float:
    """A wide interval and a phase that was perhaps not seen are each reason enough."""
    is_timed = onset["hours_post_insemination"] is not None
    scale = usual[onset["phase"]].range_h if is_timed else max(_UNKNOWN_HOURS * frames, 1.0)
    width = min(max(onset["high"] - onset["low"], 0.0) / scale, 1.0)
    return float(1 - onset["confidence"] * (1 - width))


def _events(events: Sequence[Mapping[str, Any]]) -> list[Reason]:
    """Each kind once, as sure as the surest of them."""
    surest: dict[str, Mapping[str, Any]] = {}
    for event in events:
        if event["kind"] not in NOT_ABNORMAL and event["confidence"] > surest.get(event["kind"], {"confidence": -1})["confidence"]:
            surest[event["kind"]] = event
    return [
        _reason("event", event["confidence"], event["detail"] or kind, kind=kind, frame_index=event["first_frame"])
        for kind, event in surest.items()
    ]


def _content(confidence: float) -> Reason:
    return _reason("content", _share(1 - confidence, _CONTENT), f"what the well holds was seen with {confidence:.0%}")


def _novelty(distance: float | None, oddest: Mapping[str, Any] | None, usual: Mapping[str, Usual]) -> Reason | None:
    if distance is None or oddest is None:
        return None
    phase, hours = oddest["phase"], oddest["hours_post_insemination"]
    detail = f"{phase} at {hours:.1f} h, usually at {usual[phase].median_h:.1f} h"
    return _reason("novelty", _share(distance, _DISTANCE), detail, phase=phase, frame_index=oddest["frame_index"])


def _distance(onsets: Sequence[Mapping[str, Any]], usual: Mapping[str, Usual]) -> tuple[float | None, Mapping[str, Any] | None]:
    """Root mean square of the onsets' distances from usual, and the onset that lies farthest off.

    A phase under way at the start began earlier than it was seen, so it counts where that is early already.
    """
    far = []
    for onset in onsets:
        hours = onset["hours_post_insemination"]
        if hours is None or onset["phase"] not in usual:
            continue
        off = (hours - usual[onset["phase"]].median_h) / usual[onset["phase"]].spread_h
        if not onset["is_censored"] or off < 0:
            far.append((abs(off), onset))
    if not far:
        return None, None
    return math.sqrt(sum(off * off for off, _ in far) / len(far)), max(far, key=lambda one: one[0])[1]


def _judged(embryo: Embryo) -> list[Called]:
    """Frames as they were seen alone where anything could be seen; decoded ones where a run kept no others."""
    calls = [embryo.seen[frame] for frame in sorted(embryo.seen)] or list(embryo.decoded)
    return [call for call in calls if not call.is_dark and not call.is_out_of_view]


def _spread_of(probabilities: Sequence[float]) -> float:
    whole = sum(probabilities)
    return -sum(share / whole * math.log(share / whole) for share in probabilities if share > 0) / math.log(len(STAGES))


def _apart(one: str, other: str) -> float:
    """0 the same, a half for neighbouring phases, 1 for anything else."""
    first, second = STAGES.index(one), STAGES.index(other)
    if max(first, second) >= _PHASES:
        return float(first != second)
    return min(abs(first - second), 2) / 2


def _share(value: float, between: tuple[float, float]) -> float:
    low, high = between
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _reason(code: str, share: float, detail: str, **where: Any) -> Reason:
    return Reason(code, round(WEIGHTS[code] * share, 4), detail, **where)
