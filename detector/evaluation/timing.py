"""Timing: how long each step of the way takes, every step over the same pictures in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detector.loading import load_reader
from detector.pipeline import analyse
from detector.protocols import WellFinder
from detector.stacks import open_stack
from detector.types import Image, Progress, Sighting
from detector.wells.naming import read_frame

WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Timing:
    """One step's times in milliseconds a picture."""

    step: str
    threads: int
    pictures: int
    is_decoding_included: bool
    median_ms: float
    p95_ms: float
    pictures_per_s: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def timed(step: str, rounds: Iterable[Callable[[], int]], *, threads: int, decoding: bool) -> Timing:
    """Time each of `rounds`, which answers how many pictures it did; the first few warm up caches and are left out."""
    measured: list[tuple[float, int]] = []
    for work in rounds:
        start = time.perf_counter()
        done = work()
        if done:
            measured.append((time.perf_counter() - start, done))
    measured = measured[min(WARM_UP, len(measured) // 4) :]
    spent, pictures = (np.array(column) for column in zip(*measured, strict=True))
    each = spent / pictures * 1000
    total = int(pictures.sum())
    median, p95 = (round(float(v), 3) for v in np.percentile(each, (50, 95)))
    return Timing(step, threads, total, decoding, median, p95, round(total / float(spent.sum()), 1))


def decoding(recording: Path, pictures: int, threads: int) -> Timing:
    """Reading every frame, nothing else."""
    with open_stack(recording) as stack:
        frames = stack.frames(range(pictures))
        return timed("decode", _until_empty(lambda: sum(1 for _ in _next(frames))), threads=threads, decoding=True)


def finding(name: str, finder: WellFinder, pictures: list[Image], batch: int, threads: int) -> Timing:
    """The finder's own share, pictures already in memory."""
    parts = [pictures[k : k + batch] for k in range(0, len(pictures), batch)]
    rounds = [lambda part=part: len(finder.find(part)) for part in [*parts[:1] * WARM_UP, *parts]]
    return timed(f"{name}: find, batch of {batch}", rounds, threads=threads, decoding=False)


def naming(pictures: list[Image], sightings: list[Sighting], threads: int) -> Timing:
    """A key frame's lattice and outlines."""
    pairs = list(zip(pictures, sightings, strict=True))
    rounds = [lambda pair=pair: len([read_frame(pair[0], pair[1])]) for pair in [*pairs[:1] * WARM_UP, *pairs]]
    return timed("name and outline a key frame", rounds, threads=threads, decoding=False)


def following(pictures: list[Image], sightings: list[Sighting], threads: int) -> Timing:
    """What the pipeline adds to decoding and finding."""
    reader = load_reader()
    frames = enumerate(zip(pictures, sightings, strict=True))

    def one() -> int:
        for index, (picture, sighting) in _next(frames):
            list(reader.read(index, picture, sighting, None))
            return 1
        return 0

    return timed("follow, smooth and tell a frame", _until_empty(one), threads=threads, decoding=False)


def whole(name: str, recording: Path, finder: WellFinder, threads: int) -> Timing:
    """The whole way of a recording; a round is what lies between two words of progress."""
    with open_stack(recording) as stack:
        findings = analyse(stack, finder=finder, reader=load_reader())
        done = 0

        def batch() -> int:
            nonlocal done
            for finding_ in findings:
                if isinstance(finding_, Progress):
                    before, done = done, finding_.frames_done
                    return done - before
            return 0

        return timed(f"{name}: whole recording", _until_empty(batch), threads=threads, decoding=True)


def onnx_runtime(folder: Path, pictures: list[Image], threads: int) -> Timing:
    """The same weights through ONNX Runtime, a picture at a time: preparation and boxes, without the closer look into each well."""
    import onnxruntime

    from detector.evaluation.plain import wells_onnx
    from detector.wells.decoding import decode
    from detector.wells.preprocess import prepare

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(wells_onnx(folder), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def find(picture: Image) -> int:
        prepared = prepare(picture)
        answer = session.run(None, {name: prepared.pixels[None, None].astype(np.float32) / 255})[0]
        return len([decode(answer[0]).sighting(prepared)])

    rounds = [lambda one=one: find(one) for one in [*pictures[:1] * WARM_UP, *pictures]]
    return timed("ONNX Runtime: boxes, batch of 1", rounds, threads=threads, decoding=False)


def plain_predict(network: Any, name: str, files: list[Path], threads: int) -> Timing:
    """What one gets without thinking: a file at a time through ultralytics."""
    from detector.evaluation.plain import predict

    rounds = [lambda one=one: len(predict(network, one)) for one in [*files[:1] * WARM_UP, *files]]
    return timed(f"plain ultralytics predict, {name}", rounds, threads=threads, decoding=True)


def _next(items: Iterator[Any]) -> Iterator[Any]:
    """At most one item."""
    for item in items:
        yield item
        return


def _until_empty(work: Callable[[], int]) -> Iterator[Callable[[], int]]:
    """`work` again and again until it has nothing more to do."""
    more = True

    def once() -> int:
        nonlocal more
        done = work()
        more = done > 0
        return done

    while more:
        yield once
