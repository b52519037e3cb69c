"""python -m detector evaluate: finders, or ways of reading stages, side by side on renderings and on folders with truth."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from detector.commands.stages import check_clock, look_at
from detector.errors import DetectorError
from detector.evaluation.robustness import variations
from detector.evaluation.scoring import Tally, table
from detector.evaluation.stages_rendered import KINDS, lives
from detector.evaluation.stages_report import Read, annotated, compared
from detector.evaluation.stages_scores import stage_table
from detector.evaluation.truth import FIRST_SEED, SETTINGS, Picture, read_folder, rendered
from detector.loading import load_finder, load_profile_builder, load_stager
from detector.protocols import WellFinder
from detector.synth.developing.film import MOST_PLANES
from detector.wells.naming import read_frame

Figures = dict[str, dict[str, Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", choices=("wells", "stages"), default="wells")
    parser.add_argument(
        "folders", nargs="*", type=Path, metavar="FOLDER", help="pictures with truth beside them: truth.json, phases.csv, labels.csv"
    )
    parser.add_argument("--finder", action="append", help="yolo, hough or a weights folder; again for another (default: yolo and hough)")
    parser.add_argument(
        "--renderings", action="append", choices=tuple(SETTINGS), help="kind of renderings; again for another (default: hard and shifted)"
    )
    parser.add_argument("--count", type=int, default=100, help="renderings of each kind; 0 for none")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="first seed; far from those of training unless chosen otherwise")
    parser.add_argument("--robustness", type=Path, metavar="FOLDER", help="its pictures turned, scaled, mirrored and flattened, alone")
    parser.add_argument("--threads", type=int, default=1)
    stages = parser.add_argument_group("with --task stages", "--count embryos each, held-out and shifted, are rendered")
    stages.add_argument("--stager", help="a name or a weights folder; the shipped default otherwise")
    stages.add_argument("--planes", type=int, default=1, help="odd: films in so many, read in the middle one and, beside it, in all")
    stages.add_argument("--split", help="only these rows of labels.csv, such as dev")
    stages.add_argument("--interval-minutes", type=float, help="from one frame number to the next, in the folders given")
    stages.add_argument("--start-hpi", type=float, help="hours post insemination of frame number 0, in the folders given")


def run(args: argparse.Namespace) -> int:
    if args.count < 0:
        raise DetectorError("bad_count", f"--count {args.count}", "Ask for none or more renderings.")
    if args.task == "stages":
        return run_stages(args)
    finders = {name: load_finder(name, threads=max(args.threads, 1)) for name in args.finder or ("yolo", "hough")}
    if args.robustness is not None:
        print(json.dumps(robustness(list(read_folder(args.robustness)), finders)))
        return 0
    sets: dict[str, Iterable[Picture]] = {folder.name: read_folder(folder) for folder in args.folders}
    if args.count:
        sets |= {kind: rendered(kind, args.count, args.seed) for kind in args.renderings or ("hard", "shifted")}
    answer = {name: compare(name, pictures, finders) for name, pictures in sets.items()}
    print(json.dumps(answer))
    return 0


def run_stages(args: argparse.Namespace) -> int:
    """Every way of reading over every set, as JSON; tables go to stderr."""
    check_clock(args.interval_minutes, args.start_hpi)
    if not (1 <= args.planes <= MOST_PLANES and args.planes % 2):
        raise DetectorError("bad_count", f"--planes {args.planes}", f"Ask for an odd number, at most {MOST_PLANES}.")
    threads = max(args.threads, 1)
    stager, builder = load_stager(args.stager, threads=threads), load_profile_builder(args.stager, threads=threads)
    look = partial(look_at, stager=stager)
    times = {"split": args.split, "interval_minutes": args.interval_minutes, "start_hpi": args.start_hpi}
    sets: dict[str, Iterable[Read]] = {folder.name: annotated(folder, look, **times) for folder in args.folders}
    for kind in KINDS if args.count else ():
        ways = zip(*lives(kind, args.count, look, planes=args.planes), strict=True)
        sets |= dict(zip((kind, f"{kind}, {args.planes} planes"), ways, strict=False))
    answer = {}
    for name, embryos in sets.items():
        answer[name] = compared(embryos, builder)
        print(f"\n{name}\n\n{stage_table(answer[name])}", file=sys.stderr)
    print(json.dumps(answer))
    return 0


def compare(name: str, pictures: Iterable[Picture], finders: dict[str, WellFinder]) -> Figures:
    """Figures of every finder, its boxes by themselves and after naming, over the same pictures."""
    alone = {finder: Tally() for finder in finders}
    named = {finder: Tally() for finder in finders}
    for picture in pictures:
        for finder, served in finders.items():
            sighting = served.find([picture.image])[0]
            alone[finder].add_sighting(picture, sighting)
            named[finder].add_frame(picture, read_frame(picture.image, sighting))
    figures: Figures = {}
    for finder in finders:
        figures[f"{finder}, boxes as found"] = alone[finder].figures()
        figures[f"{finder}, named"] = named[finder].figures()
    print(f"\n{name}\n\n{table(figures)}", file=sys.stderr)
    return figures


def robustness(pictures: list[Picture], finders: dict[str, WellFinder]) -> dict[str, Figures]:
    """Figures of every finder for every change made to all pictures."""
    answer: dict[str, Figures] = {}
    for finder, served in finders.items():
        tallies: dict[str, Tally] = {}
        for picture in pictures:
            for change, changed in variations(picture):
                result = read_frame(changed.image, served.find([changed.image])[0])
                tallies.setdefault(change, Tally()).add_frame(changed, result)
        answer[finder] = {change: tally.figures() for change, tally in tallies.items()}
        print(f"\n{finder}\n\n{table(answer[finder])}", file=sys.stderr)
    return answer
