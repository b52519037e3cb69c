"""python -m detector export: the weights folder of the best epoch so far, from a training that is done or still running."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from detector.commands.train import command_line
from detector.errors import DetectorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="the folder `train` was given")
    parser.add_argument("--out", type=Path, required=True, help="weights folder to write")
    parser.add_argument("--renderings", type=int, default=8000, help="as given to `train`")
    parser.add_argument("--held-out", type=int, default=500, help="renderings for the figures")
    parser.add_argument("--threads", type=int, default=2)


def run(args: argparse.Namespace) -> int:
    checkpoints = args.data / "checkpoints"
    if not all((checkpoints / name).is_file() for name in ("checkpoint.pt", "best.pt", "contents.pt", "contents-best.pt")):
        raise DetectorError(
            "no_checkpoint",
            f"{checkpoints} holds no trained epoch of both nets",
            "Run `python -m detector train` with the same --data first.",
        )
    from detector.training.contents import reopened_contents
    from detector.training.loop import reopened
    from detector.training.wells_yolo import Plan, export

    recipe, contents = reopened(checkpoints).recipe, reopened_contents(checkpoints).recipe
    plan = Plan(args.renderings, args.held_out, args.held_out, recipe, contents, args.threads, args.threads)
    command = command_line(args.renderings, args.held_out, recipe.epochs, contents.epochs, recipe.seed)
    metrics = export(args.data, args.out, plan, command=command, say=partial(print, file=sys.stderr, flush=True))
    print(json.dumps({"out": str(args.out), "metrics": metrics}))
    return 0
