"""python -m detector compare FIRST SECOND: two stagers on unlabelled recordings, by figures that need no label."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from detector.loading import load_stager


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", metavar="FIRST", help="a name or a weights folder")
    parser.add_argument("second", metavar="SECOND", help="a name or a weights folder")
    parser.add_argument("--data", type=Path, required=True, help="one folder of frames per embryo; names of frames are their numbers")
    parser.add_argument("--threads", type=int, default=2)


def run(args: argparse.Namespace) -> int:
    from detector.evaluation.stages_side_by_side import compare
    from detector.training.stages_folders import read_recordings

    threads = max(args.threads, 1)
    first, second = load_stager(args.first, threads=threads), load_stager(args.second, threads=threads)
    print(json.dumps(compare(read_recordings(args.data), first, second, _tell)))
    return 0


def _tell(done: int, of: int) -> None:
    print(json.dumps({"done": done, "of": of}), file=sys.stderr, flush=True)
