"""Labelled recordings: phases as ranges on the time line, the well of the embryo as a box that follows it; frames count from 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.labels.formats.values import Json, PhaseLabel
from backend.labels.formats.writing.config import Control, xml_of
from backend.labels.formats.writing.wow import Origin


@dataclass(frozen=True, slots=True)
class KeyBox:
    """Where the well lies from this frame on; None: it cannot be seen from here."""

    frame: int
    box_px: tuple[float, float, float, float] | None


def config(phases: Sequence[str], contents: Sequence[str] = ("embryo", "embryo_gas", "gas", "empty")) -> str:
    """The labelling configuration of one embryo's recording."""
    controls = (
        Control("TimelineLabels", "phase", "video", tuple(phases)),
        Control("VideoRectangle", "box", "video"),
        Control("Labels", "well", "video", tuple(contents)),
    )
    return xml_of({"video": ("Video", "video")}, controls)


def phase_results(
    phases: Sequence[PhaseLabel], *, frames: int, origins: Sequence[Origin], scores: Sequence[float | None] = ()
) -> list[dict[str, Json]]:
    """One `timelinelabels` result a phase, in the given order; an open end reaches to the end of the recording."""
    results: list[dict[str, Json]] = []
    for number, (phase, origin) in enumerate(zip(phases, origins, strict=True)):
        score = scores[number] if number < len(scores) else None
        results.append(
            {
                "id": "-".join(filter(None, (phase.embryo, phase.phase))),
                "type": "timelinelabels",
                "from_name": "phase",
                "to_name": "video",
                "origin": origin,
                **({"parentID": phase.embryo} if phase.embryo else {}),
                **({} if score is None else {"score": score}),
                "value": {
                    "ranges": [{"start": phase.first_frame or 1, "end": phase.last_frame or frames}],
                    "timelinelabels": [phase.phase],
                },
            }
        )
    return results


def well_track(
    boxes: Sequence[KeyBox], *, frames: int, size: tuple[int, int], label: str, region: str = "well", origin: Origin = "manual"
) -> dict[str, Json]:
    """A `videorectangle` of the well; `enabled: false` where it is out of view."""
    sequence = []
    last: dict[str, Json] = {"x": 0.0, "y": 0.0, "width": 0.0, "height": 0.0}
    for key in boxes:
        if key.box_px is not None:
            x0, y0, x1, y1 = key.box_px
            last = {
                "x": 100 * x0 / size[0],
                "y": 100 * y0 / size[1],
                "width": 100 * (x1 - x0) / size[0],
                "height": 100 * (y1 - y0) / size[1],
            }
        sequence.append({"frame": key.frame, "enabled": key.box_px is not None, "rotation": 0, **last})
    return {
        "id": region,
        "type": "videorectangle",
        "from_name": "box",
        "to_name": "video",
        "origin": origin,
        "value": {"framesCount": frames, "sequence": sequence, "labels": [label]},
    }
