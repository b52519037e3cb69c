"""python -m detector benchmark: times of finders and of the whole way, all over the same pictures in one run."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from detector.errors import DetectorError
from detector.evaluation import timing
from detector.evaluation.timing import Timing
from detector.loading import SHIPPED, WEIGHTS_HOME, load_finder
from detector.stacks import open_stack
from detector.types import Image


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stack", nargs="?", type=Path, metavar="STACK", help="a recording; one is rendered otherwise")
    parser.add_argument("--finder", action="append", help="yolo, hough or a weights folder; again for another (default: yolo and hough)")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--width", type=int, default=384, help="of the rendered recording")
    parser.add_argument("--height", type=int, default=275)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--onnx", action="store_true", help="also the shipped weights through ONNX Runtime")
    parser.add_argument("--plain", action="store_true", help="also plain ultralytics predict on the shipped weights, on torch and on ONNX")


def run(args: argparse.Namespace) -> int:
    if args.frames < 16 or args.threads < 1:
        raise DetectorError("bad_count", f"--frames {args.frames} --threads {args.threads}", "At least 16 frames and one thread.")
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        recording = args.stack or _rendered(Path(folder) / "recording", args.frames, args.width, args.height)
        timings = []
        for one in _measured(args, recording, Path(folder)):
            timings.append(one.as_dict())
            print(f"{one.step:<45} median {one.median_ms:8.2f} ms  p95 {one.p95_ms:8.2f} ms  {one.pictures_per_s:8.0f} /s", file=sys.stderr)
    print(json.dumps({"processor": processor(), "threads": args.threads, "timings": timings}))
    return 0


def _measured(args: argparse.Namespace, recording: Path, folder: Path) -> Iterator[Timing]:
    with open_stack(recording) as stack:
        count = min(args.frames, stack.info.frames)
        pictures = [image for _, image in stack.frames(range(count))]
    if count < 16:
        raise DetectorError("too_short", f"{recording.name} has {count} frames", "Give a recording of at least 16 frames.")
    yield timing.decoding(recording, count, args.threads)
    for name in args.finder or ("yolo", "hough"):
        finder = load_finder(name, threads=args.threads)
        for batch in (1, 8):
            yield timing.finding(name, finder, pictures, batch, args.threads)
        yield timing.whole(name, recording, finder, args.threads)
    sightings = [sighting for image in pictures for sighting in load_finder(threads=1).find([image])]
    yield timing.naming(pictures, sightings, args.threads)
    yield timing.following(pictures, sightings, args.threads)
    shipped = WEIGHTS_HOME / SHIPPED["yolo"]
    if args.onnx:
        yield timing.onnx_runtime(shipped, pictures, args.threads)
    if args.plain:
        from detector.evaluation.plain import plain_onnx, plain_torch

        files = _files(pictures, folder)
        yield timing.plain_predict(plain_torch(shipped, threads=args.threads), "torch", files, args.threads)
        yield timing.plain_predict(plain_onnx(shipped, folder, threads=args.threads), "ONNX", files, args.threads)


def _rendered(folder: Path, frames: int, width: int, height: int) -> Path:
    from detector.synth import RecordingSettings, render_recording
    from detector.types import Layout

    print("rendering a recording to measure on", file=sys.stderr)
    render_recording(5, frames, folder, RecordingSettings(width=width, height=height, layout=Layout(3, 3)))
    return folder


def _files(pictures: list[Image], folder: Path) -> list[Path]:
    import cv2

    paths = [folder / f"{number:05d}.jpg" for number in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        cv2.imwrite(str(path), picture)
    return paths


def processor() -> str:
    """The processor's name where the system tells it, since times without it mean nothing."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
