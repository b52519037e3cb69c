"""python -m detector check: weights beside those in use, on a frozen set of renderings and on a lab's own held-out labels."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from itertools import chain, islice
from pathlib import Path
from typing import Any

from detector.errors import DetectorError
from detector.evaluation import check_set, check_stages, check_wells
from detector.evaluation.check_cost import own_peak_mib, peak_of, speeds
from detector.evaluation.check_differences import Differences
from detector.loading import load_finder, load_stager, read_verified

TIMED = 16
"""Pictures that a round of timing answers."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", choices=check_set.TASKS, required=True)
    parser.add_argument("--make-set", type=Path, metavar="HOME", help="render the check set under HOME where it is missing, and say where")
    parser.add_argument("--count", type=int, default=60, help="with --make-set: how many dishes of each kind, or how many embryos")
    parser.add_argument("--weights", type=Path, help="the weights folder to check")
    parser.add_argument("--against", type=Path, help="the weights folder in use")
    parser.add_argument("--set", type=Path, dest="check_set", help="the check set, as --make-set named it")
    parser.add_argument("--labels", type=Path, help="a lab's own pictures with truth.json or labels.csv, of which the split test is judged")
    parser.add_argument("--out", type=Path, help="an empty folder that gets a picture of each difference")
    parser.add_argument("--measure", action="store_true", help="only load the weights, answer some pictures and tell the memory it took")
    parser.add_argument("--threads", type=int, default=1)


def run(args: argparse.Namespace) -> int:
    if args.make_set is not None:
        if args.count < 1:
            raise DetectorError("bad_count", f"--count {args.count}", "Ask for one rendering or more.")
        folder = check_set.make_set(args.make_set, args.task, args.count, _say)
        print(json.dumps({"hash": folder.name, "folder": str(folder), "pictures": check_set.count_of(folder)}))
        return 0
    if args.weights is None or args.check_set is None:
        raise DetectorError("bad_arguments", "--weights or --set is missing", "See `python -m detector check --help`.")
    check_set.require_whole(args.check_set)
    threads = max(args.threads, 1)
    if args.measure:
        _work(args.task, args.weights, args.check_set, threads)()
        print(json.dumps({"peak_mib": own_peak_mib()}))
        return 0
    if args.out is None:
        raise DetectorError("bad_arguments", "--out is missing", "Name an empty folder for pictures of differences.")
    args.out.mkdir(parents=True, exist_ok=True)
    print(json.dumps(checked(args.task, _folders(args), args.check_set, args.labels, args.out, threads)))
    return 0


def checked(task: str, folders: dict[str, Path], home: Path, labels: Path | None, out: Path, threads: int) -> dict[str, Any]:
    """All that is found, as the page shows it; figures of "after" are those of the weights that are checked."""
    # Memory first: what is loaded here must not be in the way of it.
    peaks = {role: peak_of(folder, task=task, check_set=home, threads=threads) for role, folder in folders.items()}
    differences = Differences(out)
    figures, gains = _judged(task, folders, home, labels, differences, threads)
    rates = speeds({role: _work(task, folder, home, threads) for role, folder in folders.items()})
    told = {
        role: {"name": read_verified(folder)[0].name, **figures[role], "per_s": rates[role], "peak_mib": peaks[role]}
        for role, folder in folders.items()
    }
    both = {"after": told["after"], "before": told.get("before"), "gains": gains}
    return {"task": task, "set": home.name, **both, "differences": differences.told()}


def _folders(args: argparse.Namespace) -> dict[str, Path]:
    return {"after": args.weights} | ({"before": args.against} if args.against is not None else {})


def _judged(
    task: str, folders: dict[str, Path], home: Path, labels: Path | None, differences: Differences, threads: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:  # fmt: skip
    of = check_set.count_of(home)
    if task == "wells":
        finders = {role: check_wells.Contender(load_finder(folder, threads=threads)) for role, folder in folders.items()}
        dishes: Iterable[Any] = chain(check_set.dishes_in(home), check_set.labelled_dishes(labels) if labels else ())
        gains = check_wells.side_by_side(finders, dishes, differences, say=_say, of=of)
        return {role: contender.figures() for role, contender in finders.items()}, gains
    stagers = {role: check_stages.Contender(load_stager(folder, threads=threads)) for role, folder in folders.items()}
    singles: Iterable[Any] = chain(check_set.singles_in(home), check_set.labelled_singles(labels) if labels else ())
    gains = check_stages.side_by_side(stagers, singles, differences, say=_say, of=of)
    return {role: contender.figures() for role, contender in stagers.items()}, gains


def _work(task: str, folder: Path, home: Path, threads: int) -> Callable[[], int]:
    """One round: some pictures of the set, already read; answers how many wells or crops that is."""
    if task == "wells":
        finder = load_finder(folder, threads=threads)
        shown = list(islice(check_set.dishes_in(home), TIMED))
        images, wells = [one.picture.image for one in shown], sum(len(one.picture.wells) for one in shown)

        def find() -> int:
            finder.find(images)
            return wells

        return find
    stager = load_stager(folder, threads=threads)
    part, crops = next(check_stages.batches(islice(check_set.singles_in(home), TIMED)))

    def look() -> int:
        stager.look(crops)
        return len(part)

    return look


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
