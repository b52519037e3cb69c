"""Small pictures of embryos, cut out of frames that decoder processes render; nothing of a recording is decoded here."""

from __future__ import annotations

import io
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from django.conf import settings
from PIL import Image

from backend.exchange.contents import Box, RecordingLine
from backend.imaging.decoding import DecodingRefused
from backend.imaging.frames import Picture, jpeg_of

logger = logging.getLogger(__name__)
SIDE_PX = 220
AROUND = 1.12
"""How much more than the well is shown, so that its wall is in the picture."""
QUALITY = 82


@dataclass(frozen=True)
class Wanted:
    recording: RecordingLine
    frame_index: int
    box: Box


@dataclass(frozen=True)
class Pictured:
    """A grey JPEG of each that could be had, and how many were not even tried before the time was over."""

    found: Mapping[Wanted, bytes]
    waiting: int = 0


def pictures_of(wanted: Iterable[Wanted]) -> Pictured:
    """What can be had within the limit; asking again goes on from there, because rendered frames stay in their cache."""
    end = time.monotonic() + settings.REPORT_PICTURES_S
    by_frame: dict[tuple[str, int], list[Wanted]] = defaultdict(list)
    for one in wanted:
        by_frame[one.recording.stack, one.frame_index].append(one)
    found: dict[Wanted, bytes] = {}
    waiting = 0
    # Rendering happens in other processes; in order of time, because films are read forwards. Each frame is opened once.
    pool = ThreadPoolExecutor(2, thread_name_prefix="report-pictures")
    try:
        asked = {key: pool.submit(_cut_all, by_frame[key], end) for key in sorted(by_frame)}
        wait(asked.values(), timeout=max(0.0, end - time.monotonic()))
        for key, answer in asked.items():
            cut = _answered(answer) if answer.done() else None
            waiting += len(by_frame[key]) if cut is None else 0
            found |= cut or {}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return Pictured(found, waiting)


def _answered(answer: Future[dict[Wanted, bytes] | None]) -> dict[Wanted, bytes] | None:
    try:
        return answer.result()
    except (DecodingRefused, OSError) as error:
        # The report says at the picture's place that it could not be had.
        logger.warning("A picture for a report could not be had: %s", error)
        return {}


def _cut_all(wanted: list[Wanted], end: float) -> dict[Wanted, bytes] | None:
    """None where the time is over."""
    if time.monotonic() > end:
        return None
    recording = wanted[0].recording
    picture = Picture(recording.sha256, wanted[0].frame_index, recording.plane, 0)
    jpeg = jpeg_of(picture, owner=recording.lab, name=recording.name)
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as frame:
        grey = frame.convert("L")
    return {one: _cut(grey, one.box) for one in wanted}


def _cut(frame: Image.Image, box: Box) -> bytes:
    """The upright square around the well; what lies beyond the frame is black."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half = AROUND * max(box[2] - box[0], box[3] - box[1]) / 2
    cut = frame.crop((round(x - half), round(y - half), round(x + half), round(y + half)))
    written = io.BytesIO()
    cut.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS).save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
