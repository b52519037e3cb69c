"""python -m detector render {dish,recording,well,life,sheet}: pictures and truth.json."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import cv2

from detector.errors import DetectorError
from detector.synth import DEMO, HARD, RENDERER_VERSION, TRAINING, DishSettings, RecordingSettings, render_dish, render_recording
from detector.synth.developing import (
    DEVELOPING_VERSION,
    DevelopingSettings,
    FilmSettings,
    WellSettings,
    contact_sheet,
    render_developing,
    render_life,
    render_wells,
)
from detector.types import KNOWN_LAYOUTS, Content, Layout

PRESETS = {"clean": DEMO, "training": TRAINING, "hard": HARD}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("dish", "recording", "well", "life", "sheet"))
    parser.add_argument("--seed", type=int, required=True, help="the same seed writes the same bytes")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures and truth.json")
    parser.add_argument("--width", type=int, help="pixels; together with --height")
    parser.add_argument("--height", type=int)
    parser.add_argument("--layout", help="3x3, 4x3, 4x4 or 5x5 (rows x columns); otherwise drawn")
    parser.add_argument("--count", type=int, default=1, help="dish, well: how many")
    parser.add_argument("--settings", choices=tuple(PRESETS), default="clean", help="dish: how hard the pictures are")
    parser.add_argument("--frames", type=int, help="recording: its length; life: at most as many")
    parser.add_argument(
        "--contents", default="embryo,embryo,embryo,empty", help="recording: drawn from evenly, repeat one to have more of it"
    )
    parser.add_argument("--stray", action="store_true", help="recording: a well of another dish at the border")
    parser.add_argument("--gas-outside", action="store_true", help="recording: bubbles between or beside the wells")
    parser.add_argument("--gas-lasts", type=float, default=1.0, help="recording: share of its length after which bubbles are gone")
    parser.add_argument("--unusable", type=int, default=0, help="recording: dark frames")
    parser.add_argument(
        "--interval-minutes", type=float, default=10.0, help="recording, life: spelled out in the names as hours; 0 leaves it out"
    )
    developing = parser.add_argument_group("developing embryos: well (single moments), life (one well), sheet (a page to look at)")
    developing.add_argument("--developing", action="store_true", help="recording: embryos develop; 2048x1536 unless told otherwise")
    developing.add_argument("--start-hpi", type=float, help="recording, life: hours post insemination of the first frame")
    developing.add_argument("--planes", type=int, default=1, help="life, well: 1 to 7 focal planes, a folder each")
    developing.add_argument("--size", type=int, default=256, help="well, life: pixels a side")
    developing.add_argument(
        "--beside", type=Path, metavar="FOLDER", help="sheet: pictures of real wells to put beside, by labels.csv where there is one"
    )
    developing.add_argument("--split", default="train", help="sheet: only these rows of labels.csv")


def run(args: argparse.Namespace) -> int:
    if bool(args.width) != bool(args.height) or (args.width and not (64 <= args.width <= 8192 and 64 <= args.height <= 8192)):
        raise DetectorError("bad_size", f"--width {args.width} --height {args.height}", "Give both, each between 64 and 8192.")
    if args.count < 1 or (args.frames is not None and args.frames < 1):
        raise DetectorError("bad_count", f"--count {args.count} --frames {args.frames}", "Ask for at least one.")
    if args.what in ("well", "life", "sheet"):
        return _developing(args)
    layout = _layout(args.layout)
    truth = _dishes(args, layout) if args.what == "dish" else _recording(args, layout)
    print(json.dumps({"out": str(args.out), "truth": str(truth), "seed": args.seed, "renderer_version": RENDERER_VERSION}))
    return 0


def _developing(args: argparse.Namespace) -> int:
    """Pictures of one well at a time, or a page of them."""
    if not 32 <= args.size <= 2048 or not 1 <= args.planes <= 7 or (args.planes % 2 == 0 and args.what == "well"):
        raise DetectorError(
            "bad_size", f"--size {args.size} --planes {args.planes}", "Sizes go from 32 to 2048; planes are 1 to 7, odd for wells."
        )
    if args.what == "sheet":
        args.out.mkdir(parents=True, exist_ok=True)
        made = contact_sheet(args.seed, args.out, args.beside, args.split)
    elif args.what == "well":
        made = render_wells(args.seed, args.count, args.out, WellSettings(size_px=args.size, planes=args.planes))
    else:
        film = FilmSettings(
            size_px=args.size, um_per_px=1.2 * 256 / args.size, interval_minutes=args.interval_minutes or 10.0, start_hpi=args.start_hpi,
            planes=args.planes,
        )  # fmt: skip
        if args.frames is not None:
            film = replace(film, most_frames=args.frames)
        made = render_life(args.seed, args.out, film)
    print(json.dumps({"out": str(args.out), "truth": str(made), "seed": args.seed, "renderer_version": DEVELOPING_VERSION}))
    return 0


def _dishes(args: argparse.Namespace, layout: Layout | None) -> Path:
    settings: DishSettings = PRESETS[args.settings]
    if args.width:
        settings = replace(settings, width=args.width, height=args.height)
    if layout:
        settings = replace(settings, layouts=(layout,), layout_weights=(1.0,))
    args.out.mkdir(parents=True, exist_ok=True)
    truth = []
    for seed in range(args.seed, args.seed + args.count):
        dish = render_dish(seed, settings)
        name = f"dish-{seed:06d}.png"
        if not cv2.imwrite(str(args.out / name), dish.image):
            raise DetectorError(
                "not_written", f"{name} could not be written to {args.out}", "Is there room, and may this user write there?"
            )
        truth.append(dish.truth.as_dict(name))
        print(f"{name}", file=sys.stderr)
    path: Path = args.out / "truth.json"
    path.write_text(json.dumps(truth, indent=1), encoding="utf-8")
    return path


def _recording(args: argparse.Namespace, layout: Layout | None) -> Path:
    settings = RecordingSettings(
        layout=layout, contents=_contents(args.contents), has_stray=args.stray, has_gas_outside=args.gas_outside, gas_lasts=args.gas_lasts,
        unusable_frames=args.unusable, interval_minutes=args.interval_minutes or None,
    )  # fmt: skip
    if args.width:
        settings = replace(settings, width=args.width, height=args.height)
    frames = 48 if args.frames is None else args.frames
    if args.developing:
        settings = settings if args.width else replace(settings, width=2048, height=1536)
        start = 3.0 if args.start_hpi is None else args.start_hpi
        return render_developing(args.seed, frames, args.out, DevelopingSettings(settings, start))
    return render_recording(args.seed, frames, args.out, settings)


def _layout(text: str | None) -> Layout | None:
    if text is None:
        return None
    try:
        layout = Layout.parse(text)
    except ValueError as reason:
        raise DetectorError("bad_layout", str(reason), "Known layouts: 3x3, 4x3, 4x4, 5x5.") from reason
    if layout not in KNOWN_LAYOUTS:
        raise DetectorError("bad_layout", f"no dish has {text}", "Known layouts: 3x3, 4x3, 4x4, 5x5.")
    return layout


def _contents(text: str) -> tuple[Content, ...]:
    try:
        return tuple(Content(part.strip()) for part in text.split(","))
    except ValueError as reason:
        raise DetectorError("bad_contents", str(reason), f"Known contents: {', '.join(c.value for c in Content)}.") from reason
