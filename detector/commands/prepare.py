"""python -m detector prepare: a written data set goes through the steps that stand in its steps.json."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from detector.errors import DetectorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder with labels.csv or truth.json, and steps.json")


def run(args: argparse.Namespace) -> int:
    if not args.data.is_dir():
        raise DetectorError("labels_missing", f"{args.data} is no folder", "Give the folder of a written data set.")
    from detector.training.preparing import prepare

    print(json.dumps(prepare(args.data, partial(print, file=sys.stderr, flush=True))))
    return 0
