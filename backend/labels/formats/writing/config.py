"""Labelling configurations: the XML that tells Label Studio which controls the results of an export were made with."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree

from backend.labels.formats.values import Task

# By type of result: the control's tag, and the tag of its values where it has any.
TAGS: Mapping[str, tuple[str, str]] = {
    "rectanglelabels": ("RectangleLabels", "Label"),
    "ellipselabels": ("EllipseLabels", "Label"),
    "polygonlabels": ("PolygonLabels", "Label"),
    "keypointlabels": ("KeyPointLabels", "Label"),
    "brushlabels": ("BrushLabels", "Label"),
    "bitmasklabels": ("BitmaskLabels", "Label"),
    "vectorlabels": ("VectorLabels", "Label"),
    "labels": ("Labels", "Label"),
    "rectangle": ("Rectangle", ""),
    "ellipse": ("Ellipse", ""),
    "polygon": ("Polygon", ""),
    "keypoint": ("KeyPoint", ""),
    "brush": ("Brush", ""),
    "bitmask": ("Bitmask", ""),
    "vector": ("Vector", ""),
    "choices": ("Choices", "Choice"),
    "taxonomy": ("Taxonomy", "Choice"),
    "rating": ("Rating", ""),
    "number": ("Number", ""),
    "textarea": ("TextArea", ""),
    "datetime": ("DateTime", ""),
    "videorectangle": ("VideoRectangle", ""),
    "timelinelabels": ("TimelineLabels", "Label"),
    "timeserieslabels": ("TimeSeriesLabels", "Label"),
    "paragraphlabels": ("ParagraphLabels", "Label"),
    "hypertextlabels": ("HyperTextLabels", "Label"),
    "pairwise": ("Pairwise", ""),
}
VALUE_TAGS = dict(TAGS.values())
_UNSPEAKABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ON_VIDEO = {"videorectangle", "timelinelabels"}
ON_PICTURE = {"rectangle", "ellipse", "polygon", "keypoint", "brush", "bitmask", "vector"}
OBJECTS = {"timeserieslabels": "TimeSeries", "paragraphlabels": "Paragraphs", "hypertextlabels": "HyperText"}
PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".svg")
RECORDINGS = (".mp4", ".webm", ".avi", ".mov")
SOUNDS = (".mp3", ".wav", ".ogg", ".flac", ".m4a")


@dataclass(frozen=True, slots=True)
class Control:
    """A tag that makes results, the object it stands on, and the values it offers."""

    tag: str
    name: str
    to_name: str
    values: tuple[str, ...] = ()
    is_per_region: bool = False
    is_multiple: bool = False


class ConfigBuilder:
    """Learns from tasks, one after another, which controls and objects their results need."""

    def __init__(self) -> None:
        self._controls: dict[str, Control] = {}
        self._objects: dict[str, tuple[str, str]] = {}
        self._shown: tuple[str, str] | None = None
        self.unknown: Counter[str] = Counter()
        """Types of results that no configuration written here can offer again."""

    def add(self, task: Task) -> None:
        self._shown = self._shown or _shown_in(task.data)
        for said in task.annotations:
            results = [one for one in said.result if isinstance(one, dict)]
            drawn = {one.get("id") for one in results if _shape(one)}
            for one in results:
                if isinstance(one.get("from_name"), str) and isinstance(one.get("to_name"), str):
                    self._learn(one, one.get("id") in drawn and not _shape(one), task.data)

    def xml(self) -> str:
        # Where nothing was labelled yet, Label Studio still wants to know what a task shows.
        tag, key = self._shown or ("Image", "image")
        return xml_of(self._objects or {key: (tag, key)}, list(self._controls.values()))

    def _learn(self, one: Mapping[str, Any], is_of_region: bool, data: Mapping[str, Any]) -> None:
        kind = str(one.get("type", "")).lower()
        tag, _ = TAGS.get(kind, ("", ""))
        if not tag:
            self.unknown[kind] += 1
            return
        values = _values_of(one, kind)
        known = self._controls.get(one["from_name"]) or Control(tag, one["from_name"], one["to_name"])
        fresh = tuple(value for value in values if value not in known.values)
        self._controls[known.name] = replace(
            known,
            values=known.values + fresh,
            is_per_region=known.is_per_region or is_of_region,
            is_multiple=known.is_multiple or len(values) > 1,
        )
        for name in one["to_name"].split(","):
            key = name if name in data else next((key for key, value in data.items() if isinstance(value, str)), next(iter(data), name))
            found = _object_tag(kind, one.get("value"), data.get(key))
            # What is drawn tells more of the object than a choice about it.
            if name not in self._objects or self._objects[name][0] == "Text":
                self._objects[name] = (found, key)


def xml_of(objects: Mapping[str, tuple[str, str]], controls: Sequence[Control]) -> str:
    """The configuration; `objects` gives by name the tag and the key of the task's data that it shows."""
    view = ElementTree.Element("View")
    for name, (tag, key) in objects.items():
        ElementTree.SubElement(view, tag, {"name": name, "value": f"${key}"})
    for control in controls:
        said = {"name": control.name, "toName": control.to_name}
        if control.is_per_region:
            said["perRegion"] = "true"
        if control.is_multiple and control.tag == "Choices":
            said["choice"] = "multiple"
        if control.tag == "TextArea":
            said["maxSubmissions"] = "100"
        element = ElementTree.SubElement(view, control.tag, said)
        for value in control.values if VALUE_TAGS.get(control.tag) else ():
            _offer(element, VALUE_TAGS[control.tag], value)
    ElementTree.indent(view)
    # XML cannot carry control characters, not even escaped; a label that holds one is shown with a mark in its place.
    return _UNSPEAKABLE.sub("\ufffd", ElementTree.tostring(view, encoding="unicode")) + "\n"


