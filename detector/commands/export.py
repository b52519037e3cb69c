"""python -m detector export: the weights folder of the best epoch so far, from a training that is done or still running."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
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
    if not (checkpoints / "best.pt").is_file() or not (checkpoints / "checkpoint.pt").is_file():
        raise DetectorError(
            "no_checkpoint", f"{checkpoints} holds no trained epoch", "Run `python -m detector train` with the same --data first."
        )
    from detector.training.loop import reopened
    from detector.training.wells_yolo import Plan, export

    trained, recipe = reopened(checkpoints)
    plan = replace(Plan(renderings=args.renderings, testing=args.held_out, threads=args.threads, processes=args.threads), recipe=recipe)
    for name, value in (("epochs", recipe.epochs), ("batch", recipe.batch), ("seed", recipe.seed)):
        setattr(args, name, value)
    metrics = export(trained, args.data, args.out, plan, command=command_line(args), say=partial(print, file=sys.stderr, flush=True))
    print(json.dumps({"out": str(args.out), "metrics": metrics}))
    return 0
