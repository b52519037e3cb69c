"""How long nets take on every runtime, in 32, 16 and 8 bits: one batch each in turns, so that a busy machine is busy for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.evaluation.families import CLOSER, INT8, Folder, as_table

SERVED = ("as served", "as served, 8 bits")
"""The whole adapter: prepare, find, look closer."""
WAYS = ("torch", "ONNX Runtime", "ONNX Runtime, 8 bits", "OpenVINO", "OpenVINO, bfloat16", "OpenVINO, 8 bits", *SERVED)
Values = npt.NDArray[np.float32]
Work = Callable[[], Any]


def ways_of(plain: bytes, reduced: bytes, network: Any | None, inputs: Values, threads: int) -> dict[str, Work]:
    """One call a way over the same inputs; without `network` torch is left out, without support in the processor bfloat16."""
    ways = {} if network is None else {"torch": _torch(network, inputs, threads)}
    ways["ONNX Runtime"] = _onnx_runtime(plain, inputs, threads)
    ways["ONNX Runtime, 8 bits"] = _onnx_runtime(reduced, inputs, threads)
    ways["OpenVINO"] = _openvino(plain, inputs, threads, "f32")
    # What is not in 8 bits runs as it is served: in bfloat16 where the processor has it.
    rest = "bf16" if has_bfloat16() else "f32"
    if rest == "bf16":
        ways["OpenVINO, bfloat16"] = _openvino(plain, inputs, threads, rest)
    ways["OpenVINO, 8 bits"] = _openvino(reduced, inputs, threads, rest)
    return ways


def in_turns(ways: Mapping[str, Mapping[str, Work]], rounds: int, inputs: int, threads: int) -> dict[str, dict[str, float]]:
    """Median milliseconds an input of every detector's every way; in each round each of them works once.

    On one thread it is the processor's time, which other programs hardly disturb; on more it is the clock's.
    """
    clock = time.process_time if threads == 1 else time.perf_counter
    spent: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds + 1):
        for name, works in ways.items():
            for way, work in works.items():
                start = clock()
                work()
                # The first round warms up.
                if number:
                    spent.setdefault((name, way), []).append((clock() - start) / inputs * 1000)
    return {name: {way: round(float(np.median(spent[name, way])), 3) for way in works} for name, works in ways.items()}


def served_ways(folder: Folder, inputs: Values) -> dict[str, Work]:
    """The adapter itself on the same pictures, as it is served and in 8 bits."""
    pictures = [np.asarray(np.round(one[0] * 255), dtype=np.uint8) for one in inputs]
    finders = {contender.way: contender.finder for contender in folder.contenders}
    return {told: partial(finders[way].find, pictures) for told, way in zip(SERVED, (CLOSER, INT8), strict=True)}


def speed_table(speeds: Mapping[str, Mapping[str, float]], megabytes: Mapping[str, tuple[float, float]]) -> str:
    """Milliseconds an input as Markdown, a row a detector."""
    told = [way for way in WAYS if any(way in times for times in speeds.values())]
    rows = [
        (name, *(f"{size:g}" for size in megabytes[name]), *(f"{times[way]:.2f}" if way in times else None for way in told))
        for name, times in speeds.items()
    ]
    return as_table(("detector", "MB", "MB in 8 bits", *told), rows)


def has_bfloat16() -> bool:
    """Whether OpenVINO reckons in bfloat16 on this processor."""
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _torch(network: Any, inputs: Values, threads: int) -> Work:
    import torch

    torch.set_num_threads(threads)
    given = torch.from_numpy(inputs)

    def work() -> None:
        with torch.inference_mode():
            network(given)

    return work


def _onnx_runtime(net: bytes, inputs: Values, threads: int) -> Work:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(net, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: inputs})


def _openvino(net: bytes, inputs: Values, threads: int, precision: str) -> Work:
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": precision, "ENABLE_CPU_PINNING": False}
    request = core.compile_model(core.read_model(net), "CPU", settings).create_infer_request()
    return lambda: request.infer({0: inputs})
