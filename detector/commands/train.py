"""python -m detector train RECIPE: from nothing to a weights folder, on this machine, resumable."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from detector.errors import DetectorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", choices=("wells-yolo",))
    parser.add_argument("--data", type=Path, required=True, help="cache of renderings and checkpoints, a few gigabytes; kept between runs")
    parser.add_argument("--out", type=Path, required=True, help="weights folder to write")
    parser.add_argument("--renderings", type=int, default=8000)
    parser.add_argument("--held-out", type=int, default=500, help="renderings to choose the epoch by, and as many again for the figures")
    parser.add_argument("--epochs", type=int, default=8, help="of the net that finds wells")
    parser.add_argument("--content-epochs", type=int, default=6, help="of the net that looks into them")
    parser.add_argument("--seed", type=int, default=1, help="of the first weights and of the order of pictures")
    parser.add_argument("--threads", type=int, default=2)


def run(args: argparse.Namespace) -> int:
    if min(args.renderings, args.epochs, args.content_epochs, args.threads) < 1 or args.held_out < 2:
        raise DetectorError("bad_count", "renderings, epochs and threads must be positive, held-out at least 2", "See --help.")
    # Torch and ultralytics are loaded only here, so that no other command pays for them.
    from detector.training.contents import ContentRecipe
    from detector.training.loop import Recipe
    from detector.training.wells_yolo import Plan, make_weights

    recipe = Recipe(epochs=args.epochs, seed=args.seed)
    contents = ContentRecipe(epochs=args.content_epochs, seed=args.seed)
    plan = Plan(args.renderings, args.held_out, args.held_out, recipe, contents, args.threads, args.threads)
    command = command_line(args.renderings, args.held_out, args.epochs, args.content_epochs, args.seed)
    metrics = make_weights(args.data, args.out, plan, command=command, say=partial(print, file=sys.stderr, flush=True))
    print(json.dumps({"out": str(args.out), "metrics": metrics}))
    return 0


def command_line(renderings: int, held_out: int, epochs: int, content_epochs: int, seed: int) -> str:
    """The command that makes the same weights again, without the paths of this machine."""
    sizes = f"--renderings {renderings} --held-out {held_out} --epochs {epochs} --content-epochs {content_epochs}"
    return f"python -m detector train wells-yolo --data DATA --out OUT {sizes} --seed {seed}"
