"""The command line: JSON on stdout, progress on stderr, refusals as {code, detail, hint} with exit status 2."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from detector.errors import DetectorError

COMMANDS = {
    "wells": "find, name and outline the wells of single pictures",
    "phase": "name what the embryo of single-well pictures is, without any clock",
    "adapt": "learn from a lab's unlabelled recordings, because time is a teacher",
    "compare": "hold two stagers against each other on recordings that nobody labelled",
    "analyse": "read a whole recording and tell findings as they come",
    "stages": "follow one embryo a folder through its phases",
    "render": "draw dishes with exact truth",
    "prepare": "take a written data set through its steps",
    "ingest": "keep an archive of pictures without loss, each once, in shards",
    "train": "train weights from renderings",
    "export": "write the weights folder of a training, or one in 8 bits",
    "admit": "let weights from elsewhere in, or say why not",
    "teaching": "measure what asking for the most instructive labels first saves",
    "evaluate": "compare finders on renderings and on pictures with truth",
    "recalibrate": "fit anew how sure a stager may be, on what people said",
    "serve": "own a device and answer the processes that share it",
    "check": "judge weights beside those in use before they are used",
    "families": "hold families of detectors against each other, in accuracy and speed",
    "benchmark": "time finders and whole recordings",
}


class _Parser(argparse.ArgumentParser):
    """Refuses like everything else does: in JSON."""

    def error(self, message: str) -> NoReturn:
        raise DetectorError("bad_arguments", message, f"See `{self.prog} --help`.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(words)
    except DetectorError as refusal:
        print(json.dumps(refusal.as_dict(), ensure_ascii=False))
        return 2
    except BrokenPipeError:
        # The reader has seen enough; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _run(words: list[str]) -> int:
    parser = _Parser(prog="python -m detector", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=purpose)
        if name in words[:1]:
            # Only the command asked for is imported: finding wells must not wait for torch.
            module = import_module(f"detector.commands.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    args = parser.parse_args(words)
    status: int = args.run(args)
    return status


if __name__ == "__main__":
    sys.exit(main())
