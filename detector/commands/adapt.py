"""python -m detector adapt: a lab's own unlabelled recordings make candidate weights, which it never switches on."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from detector.commands.train import stand_back, starting_weights
from detector.errors import DetectorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="one folder of frames per embryo; names of frames are their numbers")
    parser.add_argument("--out", type=Path, required=True, help="weights folder to write")
    parser.add_argument("--interval-minutes", type=float, default=10.0, help="between a frame and the next number")
    parser.add_argument("--start-hpi", type=float, default=0.0, help="hours post insemination of frame 0")
    parser.add_argument("--start", default="shipped", help="weights folder to go on from, shipped, or scratch")
    parser.add_argument("--steps", type=int, help="steps of the last training; the recipe's own otherwise")
    parser.add_argument("--work", type=Path, help="checkpoints; beside --out otherwise")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)


def run(args: argparse.Namespace) -> int:
    if args.threads < 1 or (args.steps is not None and args.steps < 1):
        raise DetectorError("bad_count", "steps and threads must be positive", "See --help.")
    if not (0 < args.interval_minutes <= 24 * 60 and -48 <= args.start_hpi <= 24 * 14):
        detail = f"frames {args.interval_minutes} minutes apart from hour {args.start_hpi} on"
        raise DetectorError("bad_clock", detail, "Give minutes between frames, and hours post insemination of frame 0.")
    stand_back()
    from detector.training.stages_adapting import Plan, adapt
    from detector.training.stages_clock import Clock

    plan = Plan(threads=args.threads)
    guess, last = replace(plan.guess, seed=args.seed), replace(plan.last, seed=args.seed)
    if args.steps is not None:
        guess, last = replace(guess, steps=max(args.steps // 3, 1)), replace(last, steps=args.steps)
    answer = adapt(
        args.data, args.out, replace(plan, guess=guess, last=last), Clock(args.interval_minutes, args.start_hpi),
        start=starting_weights(args.start), work=args.work or args.out.with_name(f"{args.out.name}-work"),
        command="python -m detector adapt --data DATA --out OUT "
        f"--interval-minutes {args.interval_minutes:g} --start-hpi {args.start_hpi:g} --seed {args.seed}",
        say=partial(print, file=sys.stderr, flush=True),
    )  # fmt: skip
    print(json.dumps(answer))
    return 0
