"""python -m detector stages FOLDER...: the course of one embryo a folder, one JSON line each."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from detector.errors import DetectorError
from detector.loading import load_profile_builder, load_stager
from detector.stages import intervals
from detector.stages.crops import SIZE, crop_embryo, find_embryo
from detector.stages.looks import FrameStager, Looks, blended
from detector.stages.profiles import Built, ProfileBuilder
from detector.stages.wells_on_disk import WellFolder, read_well_folder
from detector.types import EmbryoEvent, Image, Onset, StageCall

BATCH = 64
_EARLIEST, _LATEST = -24.0, 400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="one well's frames; file names are frame numbers")
    parser.add_argument("--interval-minutes", type=float, help="from one frame number to the next; otherwise from names that tell hours")
    parser.add_argument("--start-hpi", type=float, help="hours post insemination of frame number 0; no hours are told without it")
    parser.add_argument("--stager", help="a name or a weights folder; the shipped default otherwise")
    parser.add_argument("--threads", type=int, default=1)


def run(args: argparse.Namespace) -> int:
    check_clock(args.interval_minutes, args.start_hpi)
    # Folders are checked before any is read: a refusal after an hour of work helps nobody.
    wells = [read_well_folder(folder) for folder in args.folders]
    threads = max(args.threads, 1)
    stager, builder = load_stager(args.stager, threads=threads), load_profile_builder(args.stager, threads=threads)
    for number, well in enumerate(wells, start=1):
        built = profile_of(well, stager, builder, args.interval_minutes, args.start_hpi)
        print(json.dumps(as_dict(str(well.path), built), ensure_ascii=False), flush=True)
        print(f"{number} of {len(wells)}: {well.path.name}, {len(well.numbers)} frames", file=sys.stderr)
    return 0


def check_clock(interval_minutes: float | None, start_hpi: float | None) -> None:
    """Refuse times that no recording has."""
    if interval_minutes is not None and not (0.01 <= interval_minutes <= 24 * 60):
        raise DetectorError("bad_interval", f"--interval-minutes {interval_minutes:g}", "Give minutes between 0.01 and 1440.")
    if start_hpi is not None and not (math.isfinite(start_hpi) and _EARLIEST <= start_hpi <= _LATEST):
        raise DetectorError("bad_start", f"--start-hpi {start_hpi:g}", f"Give hours between {_EARLIEST:g} and {_LATEST:g}.")


def profile_of(
    well: WellFolder, stager: FrameStager, builder: ProfileBuilder, interval_minutes: float | None, start_hpi: float | None
) -> Built:
    """The profile of one folder."""
    looks = blended([look_at(pictures, stager) for pictures in well.planes()])
    return builder.build(looks, well.numbers, well.clock(interval_minutes, start_hpi), start_hpi=start_hpi)


def look_at(pictures: Iterable[Image], stager: FrameStager) -> Looks:
    """Everything frames tell alone, read in batches so that a long recording need not fit in memory."""
    waiting = iter(pictures)
    parts = []
    while batch := [crop_embryo(picture, find_embryo(picture)) for picture in islice(waiting, BATCH)]:
        parts.append(stager.look_from_all_sides(np.stack(batch).astype(np.float32)))
    return joined(parts) if parts else stager.look_from_all_sides(np.zeros((0, SIZE, SIZE), np.float32))


def joined(parts: list[Looks]) -> Looks:
    """The same looks, one after the other."""
    return Looks(*(np.concatenate([getattr(part, name) for part in parts]) for name in Looks.__slots__))


def as_dict(source: str, built: Built) -> dict[str, Any]:
    """The form other programs rely on; `intervals` are there where times are known."""
    profile = built.profile
    answer: dict[str, Any] = {
        "source": source,
        "frames": [call_as_dict(call) for call in profile.calls],
        "onsets": [onset_as_dict(onset) for onset in profile.onsets],
        "events": [event_as_dict(event) for event in profile.events],
    }
    return answer | ({"intervals": [intervals.as_dict(one) for one in profile.intervals]} if profile.intervals else {})


def call_as_dict(call: StageCall) -> dict[str, Any]:
    """`hpi` is null where no hours are known."""
    return {
        "index": call.frame_index, "hpi": call.hours_post_insemination, "phase": call.stage.value, "confidence": round(call.confidence, 4),
    }  # fmt: skip


def onset_as_dict(onset: Onset) -> dict[str, Any]:
    """`low` and `high` are hours post insemination, or frame numbers where `hpi` is null."""
    told = {
        "phase": onset.phase.value, "frame": onset.frame_index, "hpi": onset.hours_post_insemination, "low": onset.low, "high": onset.high,
        "confidence": round(onset.confidence, 4),
    }  # fmt: skip
    return told | ({"censored": True} if onset.is_censored else {})


def event_as_dict(event: EmbryoEvent) -> dict[str, Any]:
    """An event with the frames that show it."""
    return {
        "kind": event.kind, "first_frame": event.first_frame, "last_frame": event.last_frame, "confidence": round(event.confidence, 4),
        "detail": event.detail,
    }  # fmt: skip