def _offer(element: ElementTree.Element, tag: str, value: str) -> None:
    """A value; the levels of a taxonomy, joined by a line break, become one in the other."""
    for part in value.split("\n"):
        found = next((child for child in element if child.get("value") == part), None)
        element = found if found is not None else ElementTree.SubElement(element, tag, {"value": part})


def _values_of(one: Mapping[str, Any], kind: str) -> list[str]:
    value = one.get("value")
    said = value.get(kind) if isinstance(value, dict) else None
    if kind == "taxonomy" and isinstance(said, list):
        return ["\n".join(map(str, path)) for path in said if isinstance(path, list) and path]
    return [each for each in said if isinstance(each, str)] if isinstance(said, list) and VALUE_TAGS[TAGS[kind][0]] else []


def _shape(one: Mapping[str, Any]) -> bool:
    """Whether the result draws something, rather than speaking of something drawn."""
    kind = str(one.get("type", "")).lower().removesuffix("labels")
    return kind in ON_PICTURE or kind in ("videorectangle", "timeline", "timeseries", "paragraph", "hypertext")


def _object_tag(kind: str, value: Any, shown: Any) -> str:
    if kind in OBJECTS:
        return OBJECTS[kind]
    if kind in ON_VIDEO:
        return "Video"
    if kind.removesuffix("labels") in ON_PICTURE:
        return "Image"
    return _tag_by_name(shown) or ("Image" if isinstance(value, dict) and "width" in value else "Text")


def _shown_in(data: Mapping[str, Any]) -> tuple[str, str] | None:
    """The picture, recording or sound that the data names, else its first text: its tag and its key."""
    texts = {key: value for key, value in data.items() if isinstance(value, str)}
    named = next(((tag, key) for key, value in texts.items() if (tag := _tag_by_name(value))), None)
    return named or next((("Text", key) for key in texts), None)


def _tag_by_name(shown: Any) -> str:
    name = shown.lower().partition("?")[0] if isinstance(shown, str) and "\n" not in shown else ""
    for tag, ends in (("Image", PICTURES), ("Video", RECORDINGS), ("Audio", SOUNDS)):
        if name.endswith(ends) or name.startswith(f"data:{tag.lower()}/"):
            return tag
    return ""


def config_of(tasks: Iterable[Task]) -> str:
    """The configuration that these tasks need."""
    builder = ConfigBuilder()
    for task in tasks:
        builder.add(task)
    return builder.xml()
