"""Runs the net that reads frames in the light of the frames around them, on ONNX Runtime."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detector.errors import WeightsError
from detector.stages.decoding import Clock
from detector.stages.looks import Looks
from detector.types import STAGES

FILE = "temporal.onnx"
TIMES = 4
"""Numbers a frame that tell when it was taken."""
LONGEST = 640
"""Frames read at once; longer recordings are read in windows that overlap by half."""
_FLOOR = -12.0

Rows = npt.NDArray[np.float32]


def rows_of(looks: Looks) -> Rows:
    """(T, F) what the net reads of each frame: log-probabilities, auxiliary answers, features."""
    logs = np.maximum(looks.log_probabilities, _FLOOR) / 4.0
    answers = np.stack([looks.cell_count / 8.0, looks.compaction, looks.cavity, looks.empty, looks.unreadable], axis=1)
    return np.asarray(np.concatenate([logs, answers, looks.features], axis=1), dtype=np.float32)


def times_of(frames: int, clock: Clock | None) -> Rows:
    """(T, TIMES) the hours since the first frame, since the frame before, post insemination, and 1 where that last one is known.

    All are 0 where no times are known.
    """
    if clock is None:
        return np.zeros((frames, TIMES), np.float32)
    minutes = clock.minutes - clock.minutes[0]
    gaps = np.diff(minutes, prepend=minutes[:1])
    hours = clock.hours_post_insemination()
    known = np.ones(len(minutes)) if hours is not None else np.zeros(len(minutes))
    hpi = hours / 50.0 if hours is not None else known
    return np.asarray(np.stack([minutes / 60.0, np.log1p(gaps / 60.0), hpi, known], axis=1), dtype=np.float32)


def windows(frames: int) -> list[tuple[slice, slice]]:
    """(what is read, what of it is kept) so that every frame is kept once, with frames on both sides read along."""
    if frames <= LONGEST:
        return [(slice(0, frames), slice(0, frames))]
    step = LONGEST // 2
    starts = [*range(0, frames - LONGEST, step), frames - LONGEST]
    found, done = [], 0
    for number, start in enumerate(starts):
        end = frames if number == len(starts) - 1 else start + LONGEST - step // 2
        found.append((slice(start, start + LONGEST), slice(done - start, end - start)))
        done = end
    return found


class Temporal:
    """Stateless, so the same frames always get the same answer."""

    def __init__(self, data: bytes, *, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
            rows, times = self._session.get_inputs()
        except Exception as reason:
            raise WeightsError("weights_broken", f"{FILE} cannot be served: {reason}", "Make the weights anew.") from reason
        self._names = rows.name, times.name
        self.width = int(rows.shape[2])

    def read(self, looks: Looks, clock: Clock | None) -> npt.NDArray[np.float32]:
        """Log-probabilities (T, 19) in the order of STAGES, each frame seen among its neighbours."""
        rows, times = rows_of(looks), times_of(len(looks), clock)
        if rows.shape[1] != self.width:
            raise WeightsError(
                "weights_broken", f"{FILE} reads {self.width} numbers a frame, not {rows.shape[1]}", "Make the weights anew."
            )
        answer = np.empty((len(rows), len(STAGES)), np.float32)
        for read, kept in windows(len(rows)):
            some = times[read].copy()
            some[:, 0] -= some[0, 0]
            some[0, 1] = 0.0
            inputs = dict(zip(self._names, (rows[None, read], some[None]), strict=True))
            seen = self._session.run(None, inputs)[0][0]
            answer[read.start + kept.start : read.start + kept.stop] = seen[kept]
        return answer
