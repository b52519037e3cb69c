"""python -m detector train RECIPE: from nothing to a weights folder, on this machine, resumable."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from detector.errors import DetectorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", choices=("wells-yolo",))
    parser.add_argument("--data", type=Path, required=True, help="cache of renderings and checkpoints, a few gigabytes; kept between runs")
    parser.add_argument("--out", type=Path, required=True, help="weights folder to write")
    parser.add_argument("--renderings", type=int, default=8000)
    parser.add_argument("--held-out", type=int, default=500, help="renderings to choose the epoch by, and as many again for the figures")
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1, help="of the first weights and of the order of pictures")
    parser.add_argument("--threads", type=int, default=2)


def run(args: argparse.Namespace) -> int:
    if min(args.renderings, args.epochs, args.batch, args.threads) < 1 or args.held_out < 2:
        raise DetectorError("bad_count", "renderings, epochs, batch and threads must be positive, held-out at least 2", "See --help.")
    # Torch and ultralytics are loaded only here, so that no other command pays for them.
    from detector.training.wells_yolo import Plan, make_weights

    plan = Plan(renderings=args.renderings, choosing=args.held_out, testing=args.held_out, threads=args.threads, processes=args.threads)
    plan = replace(plan, recipe=replace(plan.recipe, epochs=args.epochs, batch=args.batch, seed=args.seed))
    metrics = make_weights(args.data, args.out, plan, command=command_line(args), say=partial(print, file=sys.stderr, flush=True))
    print(json.dumps({"out": str(args.out), "metrics": metrics}))
    return 0


def command_line(args: argparse.Namespace) -> str:
    """The command that makes the same weights again, without the paths of this machine."""
    chosen = f"--renderings {args.renderings} --held-out {args.held_out} --epochs {args.epochs} --batch {args.batch} --seed {args.seed}"
    return f"python -m detector train wells-yolo --data DATA --out OUT {chosen}"
