"""Pictures of single wells from the lab's recordings: one folder an embryo, a frame's name is its minutes since insemination."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from backend.adaptation.selectors import Recording
from backend.adaptation.tracks import Cut, Moment, Tracks
from backend.imaging.decoding import open_in_child
from backend.imaging.models import Stack
from backend.imaging.selectors import path_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Picture = npt.NDArray[np.uint8]

MOST_PICTURES = 4000
"""As many as learning looks at; more would only fill the disk."""
LEAST_FRAMES = 6
HELD_BACK_OF = 5
DECODER_TIMEOUT_S = 30
LEAST_SIDE_PX = 16
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Plan:
    """What will be cut from one recording; `names` are the folders of its embryos by place."""

    stack: Stack
    plane: int
    moments: list[Moment]
    names: dict[tuple[int, int], Path]


def plan(recordings: Sequence[Recording], learning: Path, held_back: Path) -> list[Plan]:
    """Decide every embryo's frames and folder; every fifth embryo is held back from learning."""
    embryos = max(sum(recording.embryos for recording in recordings), 1)
    most = max(min(settings.ADAPT_FRAMES_AN_EMBRYO, MOST_PICTURES // embryos), LEAST_FRAMES)
    plans, number = [], 0
    for recording in recordings:
        if recording.run is None:
            continue
        recording.run.stack = whole = Stack.objects.select_related("dish__cycle").get(id=recording.stack.id)
        tracks = Tracks(recording.run)
        names = {}
        for place in tracks.places:
            # Numbers, not labels: nothing that people wrote becomes a path.
            home = held_back if number % HELD_BACK_OF == HELD_BACK_OF // 2 else learning
            names[place] = home / f"e{number:05d}"
            number += 1
        plans.append(Plan(whole, recording.run.plane, tracks.moments(most), names))
    return plans


def cut(plans: Sequence[Plan], tell: Told) -> None:
    """Write all pictures; `tell` hears how many frames of how many were read, often enough to stop the work between two."""
    done, total = 0, sum(len(one.moments) for one in plans)
    tell(done, total)
    for one in plans:
        for folder in one.names.values():
            folder.mkdir(parents=True, exist_ok=True)
        if not one.moments:
            continue
        by_frame = {moment.frame_index: moment for moment in one.moments}
        with open_in_child(path_of(one.stack), name=one.stack.name, timeout_s=DECODER_TIMEOUT_S) as stack:
            for frame, picture in stack.frames(sorted(by_frame), one.plane):
                moment = by_frame[frame]
                for where in moment.cuts:
                    _write(picture, where, one.names[where.place] / f"{moment.minutes:05d}.png")
                done += 1
                tell(done, total)


def _write(picture: Picture, where: Cut, path: Path) -> None:
    """Our own grey encoding of the well; one that is all but out of the frame is left out."""
    from PIL import Image

    height, width = picture.shape
    x0, y0 = max(round(where.x0), 0), max(round(where.y0), 0)
    x1, y1 = min(round(where.x0 + where.side), width), min(round(where.y0 + where.side), height)
    if min(x1 - x0, y1 - y0) >= max(where.side / 2, LEAST_SIDE_PX):
        Image.fromarray(picture[y0:y1, x0:x1]).save(path, compress_level=1)
