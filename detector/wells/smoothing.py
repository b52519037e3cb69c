"""Smoothing: a well's content over time; one odd frame changes nothing, a real change is dated to the frame where it began.

Every frame votes with the logarithm of how much better another content explains it than the current one (Page's cumulative sum):
votes against the current content add up, votes for it take them back, and no single frame's vote counts more than a cap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from detector.types import Content, ContentChanged, FrameResult, Well

VOTE_CAP = 1.5
"""One frame alone, however sure, is a quarter of a change."""
CHANGE_AT = 5.99
"""Four sure frames in a row, or more unsure ones."""
LEAST_PROBABILITY = 0.02
CONTENTS = tuple(Content)


@dataclass(slots=True)
class _Track:
    """What is known about one well so far."""

    well: Well
    was_hidden: bool
    """Whether its first frames only filled it in, so that its first content is news."""
    content: Content | None = None
    against: dict[Content, float] = field(default_factory=lambda: dict.fromkeys(CONTENTS, 0.0))
    began: dict[Content, int] = field(default_factory=dict)
    total: dict[Content, float] = field(default_factory=lambda: dict.fromkeys(CONTENTS, 0.0))
    frames: int = 0


class ContentJudge:
    """Holds every well's smoothed content through one recording; frames come in order."""

    def __init__(self) -> None:
        self._tracks: dict[tuple[int, int], _Track] = {}

    def weigh(self, result: FrameResult) -> list[ContentChanged]:
        """Take in one frame; answers the changes that this frame made certain, dated to where each began."""
        changes = []
        for well in result.wells:
            track = self._tracks.get((well.row, well.column))
            if track is None:
                track = self._tracks[well.row, well.column] = _Track(well, well.filled_in)
            if well.filled_in:
                track.well = replace(track.well, box=well.box)
                continue
            track.well = well
            change = _weigh(track, well, result.frame_index)
            if change is not None:
                changes.append(change)
        return changes

    def content(self, row: int, column: int) -> Content | None:
        """The smoothed content now; None while nobody has seen into the well."""
        track = self._tracks.get((row, column))
        return track.content if track is not None else None

    def settled(self) -> tuple[Well, ...]:
        """Every well with the content that explains most of the recording, and the share of evidence for it as confidence."""
        return tuple(_settled(self._tracks[place]) for place in sorted(self._tracks))


def _weigh(track: _Track, well: Well, frame_index: int) -> ContentChanged | None:
    chance = _chances(well)
    track.frames += 1
    for content in CONTENTS:
        track.total[content] += chance[content]
    if track.content is None:
        track.content = well.content
        return ContentChanged(frame_index, well, None) if track.was_hidden else None
    current = math.log(chance[track.content])
    if not any(track.against.values()) and max(chance.values()) == chance[track.content]:
        return None
    for content in CONTENTS:
        if content is track.content:
            continue
        before = track.against[content]
        vote = max(-VOTE_CAP, min(VOTE_CAP, math.log(chance[content]) - current))
        track.against[content] = max(0.0, before + vote)
        if before == 0.0 and vote > 0:
            track.began[content] = frame_index
    strongest = max(CONTENTS, key=lambda one: track.against[one])
    if track.against[strongest] < CHANGE_AT:
        return None
    previous, track.content = track.content, strongest
    track.against = dict.fromkeys(CONTENTS, 0.0)
    return ContentChanged(track.began[strongest], replace(well, content=strongest), previous)


def _chances(well: Well) -> dict[Content, float]:
    """Probabilities that sum to one and never reach zero; a finder without them gives its confidence to the content it names."""
    given = well.content_probabilities
    rest = (1 - well.confidence) / (len(CONTENTS) - 1)
    raw = {c: max(given.get(c, 0.0) if given else (well.confidence if c is well.content else rest), LEAST_PROBABILITY) for c in CONTENTS}
    total = sum(raw.values())
    return {content: value / total for content, value in raw.items()}


def _settled(track: _Track) -> Well:
    if track.frames == 0:
        return track.well
    content = max(CONTENTS, key=lambda one: track.total[one])
    shares = {one: track.total[one] / track.frames for one in CONTENTS}
    return replace(track.well, content=content, confidence=round(shares[content], 4), content_probabilities=shares, filled_in=False)
