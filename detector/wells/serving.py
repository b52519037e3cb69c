"""Runs an ONNX net on the CPU through OpenVINO, many small inputs side by side."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.errors import WeightsError

Values = npt.NDArray[np.float32]


class Net:
    """One net with one input and one output, both with the batch first; an input's answer does not depend on the others."""

    def __init__(self, onnx: bytes, name: str, *, threads: int, share: int) -> None:
        self._queue = _compiled(onnx, name, threads)
        self._share = share
        # The queue keeps the answers of one call at a time; without the lock two callers could get each other's.
        self._lock = threading.Lock()

    def answers(self, inputs: Values) -> Values:
        """One answer an input, in the same order; at least one input."""
        found: dict[int, Values] = {}
        share = min(self._share, max(1, -(-len(inputs) // len(self._queue))))
        with self._lock:
            self._queue.set_callback(lambda request, start: found.update({start: request.get_output_tensor().data.copy()}))
            for start in range(0, len(inputs), share):
                self._queue.start_async({0: inputs[start : start + share]}, start)
            self._queue.wait_all()
        return np.concatenate([found[start] for start in sorted(found)]).astype(np.float32, copy=False)


def _compiled(onnx: bytes, name: str, threads: int) -> Any:
    """A queue of one-thread streams: on small nets inputs side by side beat threads inside one input."""
    import openvino

    core = openvino.Core()
    # bfloat16 nearly halves the time where the processor has it; the card's figures are measured through it.
    precision = "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": threads,
        "INFERENCE_PRECISION_HINT": precision,
        "ENABLE_CPU_PINNING": False,
    }
    try:
        return openvino.AsyncInferQueue(core.compile_model(core.read_model(onnx), "CPU", settings), threads)
    except RuntimeError as reason:
        raise WeightsError("weights_unreadable", f"{name} is no net that OpenVINO reads: {reason}", "Make the weights anew.") from reason
