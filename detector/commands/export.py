"""python -m detector export: the weights folder of the best epoch so far of a training, or a weights folder in 8 bits."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from detector.commands.train import command_line
from detector.errors import DetectorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="with --int8: the weights folder to quantise")
    parser.add_argument("--int8", action="store_true", help="write FOLDER in 8 bits, unless that loses more than next to nothing")
    parser.add_argument("--data", type=Path, help="the folder `train` was given")
    parser.add_argument("--family", default="yolo11n", help="as given to `train`")
    parser.add_argument("--out", type=Path, required=True, help="weights folder to write")
    parser.add_argument("--renderings", type=int, default=8000, help="as given to `train`")
    parser.add_argument("--held-out", type=int, default=500, help="renderings for the figures")
    parser.add_argument("--threads", type=int, default=2)


def run(args: argparse.Namespace) -> int:
    if args.held_out < 2 or args.threads < 1:
        raise DetectorError("bad_count", f"--held-out {args.held_out} --threads {args.threads}", "At least 2 renderings and one thread.")
    if args.int8 == (args.folder is None) or (args.data is None) != args.int8:
        raise DetectorError(
            "bad_arguments", "neither a training nor weights to quantise are named", "Give --data, or a weights folder and --int8."
        )
    print(json.dumps(_quantised(args) if args.int8 else _exported(args)))
    return 0


def _quantised(args: argparse.Namespace) -> dict[str, Any]:
    from detector.training.int8 import write_int8

    return write_int8(args.folder, args.out, count=args.held_out, threads=args.threads, say=partial(print, file=sys.stderr, flush=True))


def _exported(args: argparse.Namespace) -> dict[str, Any]:
    from detector.training.contents import reopened_contents
    from detector.training.families import family_of
    from detector.training.loop import reopened
    from detector.training.wells_shipped import Plan, checkpoints_of, export

    shared, own = args.data / "checkpoints", checkpoints_of(args.data, family_of(args.family).name)
    if not all(path.is_file() for path in (own / "checkpoint.pt", own / "best.pt")):
        raise DetectorError(
            "no_checkpoint",
            f"{own} holds no trained epoch",
            "Run `python -m detector train wells` with the same --data and --family first.",
        )
    recipe = reopened(own).recipe
    looks_closer = all((shared / name).is_file() for name in ("contents.pt", "contents-best.pt"))
    contents = reopened_contents(shared).recipe if looks_closer else None
    plan = Plan(args.renderings, args.held_out, args.held_out, recipe, contents, args.threads, args.threads)
    metrics = export(args.data, args.out, plan, command=command_line(plan), say=partial(print, file=sys.stderr, flush=True))
    return {"out": str(args.out), "metrics": metrics}
