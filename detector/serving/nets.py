"""What a net is to whoever asks it, and how one is opened on a device."""

from __future__ import annotations

import os
import threading
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from detector.errors import DetectorError, WeightsError

Values = npt.NDArray[np.float32]
SOCKET = "DETECTOR_SOCKET"
"""Environment variable: the socket of the process that owns the device; without it nets run in this process."""
DEVICE = "DETECTOR_DEVICE"
"""Environment variable: auto, cpu or cuda:N for nets that run in this process."""


class Net(Protocol):
    """One net with one input and one output, both with the batch first; an input's answer does not depend on the others."""

    def answers(self, inputs: Values) -> Values:
        """One answer an input, in the same order; at least one input."""
        ...


def opened(onnx: bytes, name: str, *, threads: int, share: int) -> Net:
    """The net of an ONNX file; `name` is for refusals, `share` how many inputs are best computed together on a processor.

    Raises WeightsError where the file is no net, DetectorError where the device is not there.
    """
    socket = os.environ.get(SOCKET, "")
    if socket:
        from detector.serving.client import RemoteNet

        return RemoteNet(socket, onnx, name, share=share)
    return on_device(onnx, name, device=os.environ.get(DEVICE, "") or "auto", threads=threads, share=share)


def on_device(onnx: bytes, name: str, *, device: str, threads: int, share: int) -> Net:
    """The net in this process, on "cpu", "cuda:N" or, for "auto", the first graphics card that ONNX Runtime can use."""
    number = device_number(device)
    return _CpuNet(onnx, name, threads=threads, share=share) if number is None else _CudaNet(onnx, name, number)


def device_number(device: str) -> int | None:
    """The number of the graphics card meant, None for the processor; raises DetectorError for one that is not there."""
    if device == "cpu":
        return None
    kind, _, number = device.partition(":")
    if device != "auto" and not (kind == "cuda" and (number.isdecimal() or not number)):
        raise DetectorError("bad_device", f"there is no device {device!r}", "Name auto, cpu or cuda:N.")
    can = _runs_on_cuda()
    if device == "auto":
        return 0 if can else None
    if not can:
        detail = f"{device} was asked for, and the ONNX Runtime that is installed cannot use a graphics card"
        raise DetectorError("no_such_device", detail, "Install onnxruntime-gpu in place of onnxruntime, or ask for cpu.")
    return int(number or 0)


def _runs_on_cuda() -> bool:
    import onnxruntime

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


class _CpuNet:
    """Through OpenVINO, many small inputs side by side."""

    def __init__(self, onnx: bytes, name: str, *, threads: int, share: int) -> None:
        self._queue = _compiled(onnx, name, threads)
        self._share = share
        # The queue keeps the answers of one call at a time; without the lock two callers could get each other's.
        self._lock = threading.Lock()

    def answers(self, inputs: Values) -> Values:
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


class _CudaNet:
    """Through ONNX Runtime on a graphics card; all inputs of a call at once."""

    def __init__(self, onnx: bytes, name: str, number: int) -> None:
        import onnxruntime

        try:
            self._session = onnxruntime.InferenceSession(onnx, providers=[("CUDAExecutionProvider", {"device_id": number})])
        except Exception as reason:  # ONNX Runtime raises classes of its own that share no other parent
            raise WeightsError("weights_unreadable", f"{name} is no net for cuda:{number}: {reason}", "Ask for cpu.") from reason
        # Without this it would answer from the processor and say nothing.
        if "CUDAExecutionProvider" not in self._session.get_providers():
            raise DetectorError("no_such_device", f"cuda:{number} does not answer", "See what nvidia-smi says, or ask for cpu.")
        self._input = self._session.get_inputs()[0].name
        self._lock = threading.Lock()

    def answers(self, inputs: Values) -> Values:
        with self._lock:
            return np.asarray(self._session.run(None, {self._input: inputs})[0], dtype=np.float32)
