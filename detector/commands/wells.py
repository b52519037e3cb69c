"""python -m detector wells IMAGE...: a JSON list with the named wells of every picture."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from detector.errors import DetectorError
from detector.loading import load_finder
from detector.protocols import WellFinder
from detector.stacks import open_stack
from detector.types import FrameResult, Layout, Well
from detector.wells.naming import read_frame


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    add_finder_arguments(parser)


def add_finder_arguments(parser: argparse.ArgumentParser) -> None:
    """Which finder, on how many threads, and what a person knows of the dish."""
    parser.add_argument("--finder", help="yolo, hough or a weights folder; the shipped default otherwise")
    parser.add_argument("--layout", help="rows x columns where they are known, such as 4x3; seen from the picture otherwise")
    parser.add_argument("--threads", type=int, default=1)


def run(args: argparse.Namespace) -> int:
    layout = chosen_layout(args.layout)
    finder = load_finder(args.finder, threads=max(args.threads, 1))
    found = []
    for number, path in enumerate(args.images, start=1):
        found.append(wells_of(path, finder, layout))
        print(f"{number} of {len(args.images)}: {path.name}", file=sys.stderr)
    print(json.dumps(found, ensure_ascii=False))
    return 0


def chosen_layout(text: str | None) -> Layout | None:
    """The layout a person gave, or None; raises DetectorError that shows the text."""
    if text is None:
        return None
    try:
        layout = Layout.parse(text)
    except ValueError as reason:
        raise DetectorError("bad_layout", str(reason), "Give rows x columns, such as 3x3, 4x3, 4x4 or 5x5.") from reason
    if not (2 <= layout.rows <= 12 and 2 <= layout.columns <= 12):
        raise DetectorError("bad_layout", f"no dish has {text} wells", "Give rows x columns, such as 3x3, 4x3, 4x4 or 5x5.")
    return layout


def wells_of(path: Path, finder: WellFinder, layout: Layout | None) -> dict[str, Any]:
    """What one picture shows; of a file with several frames it is the first."""
    with open_stack(path) as stack:
        image = stack.read(0)
    return as_dict(str(path), read_frame(image, finder.find([image])[0], layout=layout))


def as_dict(file: str, result: FrameResult) -> dict[str, Any]:
    """The form other programs rely on; `reason` is there only where something is wrong."""
    answer: dict[str, Any] = {
        "file": file,
        "width": result.width,
        "height": result.height,
        "layout": str(result.layout) if result.layout else None,
        "usable": result.is_usable,
        "gas_outside_wells": result.gas_outside_wells,
        "wells": [well_as_dict(well) for well in result.wells],
    }
    return answer | ({"reason": result.reason} if result.reason else {})


def well_as_dict(well: Well) -> dict[str, Any]:
    """One well; `filled_in` marks those whose place the lattice knows though the finder did not see them, so their content is a guess."""
    seen: dict[str, Any] = {
        "row": well.row,
        "column": well.column,
        "box": well.box.as_list(),
        "content": well.content.value,
        "confidence": round(well.confidence, 4),
    }
    return seen | ({"filled_in": True} if well.filled_in else {})
