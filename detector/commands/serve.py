"""python -m detector serve: own a device and answer every process that is told the socket's name in DETECTOR_SOCKET."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from detector.errors import DetectorError
from detector.serving.nets import device_number
from detector.serving.owner import Owner, serve

LONGEST_SOCKET = 100
"""Characters; systems know no longer names of sockets."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--socket", type=Path, required=True, help="where to answer; made anew, for this user alone")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:N")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of the processor")
    parser.add_argument("--memory-mb", type=int, default=2048, help="nets beyond this are let go, what was not asked for longest first")
    parser.add_argument("--status", type=Path, help="a JSON file with figures, written anew every few seconds")


def run(args: argparse.Namespace) -> int:
    if args.threads < 1 or args.memory_mb < 1:
        raise DetectorError("bad_count", f"--threads {args.threads} --memory-mb {args.memory_mb}", "Give numbers above nought.")
    if len(str(args.socket)) > LONGEST_SOCKET:
        raise DetectorError("bad_socket", f"{args.socket} is longer than {LONGEST_SOCKET} characters", "Choose a shorter folder.")
    number = device_number(args.device)
    device = "cpu" if number is None else f"cuda:{number}"
    print(f"serving on {device} at {args.socket}", file=sys.stderr, flush=True)
    serve(args.socket, Owner(device=device, threads=args.threads, memory_mb=args.memory_mb), status=args.status)
    return 0
