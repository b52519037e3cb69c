"""python -m detector teaching: what asking for the most instructive labels first saves, against labels by chance."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from detector.errors import DetectorError
from detector.loading import load_stager
from detector.teaching.labs import Lab, labs_of_folder, rendered_labs
from detector.teaching.simulating import ENOUGH, WAYS, Cost, Reached, full_score, reached, simulate, summary

_FEWEST = 5
"""Seeds below which a figure would be luck."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, help="pictures with a labels.csv; without one, rendered labs")
    parser.add_argument("--split", help="only these rows of labels.csv, such as train")
    parser.add_argument("--seeds", type=int, default=5, help="embryos held out anew, or labs rendered; five at least")
    parser.add_argument("--batch", type=int, default=24, help="labels asked for at once")
    parser.add_argument("--embryos", type=int, default=60, help="of each rendered lab")
    parser.add_argument("--frames", type=int, default=12, help="pictures of each rendered embryo")
    parser.add_argument("--stager", help="a name or a weights folder; the shipped default otherwise")
    parser.add_argument("--label-s", type=float, default=6.0, help="seconds to find and set one label")
    parser.add_argument("--accept-s", type=float, default=2.0, help="seconds to accept a guess that is right")
    parser.add_argument("--open-s", type=float, default=8.0, help="seconds to open another embryo")
    parser.add_argument("--threads", type=int, default=1)


def run(args: argparse.Namespace) -> int:
    if args.seeds < _FEWEST or args.batch < 1 or args.embryos < 4 or args.frames < 1:
        asked = f"--seeds {args.seeds} --batch {args.batch} --embryos {args.embryos} --frames {args.frames}"
        raise DetectorError("bad_count", asked, f"Ask for {_FEWEST} seeds or more, 4 embryos or more, and at least one of the others.")
    cost = Cost(args.label_s, args.accept_s, args.open_s)
    found: dict[str, list[Reached]] = {way: [] for way in WAYS}
    pools, scores, shipped = [], [], []
    for number, lab in enumerate(_labs(args)):
        full = full_score(lab)
        pools.append(len(lab.pool))
        scores.append(full)
        shipped.append(float((lab.test_shipped.argmax(axis=1) == lab.test_labels).mean()))
        for way in WAYS:
            steps = simulate(lab, way, batch=args.batch, seed=number, cost=cost)
            found[way].append(reached(steps, ENOUGH * full))
        _say(f"{lab.name}: with all {len(lab.pool)} labels {full:.3f}; " + ", ".join(f"{way} {found[way][-1].labels}" for way in WAYS))
    print(
        json.dumps(
            summary(found, pools, scores, shipped) | {"seconds": {"label": cost.label_s, "accept": cost.accept_s, "open": cost.open_s}}
        )
    )
    return 0


def _labs(args: argparse.Namespace) -> Iterator[Lab]:
    stager = load_stager(args.stager, threads=max(args.threads, 1))
    seeds = range(args.seeds)
    if args.folder is not None:
        return labs_of_folder(args.folder, stager, split=args.split, seeds=seeds)
    return rendered_labs(stager, embryos=args.embryos, frames=args.frames, seeds=seeds, say=_say)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
