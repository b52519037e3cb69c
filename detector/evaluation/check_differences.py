"""Where two detectors differ, each with a picture of it; the list is capped, the counts are not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import cv2

from detector.types import Box, Image

OF_A_KIND = 20
"""So many differences of each set and verdict are kept with their pictures: none crowds another out."""
SIDE_PX = 224
MARGIN = 0.35
"""How much of its surroundings is shown, as a share of the well's sides."""


class Differences:
    """Collects them in the order in which pictures are shown; `out` gets one small picture each."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._kept: list[dict[str, Any]] = []
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, image: Image, box: Box | None, **said: Any) -> None:
        """`said`: set, picture, place, truth, before and after; None stands for nothing that was found, or that is there."""
        verdict = _verdict(said["truth"], said["before"], said["after"])
        self._counts[said["set"], verdict] += 1
        if self._counts[said["set"], verdict] > OF_A_KIND:
            return
        file = f"{len(self._kept):04d}.jpg"
        cv2.imwrite(str(self._out / file), _shown(image, box), [cv2.IMWRITE_JPEG_QUALITY, 88])
        self._kept.append({**said, "verdict": verdict, "file": file})

    def told(self) -> dict[str, Any]:
        """What was worse comes first."""
        order = {"worse": 0, "better": 1, "other": 2}
        counts = [{"set": name, "verdict": verdict, "count": count} for (name, verdict), count in sorted(self._counts.items())]
        return {"counts": counts, "shown": sorted(self._kept, key=lambda one: order[one["verdict"]])}


def _verdict(truth: object, before: object, after: object) -> str:
    if after == truth:
        return "better"
    return "worse" if before == truth else "other"


def _shown(image: Image, box: Box | None) -> Image:
    """The well with some of what is around it, no larger than is looked at."""
    if box is not None:
        height, width = image.shape
        x, y = MARGIN * box.width, MARGIN * box.height
        x0, y0 = max(round(box.x0 - x), 0), max(round(box.y0 - y), 0)
        x1, y1 = min(round(box.x1 + x), width), min(round(box.y1 + y), height)
        if x1 > x0 and y1 > y0:
            image = image[y0:y1, x0:x1]
    scale = SIDE_PX / max(image.shape)
    size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC).astype("uint8")
