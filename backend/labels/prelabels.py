"""What our detector says of pictures that lie on a lab's Label Studio server."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.analysis.engine import DECODER_TIMEOUT_S, finder_of
from backend.core.files import ContentStore
from backend.imaging.decoding import DecodingRefused, open_in_child
from backend.imaging.models import Stack
from backend.labels.formats.values import WellLabel
from backend.labels.formats.writing.wow import Controls
from backend.labels.models import Picture
from backend.labels.recordings import FrameSaid, FrameWell, Recording
from backend.registry.models import Weights
from backend.registry.selectors import weights_in_use

SURE_ENOUGH = 0.5
"""What the finder itself calls less likely than not is no well; a lattice that could tell more needs a whole recording."""


@dataclass(frozen=True, slots=True)
class PreLabel:
    """A prediction as Label Studio takes it."""

    result: list[Any]
    score: float
    model_version: str


class Predictor:
    """Predictions for pictures, in the names that a project's configuration has for wells and contents."""

    def __init__(self, controls: Controls, *, looks_at_stills: bool) -> None:
        self._controls = controls
        self._looks_at_stills = looks_at_stills
        self._recordings: dict[UUID, Recording] = {}

    def known(self, pictures: Collection[Picture]) -> None:
        """Make ready for these: frames of one recording are asked for together."""
        frames: dict[UUID, list[int]] = {}
        stacks: dict[UUID, Stack] = {}
        for picture in pictures:
            if picture.stack is not None and picture.frame_index is not None:
                stacks[picture.stack.id] = picture.stack
                frames.setdefault(picture.stack.id, []).append(picture.frame_index)
        self._recordings = {key: Recording(stack, frames[key]) for key, stack in stacks.items()}

    def of(self, picture: Picture) -> PreLabel | None:
        """None where no detector says anything of it."""
        size = (picture.width, picture.height)
        if picture.stack_id is not None:
            recording = self._recordings.get(picture.stack_id)
            if recording is None or recording.run is None or picture.frame_index is None:
                return None
            return self._told(recording.by_machine(picture.frame_index), size, recording.model_version)
        if not self._looks_at_stills:
            return None
        weights = weights_in_use("wells", picture.lab_id)
        return None if weights is None else self._told(_seen(picture, weights), size, f"{weights.name}-{weights.sha256[:8]}")

    def _told(self, said: FrameSaid | None, size: tuple[int, int], model_version: str) -> PreLabel | None:
        if said is None:
            return None
        return PreLabel(said.results(size, self._controls), said.score or 0.0, model_version)


def _seen(picture: Picture, weights: Weights) -> FrameSaid | None:
    """What the finder in use sees in a picture of its own; None for one that cannot be read."""
    try:
        with open_in_child(ContentStore().path_of(picture.sha256), name=picture.name, timeout_s=DECODER_TIMEOUT_S) as still:
            sighting = finder_of(weights).find([still.read(0)])[0]
    except (DecodingRefused, FileNotFoundError):
        return None
    wells = []
    for number, one in enumerate(each for each in sighting.candidates if each.confidence >= SURE_ENOUGH):
        box = (one.box.x0, one.box.y0, one.box.x1, one.box.y1)
        label = WellLabel(box, one.content.value, f"well-{number + 1}")
        wells.append(FrameWell(label, "machine", round(one.confidence, 4)))
    return FrameSaid(tuple(wells), no_wells=not wells, gas_outside=sighting.gas_outside_wells >= SURE_ENOUGH)
