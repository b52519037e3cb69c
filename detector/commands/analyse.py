"""python -m detector analyse STACK: JSON lines of findings as they come; with --out also tables at the end."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from detector.commands.profiles import (
    EVENTS_HEADER,
    PROFILES_HEADER,
    calls_line,
    event_rows,
    profile_as_dict,
    profile_line,
    profile_row,
)
from detector.commands.stages import check_clock
from detector.commands.wells import add_finder_arguments, as_dict, chosen_layout, well_as_dict
from detector.errors import DetectorError
from detector.loading import Stages, load_finder, load_follower, load_reader, load_stages, shipped_stager
from detector.pipeline import analyse
from detector.stacks import open_stack
from detector.types import (
    AlertRaised,
    ContentChanged,
    DishSettled,
    Finding,
    FramesFollowed,
    ProfileDecoded,
    Progress,
    StackInfo,
    StagesCalled,
    WellsFound,
)

Row = list[Any]
NO_STAGER = "none"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stack", type=Path, metavar="STACK", help="a file or a folder")
    parser.add_argument("--out", type=Path, help="folder for wells.csv, contents.csv, alerts.csv, profiles.csv and .json, events.csv")
    parser.add_argument("--plane", type=int, default=0, help="focal plane, counted from 0")
    parser.add_argument("--stager", help="a name or a weights folder; none leaves stages out; the shipped default otherwise")
    parser.add_argument("--start-hpi", type=float, help="hours post insemination of frame 0; no hours are told without it")
    parser.add_argument("--interval-minutes", type=float, help="between frames, where the recording tells no times")
    add_finder_arguments(parser)


def run(args: argparse.Namespace) -> int:
    layout = chosen_layout(args.layout)
    check_clock(args.interval_minutes, args.start_hpi)
    finder = load_finder(args.finder, threads=max(args.threads, 1))
    chosen = _chosen_stages(args)
    with open_stack(args.stack) as stack:
        if not 0 <= args.plane < len(stack.info.planes):
            raise DetectorError("no_such_plane", f"plane {args.plane} of {len(stack.info.planes)}", "Planes count from 0.")
        tables = _Tables(stack.info, has_stages=chosen is not None)
        follower = None
        if chosen is not None:
            follower = load_follower(chosen, stack.info, start_hpi=args.start_hpi, interval_minutes=args.interval_minutes)
        for finding in analyse(stack, finder=finder, reader=load_reader(layout), stages=follower, plane=args.plane):
            if isinstance(finding, Progress):
                print(f"{finding.frames_done} of {finding.frames_total} frames", file=sys.stderr)
                continue
            tables.take(finding)
            print(json.dumps(line(finding, args.stack.name), ensure_ascii=False), flush=True)
    if args.out is not None:
        tables.write(args.out)
    return 0


def _chosen_stages(args: argparse.Namespace) -> Stages | None:
    """The stager that was asked for; without one, or without shipped weights, stages are left out."""
    if args.stager == NO_STAGER:
        return None
    wanted = args.stager or shipped_stager()
    if wanted is None:
        print("Stages are left out: no weights for them are installed. Name a weights folder with --stager.", file=sys.stderr)
        return None
    return load_stages(wanted, threads=max(args.threads, 1))


def line(finding: Finding, source: str) -> dict[str, Any]:
    """One finding as one JSON object; `finding` says which kind it is."""
    match finding:
        case WellsFound():
            result = finding.result
            flags = {"is_lattice_consistent": result.is_lattice_consistent, "lattice_residual_px": result.lattice_residual_px}
            return {"finding": "wells_found", "frame": result.frame_index} | as_dict(source, result) | flags
        case ContentChanged():
            was = finding.previous.value if finding.previous else None
            well = finding.well
            return {"finding": "content_changed", "frame": finding.frame_index, "well": well.name, "previous": was} | well_as_dict(well)
        case AlertRaised():
            place = {"row": finding.row, "column": finding.column}
            return {"finding": "alert_raised", "frame": finding.frame_index, "kind": finding.kind, "detail": finding.detail} | place
        case FramesFollowed():
            rows = [
                [p.frame_index, round(p.scale, 6), round(p.rotation_rad, 6), round(p.dx_px, 3), round(p.dy_px, 3), p.is_usable]
                for p in finding.placements
            ]
            return {"finding": "frames_followed", "placements": rows}
        case Progress():
            return {"finding": "progress", "frames_done": finding.frames_done, "frames_total": finding.frames_total}
        case DishSettled():
            shape = str(finding.layout) if finding.layout else None
            wells = [well_as_dict(well) for well in finding.wells]
            counts = {"usable_frames": finding.usable_frames, "frames": finding.frames}
            looks = {"looks": dict(finding.looks) if finding.looks else None}
            return {"finding": "dish_settled", "layout": shape, "wells": wells} | counts | looks
        case StagesCalled():
            return calls_line(finding)
        case ProfileDecoded():
            return profile_line(finding)


class _Tables:
    """Collects what the CSV files say; a recording's findings are few, its frames are not kept."""

    def __init__(self, info: StackInfo, *, has_stages: bool) -> None:
        self._hours = info.hours_since_start
        self._has_stages = has_stages
        self._wells: list[Row] = []
        self._contents: list[Row] = []
        self._alerts: list[Row] = []
        self._profiles: list[ProfileDecoded] = []

    def take(self, finding: Finding) -> None:
        match finding:
            case ContentChanged(frame, well, previous):
                self._contents.append([frame, self._hours_at(frame), well.name, previous.value if previous else "", well.content.value])
            case AlertRaised(kind, frame, detail):
                self._alerts.append([frame, self._hours_at(frame), kind, detail])
            case ProfileDecoded(is_final=True):
                self._profiles.append(finding)
            case DishSettled(_, wells):
                self._wells = [
                    [well.name, well.row, well.column, well.content.value, round(well.confidence, 4), *well.box.as_list()] for well in wells
                ]

    def write(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / "wells.csv", ["well", "row", "column", "content", "confidence", "x0", "y0", "x1", "y1"], self._wells)
            _write(folder / "contents.csv", ["frame", "hours_since_start", "well", "previous", "content"], self._contents)
            _write(folder / "alerts.csv", ["frame", "hours_since_start", "kind", "detail"], self._alerts)
            if self._has_stages:
                _write(folder / "profiles.csv", PROFILES_HEADER, [profile_row(one) for one in self._profiles])
                _write(folder / "events.csv", EVENTS_HEADER, [row for one in self._profiles for row in event_rows(one, self._hours_at)])
                whole = [profile_as_dict(one) for one in self._profiles]
                (folder / "profiles.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False), encoding="utf-8")
        except OSError as reason:
            hint = "Is there room, and may this user write there?"
            raise DetectorError("not_written", f"the tables could not be written to {folder}: {reason.strerror}", hint) from reason

    def _hours_at(self, frame: int) -> float | str:
        return round(self._hours[frame], 3) if self._hours is not None else ""


def _write(path: Path, header: list[str], rows: Iterable[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
