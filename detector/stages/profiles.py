"""From the looks of one embryo's frames to its profile: calls, onsets and events."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.errors import WeightsError
from detector.stages import calibration as calibrated
from detector.stages import temporal_serving
from detector.stages.calibration import Calibration
from detector.stages.decoding import NOMINAL_MINUTES, Clock, Decoded, decode_clocked, over_intervals
from detector.stages.events import events_of
from detector.stages.intervals import draw_courses, intervals_of
from detector.stages.looks import COARSE_OF, Looks
from detector.stages.onsets import onsets_of
from detector.stages.priors import Priors, default_priors
from detector.stages.temporal_serving import Temporal
from detector.types import STAGES, Coarse, Onset, Profile, StageCall

_MOST_FRAMES = 20_000
DRAWS = 120
"""Courses drawn from what is known, for whatever rests on several onsets at once."""
SEED = 20_241
"""The same frames always give the same profile."""


@dataclass(frozen=True, slots=True)
class Built:
    """A profile and what it rests on."""

    profile: Profile
    decoded: Decoded


class ProfileBuilder:
    """Reads sequences of one stager; stateless, so a profile can be built again whenever frames were added."""

    def __init__(self, calibration: Calibration | None = None, temporal: Temporal | None = None, priors: Priors | None = None) -> None:
        self.calibration = calibration or Calibration()
        self.temporal = temporal
        self._priors = priors or default_priors()

    def without_temporal(self) -> ProfileBuilder:
        """The same builder, reading what single frames tell."""
        return ProfileBuilder(self.calibration, None, self._priors)

    def decode(self, looks: Looks, frame_indices: Sequence[int], clock: Clock | None, start_hpi: float | None = None) -> Decoded:
        """What the frames together say; without a clock, common intervals between frame numbers are weighed against each other.

        `start_hpi` is the hour of frame number 0 where that is known and the interval is not.
        """
        if not 0 < len(frame_indices) <= _MOST_FRAMES:
            raise ValueError(f"a profile needs 1 to {_MOST_FRAMES} frames, got {len(frame_indices)}")
        logs = looks.log_probabilities if self.temporal is None else self.temporal.read(looks, clock)
        if clock is not None:
            return decode_clocked(self.calibration.evidence(logs, clock.minutes), clock, self._priors)
        numbers = np.asarray(frame_indices, dtype=float)
        # One weight for all supposed intervals, or the one that makes frames count least would always win.
        evidence = self.calibration.evidence(logs, numbers * NOMINAL_MINUTES)
        return over_intervals(evidence, numbers, self._priors, start_hpi=start_hpi)

    def build(
        self, looks: Looks, frame_indices: Sequence[int], clock: Clock | None, *, start_hpi: float | None = None, is_coarse: bool = False
    ) -> Built:
        """The profile of frames in order; hours are told where the clock knows its start, and never guessed.

        `is_coarse` marks pictures too small for single phases.
        """
        decoded = self.decode(looks, frame_indices, clock, start_hpi)
        numbers = tuple(int(index) for index in frame_indices)
        onsets = onsets_of(decoded, numbers, self.calibration)
        if is_coarse:
            onsets = _opening(onsets)
        # Without a clock, or in pictures that show no cells, the time between two divisions means nothing.
        courses = draw_courses(decoded, DRAWS, np.random.default_rng(SEED)) if clock is not None and not is_coarse else None
        events = events_of(looks, decoded, courses, numbers)
        intervals = () if courses is None else intervals_of(courses)
        return Built(Profile(calls_of(decoded, numbers), onsets, events, is_coarse, intervals), decoded)


def builder_from(data: bytes, *, threads: int = 1) -> ProfileBuilder:
    """The builder of a stager's weights file, which may hold a temporal net and a calibration; without them defaults stand in."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as members:
            names = members.namelist()
            calibration = Calibration.from_json(members.read(calibrated.FILE)) if calibrated.FILE in names else Calibration()
            net = members.read(temporal_serving.FILE) if temporal_serving.FILE in names else None
    except (zipfile.BadZipFile, KeyError) as reason:
        raise WeightsError("weights_unreadable", f"the weights file cannot be read: {reason}", "Make the weights anew.") from reason
    return ProfileBuilder(calibration, Temporal(net, threads=threads) if net is not None else None)


def calls_of(decoded: Decoded, frame_indices: Sequence[int]) -> tuple[StageCall, ...]:
    """One call a frame: the path's stage and how probable it is there."""
    hours = decoded.clock.hours_post_insemination()
    calls = []
    for t, (index, stage) in enumerate(zip(frame_indices, decoded.path, strict=True)):
        row = decoded.posteriors[t]
        hour = None if hours is None else round(float(hours[t]), 3)
        calls.append(
            StageCall(index, hour, stage, COARSE_OF[stage], float(row[STAGES.index(stage)]), tuple(round(float(p), 4) for p in row))
        )
    return tuple(calls)


def _opening(onsets: Sequence[Onset]) -> tuple[Onset, ...]:
    """The first onset of every coarse stage."""
    first: dict[Coarse, Onset] = {}
    for onset in onsets:
        first.setdefault(COARSE_OF[onset.phase], onset)
    return tuple(first.values())
