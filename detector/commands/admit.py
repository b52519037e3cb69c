"""python -m detector admit: lets weights from elsewhere in, and says why where it does not."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from detector.errors import DetectorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="?", help="a weights folder as ZIP, .onnx, .safetensors or .pt")
    parser.add_argument("--out", type=Path, help="weights folder to write")
    parser.add_argument("--name", default="", help="what the file was called")
    parser.add_argument("--mapping", default="", help='what its classes mean, as JSON: {"blob": "gas", ...}')
    parser.add_argument("--self-test", action="store_true", help="only say whether the sandbox holds")


def run(args: argparse.Namespace) -> int:
    from detector.admission.admitting import admit
    from detector.admission.sandbox import self_test

    if args.self_test:
        print(json.dumps(self_test().as_dict()))
        return 0
    if args.file is None or args.out is None:
        raise DetectorError("bad_arguments", "a file and --out are needed", "See `python -m detector admit --help`.")
    try:
        admitted = admit(args.file, args.out, name=args.name, mapping=_mapping(args.mapping), tell=_tell)
    except DetectorError as reason:
        print(json.dumps(reason.as_dict() | {"found": getattr(reason, "found", None)}, ensure_ascii=False))
        return 2
    print(json.dumps(admitted.as_dict() | {"out": str(args.out)}, ensure_ascii=False))
    return 0


def _tell(stage: str) -> None:
    print(json.dumps({"stage": stage}), file=sys.stderr, flush=True)


def _mapping(text: str) -> dict[str, str] | None:
    if not text:
        return None
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise DetectorError("bad_mapping", "--mapping is no table in JSON", 'Write it as {"name of a class": "what it means"}.')
    return said
