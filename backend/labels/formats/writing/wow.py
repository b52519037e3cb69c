"""The lab's own convention for dishes: a well is an ellipse, its content choices of the same region, the whole picture choices too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

from backend.labels.formats.values import Content, Json, WellLabel
from backend.labels.formats.writing.config import Control, xml_of

Origin = Literal["manual", "prediction", "prediction-changed"]
Box = tuple[float, float, float, float]
CHOICES: Mapping[Content, tuple[str, ...]] = {"empty": (), "embryo": ("E",), "embryo_gas": ("E", "B"), "gas": ("B",)}
CONTROLS = (
    Control("EllipseLabels", "well", "image", ("Well",)),
    Control("Choices", "content", "image", ("E", "B"), is_per_region=True, is_multiple=True),
    Control("Choices", "whole", "image", ("Z", "U"), is_multiple=True),
)


@dataclass(frozen=True, slots=True)
class Controls:
    """The names that a project's configuration has for the parts of the convention."""

    well: str = "well"
    label: str = "Well"
    content: str = "content"
    whole: str = "whole"
    image: str = "image"


def config() -> str:
    """The labelling configuration of the convention."""
    return xml_of({"image": ("Image", "image")}, CONTROLS)


def controls_in(xml: str) -> Controls | None:
    """The names in a project's own configuration; None where it cannot hold ellipses with their contents."""
    if "<!" in xml.replace("<!--", ""):
        return None
    try:
        tags = list(ElementTree.fromstring(xml).iter())  # noqa: S314 - without a document type there is nothing to expand
    except ElementTree.ParseError:
        return None
    shapes = [tag for tag in tags if tag.tag == "EllipseLabels" and tag.get("name") and tag.get("toName")]
    for shape in shapes:
        choices = [tag for tag in tags if tag.tag == "Choices" and tag.get("toName") == shape.get("toName")]
        content = next((tag for tag in choices if tag.get("perRegion") == "true" and {"E", "B"} <= _offered(tag)), None)
        whole = next((tag for tag in choices if {"Z", "U"} <= _offered(tag)), None)
        label = next((tag.get("value") for tag in shape if tag.tag == "Label"), None)
        if content is not None and label:
            named = "" if whole is None else str(whole.get("name"))
            return Controls(str(shape.get("name")), label, str(content.get("name")), named, str(shape.get("toName")))
    return None


def _offered(tag: ElementTree.Element) -> set[str]:
    return {str(found) for choice in tag.iter("Choice") for found in (choice.get("alias"), choice.get("value")) if found}


def dish_results(
    wells: Sequence[WellLabel],
    *,
    size: tuple[int, int],
    no_wells: bool = False,
    gas_outside: bool = False,
    origins: Mapping[str, Origin] | None = None,
    scores: Mapping[str, float] | None = None,
    controls: Controls | None = None,
) -> list[dict[str, Json]]:
    """The results of one picture; no choice means an empty well. `origins` and `scores` are by region."""
    named = controls or Controls()
    results: list[dict[str, Json]] = []
    for well in wells:
        shape = _ellipse(well.box_px, size)
        about = _about(size, (origins or {}).get(well.region, "manual"), named) | {"id": well.region}
        score = {"score": scores[well.region]} if scores and well.region in scores else {}
        place = {"meta": {"text": [_place(well)]}} if _place(well) else {}
        value = {**shape, "ellipselabels": [named.label]}
        results.append({**about, **score, **place, "type": "ellipselabels", "from_name": named.well, "value": value})
        if CHOICES[well.content]:
            chosen = {**shape, "choices": list(CHOICES[well.content])}
            results.append({**about, **score, "type": "choices", "from_name": named.content, "value": chosen})
    whole = ["Z"] * no_wells + ["U"] * gas_outside
    if whole and named.whole:
        about = _about(size, (origins or {}).get("whole", "manual"), named) | {"id": "whole"}
        results.append({**about, "type": "choices", "from_name": named.whole, "value": {"choices": whole}})
    return results


def _about(size: tuple[int, int], origin: Origin, named: Controls) -> dict[str, Json]:
    return {"to_name": named.image, "origin": origin, "original_width": size[0], "original_height": size[1], "image_rotation": 0}


def _ellipse(box: Box, size: tuple[int, int]) -> dict[str, Json]:
    """Centre and radii in percent of width and height."""
    x0, y0, x1, y1 = box
    across, down = 100 / size[0], 100 / size[1]
    return {
        "x": (x0 + x1) / 2 * across,
        "y": (y0 + y1) / 2 * down,
        "radiusX": (x1 - x0) / 2 * across,
        "radiusY": (y1 - y0) / 2 * down,
        "rotation": 0,
    }


def _place(well: WellLabel) -> str:
    return "" if well.row is None or well.column is None else f"{chr(ord('A') + well.row)}{well.column + 1}"
