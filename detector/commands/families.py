"""python -m detector families FOLDER...: every weights folder and Hough circles in one table of accuracy and speed."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from detector.commands.benchmark import processor
from detector.errors import DetectorError
from detector.evaluation.truth import FIRST_SEED, Picture, read_folder, rendered
from detector.loading import read_verified

KINDS = ("usual", "hard", "shifted")
BATCH = 8

Say = Callable[[str], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="weights folders, of finders and of stagers")
    parser.add_argument("--data", type=Path, help="where rendered embryos are kept between runs; they are made anew otherwise")
    parser.add_argument("--real", action="append", default=[], type=Path, help="folder of real dishes with truth.json; again for another")
    parser.add_argument("--out", type=Path, help="folder for families.json and families.md")
    parser.add_argument("--count", type=int, default=100, help="renderings of each kind; 0 for none")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="first seed; far from those of training unless chosen otherwise")
    parser.add_argument("--lessons", type=int, default=500, help="rendered embryos to judge stagers by")
    parser.add_argument("--rounds", type=int, default=21, help="rounds of timing, whose medians are told; 0 for no timing")
    parser.add_argument("--threads", type=int, default=1)


def run(args: argparse.Namespace) -> int:
    if min(args.count, args.rounds) < 0 or min(args.threads, args.lessons) < 1:
        raise DetectorError("bad_count", "counts must not be negative, threads and lessons positive", "See --help.")
    say: Say = partial(print, file=sys.stderr, flush=True)
    tasks = [(path, read_verified(path)[0].task) for path in args.folders]
    answer: dict[str, Any] = {
        "processor": processor(), "processors": os.cpu_count(), "threads": args.threads, "count": args.count, "seed": args.seed,
        "rounds": args.rounds, "batch": BATCH,
    }  # fmt: skip
    pages: list[str] = []
    if finders := [path for path, task in tasks if task == "wells"]:
        told, page = _finders(finders, args, say)
        answer["wells"] = told
        pages.append(page)
    if stagers := [path for path, task in tasks if task == "stages"]:
        told, page = _stagers(stagers, args, say)
        answer["stages"] = told
        pages.append(page)
    text = "\n\n".join(pages)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "families.json").write_text(json.dumps(answer, indent=1), encoding="utf-8")
        (args.out / "families.md").write_text(text + "\n", encoding="utf-8")
    say(f"\n{text}")
    print(json.dumps(answer))
    return 0


def _finders(paths: list[Path], args: argparse.Namespace, say: Say) -> tuple[dict[str, Any], str]:
    from detector.evaluation.families import accuracy_table, baseline, int8_table, opened, scored
    from detector.evaluation.families_speed import in_turns, served_ways, speed_table, ways_of
    from detector.training.families import served_like
    from detector.training.int8 import samples_of

    samples = samples_of()
    folders = []
    for path in paths:
        say(f"opening {path.name}")
        folders.append(opened(path, samples, args.threads))
    sets: dict[str, Iterable[Picture]] = {}
    if args.count:
        sets = {kind: rendered(kind, args.count, args.seed) for kind in KINDS}
    sets |= {path.name: read_folder(path) for path in args.real}
    contenders = [one for folder in folders for one in folder.contenders] + [baseline()]
    scores = {}
    for kind, pictures in sets.items():
        say(f"scoring {len(contenders)} on {kind}")
        scores[kind] = scored(pictures, contenders)
    inputs = samples.pictures[:BATCH]
    works = {
        one.name: ways_of(*one.nets, served_like(one.family), inputs, args.threads) | served_ways(one, inputs)
        for one in folders
        if args.rounds
    }
    speeds = in_turns(works, args.rounds, len(inputs), args.threads)
    page = [f"### {kind}\n\n{accuracy_table(figures)}" for kind, figures in scores.items()]
    if scores:
        page.append(f"### What 8 bits change\n\n{int8_table(scores)}")
    if speeds:
        table = speed_table(speeds, {folder.name: folder.megabytes for folder in folders})
        page.append(f"### Milliseconds a picture\n\n{table}")
    return {"scores": scores, "ms": speeds, "mb": {folder.name: folder.megabytes for folder in folders}}, "\n\n".join(page)


def _stagers(paths: list[Path], args: argparse.Namespace, say: Say) -> tuple[dict[str, Any], str]:
    from detector.evaluation.families_speed import in_turns, speed_table
    from detector.evaluation.families_stages import opened, scored, stagers_table, ways
    from detector.training.int8 import stager_material

    with tempfile.TemporaryDirectory() as scratch:
        crops, lessons = stager_material(args.data or Path(scratch), args.lessons, args.threads, say)
    stagers = [opened(path, crops) for path in paths]
    scores = {}
    for stager in stagers:
        say(f"judging {stager.name} on {len(lessons)} rendered embryos")
        scores[stager.name] = scored(stager, lessons, args.threads)
    inputs = crops[: 4 * BATCH]
    works = {one.name: ways(one, inputs, args.threads) for one in stagers if args.rounds}
    speeds = in_turns(works, args.rounds, len(inputs), args.threads)
    page = [f"### Stagers on rendered embryos\n\n{stagers_table(scores)}"]
    if speeds:
        page.append(f"### Milliseconds a crop\n\n{speed_table(speeds, {one.name: one.megabytes for one in stagers})}")
    return {"scores": scores, "ms": speeds}, "\n\n".join(page)
