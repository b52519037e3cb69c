"""Small XML files, without documents types and entities."""

from __future__ import annotations

from typing import BinaryIO
from xml.etree import ElementTree
from xml.parsers import expat

from backend.labels.formats.values import Unreadable

_MOST_BYTES = 4 * 1024**2
_MOST_DEPTH = 60


def parse(file: BinaryIO, name: str) -> ElementTree.Element:
    """The outermost element; raises Unreadable for what is no XML, too large, too deep or declares a document type."""
    data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise Unreadable("xml_too_large", f"{name} has more than {_MOST_BYTES // 1024**2} MiB of XML.", "Export one file a picture.")
    parser = expat.ParserCreate()
    builder = ElementTree.TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _MOST_DEPTH:
            raise Unreadable("too_deep", f"{name} is nested more than {_MOST_DEPTH} levels deep.", "Export the labels again.")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_: object) -> None:
        raise Unreadable("xml_doctype", f"{name} declares a document type or an entity.", "Remove the DOCTYPE; exports have none.")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as problem:
        raise Unreadable("not_xml", f"{name} is no XML: {problem}.", "Export the labels again.") from None
    return builder.close()


def controls_of(root: ElementTree.Element) -> dict[str, tuple[str, str]]:
    """The controls of a labelling configuration: their tag, and what they label; empty for other XML."""
    if root.tag != "View":
        return {}
    found = ((element.get("name"), element.tag, element.get("toName")) for element in root.iter())
    return {key: (tag, to_name.split(",")[0]) for key, tag, to_name in found if key and to_name}


def aliases_of(root: ElementTree.Element) -> dict[str, str]:
    """What a configuration writes for a label, its alias, to the value that people saw."""
    found = ((element.get("alias"), element.get("value")) for element in root.iter() if element.tag in ("Label", "Choice"))
    return {alias: value for alias, value in found if alias and value}
