"""python -m detector recalibrate: the same nets, trusted as far as people's readings show they may be."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from detector.errors import DetectorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, required=True, help="weights folder for stages")
    parser.add_argument("--verdicts", type=Path, required=True, help="one embryo a line: {patient, hours, probabilities, onsets, until}")
    parser.add_argument("--out", type=Path, required=True, help="weights folder to write")
    parser.add_argument("--made-on", default="a lab's readings", help="in words, shown beside every bound")
    parser.add_argument("--mark", action="append", default=[], metavar="NAME=TEXT", help="what the manifest shall name; again for another")


def run(args: argparse.Namespace) -> int:
    from detector.training.stages_recalibrating import recalibrate

    marks = dict(mark.partition("=")[::2] for mark in args.mark)
    if not all(marks.values()):
        raise DetectorError("bad_arguments", "--mark without NAME=TEXT", "Write it like data_set=1a2b.")
    command = "python -m detector recalibrate --weights WEIGHTS --verdicts VERDICTS --out OUT"
    print(json.dumps(recalibrate(args.weights, args.verdicts, args.out, made_on=args.made_on, command=command, marks=marks)))
    return 0
