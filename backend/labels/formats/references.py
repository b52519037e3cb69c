"""What picture a task speaks of: told by the reference's text alone, for nothing that a file names is ever fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from backend.labels.formats.values import Json, PictureReference

PICTURES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".dcm")
RECORDINGS = (".mp4", ".avi", ".mov", ".m4v", ".webm", ".mkv")
_CLOUD = ("s3", "gs", "azure-blob", "azure-spi", "databricks")
_PREFIX = re.compile(r"^[0-9a-f]{8}-(?=.)")
_MOST = 2000
"""Longer texts are no names; a data: address shows its kind in its first characters."""

Scheme = Literal["upload", "local", "cloud", "web", "inline", "path"]


def references_in(data: dict[str, Json]) -> list[PictureReference]:
    """Every picture or recording that a task's data names, in the order of its keys."""
    return list(_found(data))


def picture_reference(data: dict[str, Json]) -> PictureReference | None:
    """The picture that was labelled, where there is exactly one place for it: the key `image`, or the first that names a picture."""
    found = references_in(data)
    return next((one for one in found if one.key in ("image", "img")), found[0] if found else None)


def reference_of(written: str, key: str, item_index: int | None = None, *, is_picture: bool = False) -> PictureReference | None:
    """The reference that a text is; None for a text that names no picture, unless it is known to."""
    text = written.strip()
    if text[:5].lower() == "data:":
        return PictureReference(written[:64], key, "", "", "inline", item_index) if text[5:11].lower() in ("image/", "video/") else None
    if not text or len(text) > _MOST or "\n" in text:
        return None
    scheme, path = _path(text)
    if scheme == "path" and not is_picture and not path.lower().endswith(PICTURES + RECORDINGS):
        return None
    if scheme == "web" and not is_picture and key not in _KEYS and not path.lower().endswith(PICTURES + RECORDINGS):
        return None
    path = "/".join(part for part in path.replace("\\", "/").split("/") if part not in ("", ".", ".."))
    name = path.rsplit("/", 1)[-1]
    return PictureReference(written, key, path, _PREFIX.sub("", name), scheme, item_index)


def bare(name: str) -> str:
    """A file's name without folders and without the 8 hexadecimal digits that Label Studio puts before it."""
    return _PREFIX.sub("", name.replace("\\", "/").rsplit("/", 1)[-1])


_KEYS = frozenset({"image", "img", "images", "video", "picture", "photo", "pages"})


def _found(data: dict[str, Json]) -> Iterator[PictureReference]:
    for key, value in data.items():
        if isinstance(value, str):
            one = reference_of(value, key)
            if one is not None:
                yield one
        elif isinstance(value, list):
            for index, item in enumerate(value[:10_000]):
                text = item if isinstance(item, str) else next(iter(_texts(item)), None)
                one = reference_of(text, key, index) if text is not None else None
                if one is not None:
                    yield one


def _texts(item: Json) -> Iterator[str]:
    if isinstance(item, dict):
        for key in ("url", "image", "src", "path"):
            if isinstance(item.get(key), str):
                yield item[key]


def _path(text: str) -> tuple[Scheme, str]:
    parts = _split(text)
    if parts is None:
        return "path", text
    scheme, netloc, path, query = parts
    if path.startswith("/data/local-files") or "/data/local-files/" in path:
        return "local", next(iter(parse_qs(query).get("d", [])), "") or path
    if "/data/upload/" in path:
        return "upload", unquote(path.split("/data/", 1)[1])
    if scheme in _CLOUD:
        return "cloud", unquote(f"{netloc}{path}")
    if scheme in ("http", "https"):
        return "web", unquote(f"{netloc}{path}")
    if scheme == "file":
        return "path", unquote(path)
    return "path", text


def _split(text: str) -> tuple[str, str, str, str] | None:
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    # A drive letter is no scheme.
    if len(parts.scheme) == 1:
        return None
    return parts.scheme.lower(), parts.netloc, parts.path, parts.query
