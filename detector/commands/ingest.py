"""python -m detector ingest: a folder of pictures of any size into an archive, and back out of it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from detector.errors import DetectorError

MIB = 1024**2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, nargs="?", help="what is taken in; may be left out where an archive is only read")
    parser.add_argument("--out", type=Path, required=True, help="the archive; made where it is not there")
    parser.add_argument("--workers", type=int, default=2, help="processes that read and encode")
    parser.add_argument("--exact", action="store_true", help="keep the very bytes of PNG files too, not only their pixels and chunks")
    parser.add_argument("--shard-mib", type=int, default=1024, help="largest size of a shard")
    parser.add_argument("--verify", action="store_true", help="read every picture of the archive and compare")
    parser.add_argument("--alike", action="store_true", help="list pictures that look alike and differ")
    parser.add_argument("--restore", type=Path, metavar="TO", help="write every file of the archive below this folder")


def run(args: argparse.Namespace) -> int:
    from detector.archive.ingesting import Plan, ingest
    from detector.archive.reading import look_alikes, restore_all, verify

    if args.workers < 1 or args.shard_mib < 1:
        raise DetectorError("bad_count", "workers and the size of shards must be positive", "See --help.")
    if args.folder is None and not (args.verify or args.alike or args.restore):
        raise DetectorError("bad_arguments", "nothing is asked for", "Give a folder to take in, or --verify, --alike or --restore.")
    answer: dict[str, Any] = {}
    if args.folder is not None:
        answer |= ingest(args.folder, args.out, Plan(args.workers, args.exact, args.shard_mib * MIB), _say)
    if args.alike:
        answer["look_alikes"] = look_alikes(args.out)
    if args.verify:
        answer["verified"] = verify(args.out, _say)
    if args.restore is not None:
        answer["restored"] = restore_all(args.out, args.restore, _say)
    print(json.dumps(answer))
    return 1 if answer.get("verified", {}).get("damaged") else 0


def _say(said: dict[str, Any]) -> None:
    print(json.dumps(said), file=sys.stderr, flush=True)
