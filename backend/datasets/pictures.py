"""The pictures of items: named by a reference that says which, shown as JPEG, taken through steps by a decoder process."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PIL import Image

from backend.accounts.actor import NOT_HERE, Actor
from backend.core.errors import Refused
from backend.datasets.models import DataSetItem
from backend.datasets.values import Box
from backend.imaging import frames
from backend.imaging.models import Stack
from backend.imaging.selectors import SHOWABLE
from backend.labels.models import Picture

KEY = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
WHOLE = re.compile(rf"p-{KEY}")
CUT = re.compile(rf"s-{KEY}-([0-9]{{1,9}})-([0-9]{{1,4}})(?:-([0-9]{{1,6}})-([0-9]{{1,6}})-([0-9]{{1,6}})-([0-9]{{1,6}}))?")
QUALITY = 88


@dataclass(frozen=True)
class Shown:
    """One picture as a decoder finds it: the bytes of which hash, which frame of them, and which part."""

    sha256: str
    owner: str
    name: str
    index: int = 0
    plane: int = 0
    cut: Box | None = None

    @property
    def tag(self) -> str:
        return f"{self.sha256[:16]}-{self.index}-{self.plane}-{'' if self.cut is None else '-'.join(f'{side:.0f}' for side in self.cut)}"


def reference_of(item: DataSetItem) -> str:
    """What names the item's picture, also of a draft: `p-<picture>`, or `s-<recording>-<frame>-<plane>-<x0>-<y0>-<x1>-<y1>`."""
    if item.picture_id is not None:
        return f"p-{item.picture_id}"
    cut = "" if item.cut is None else "".join(f"-{round(side)}" for side in item.cut)
    return f"s-{item.stack_id}-{item.frame_index}-{item.plane}{cut}"


def picture_visible_to(actor: Actor, lab_id: UUID, reference: str) -> Shown:
    """The picture of this lab that the reference names; 404 for anything else."""
    lab = actor.require(lab_id)
    if named := WHOLE.fullmatch(reference):
        picture = Picture.objects.filter(id=named[1], lab=lab).select_related("stack").defer("stack__hours_since_start").first()
        if picture is not None:
            return shown_of(picture)
    elif named := CUT.fullmatch(reference):
        stack = Stack.objects.filter(id=named[1], lab=lab, state__in=SHOWABLE).defer("hours_since_start").first()
        frame, plane = int(named[2]), int(named[3])
        sides = None if named[4] is None else tuple(int(side) for side in named.groups()[3:7])
        if stack is not None and frame < stack.frame_count and plane < max(1, len(stack.planes)) and _is_within(sides, stack):
            cut = None if sides is None else (float(sides[0]), float(sides[1]), float(sides[2]), float(sides[3]))
            return Shown(stack.sha256, str(lab.id), stack.name, frame, plane, cut)
    raise Refused("not_found", NOT_HERE, http_status=404)


def shown_of(picture: Picture) -> Shown:
    if picture.stack_id is not None:
        return Shown(picture.sha256, str(picture.lab_id), picture.name, picture.frame_index or 0, picture.plane or 0)
    return Shown(picture.sha256, str(picture.lab_id), picture.name)


def _is_within(sides: tuple[int, ...] | None, stack: Stack) -> bool:
    return sides is None or (sides[0] < sides[2] <= stack.width_px and sides[1] < sides[3] <= stack.height_px)


def jpeg_of(shown: Shown, width: int) -> bytes:
    """Our own grey JPEG, at most so wide, 0 for its own width; raises DecodingRefused."""
    whole = frames.Picture(shown.sha256, shown.index, shown.plane, width if shown.cut is None else 0)
    jpeg = frames.jpeg_of(whole, owner=shown.owner, name=shown.name)
    if shown.cut is None:
        return jpeg
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as frame:
        x0, y0, x1, y1 = (round(side) for side in shown.cut)
        cut = frame.convert("L").crop((x0, y0, x1, y1))
    if width and width < cut.width:
        cut = cut.resize((width, max(1, round(cut.height * width / cut.width))), Image.Resampling.BOX, reducing_gap=2.0)
    written = io.BytesIO()
    cut.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()


def stepped_of(
    shown: Shown, *, boxes: Sequence[Sequence[float]], steps: Sequence[dict[str, Any]], at_random: bool, seed: int
) -> tuple[bytes, dict[str, Any]]:
    """JPEG after the steps, and `{width_px, height_px, boxes, kept}`; raises DecodingRefused."""
    return _asked(shown, {"boxes": list(boxes), "steps": list(steps), "at_random": at_random, "seed": seed, "form": "jpeg"})


def png_of(shown: Shown) -> bytes:
    """The picture as a grey PNG, every value as it was read; raises DecodingRefused."""
    return _asked(shown, {"boxes": [], "steps": [], "at_random": False, "seed": 0, "form": "png"})[0]


def _asked(shown: Shown, request: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    asked = request | {"frame": shown.index, "plane": shown.plane, "cut": shown.cut and [round(side) for side in shown.cut]}
    return frames.prepared(shown.sha256, asked, owner=shown.owner, name=shown.name)
