"""JSON of any size, entry by entry: memory does not grow with the file, and one bad entry does not hide the next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import ijson

from backend.labels.formats.values import Filled, Json, Unreadable

MOST_DEPTH = 100
MOST_VALUES = 3_000_000
"""Values of one entry: a polygon of a million points is a mistake, and the masks of one large picture are well below."""
MOST_TOKEN_BYTES = 256 * 1024**2
_BLOCK = 1 << 16
_OPENING = frozenset({"start_map", "start_array"})
_CLOSING = frozenset({"end_map", "end_array"})
_NOT_NUMBERS = re.compile(r"NaN|Infinity|numeric \(floating point\) overflow|integer overflow")


@dataclass(frozen=True, slots=True)
class Fault:
    """An entry that was passed over, and why."""

    code: str
    detail: str
    values: Filled = field(default_factory=dict)
    """As in a `Remark`."""


NUL = Fault("nul_in_text", "A text in it holds the character NUL, which cannot be kept.")
TOO_DEEP = Fault("too_deep", f"It is nested more than {MOST_DEPTH} levels deep.", {"n": MOST_DEPTH})
TOO_LARGE = Fault("task_too_large", f"It holds more than {MOST_VALUES:,} values; no labelled picture needs as many.", {"n": MOST_VALUES})


@dataclass(frozen=True, slots=True)
class Entry:
    """One element of the outer list, or one field of the outer object (one element of it, where the field is a list)."""

    field: str | None
    index: int | None
    value: Json | Fault


def entries(file: BinaryIO, name: str) -> Iterator[Entry]:
    """Every entry of a JSON file in its order; raises Unreadable where the file itself is broken, with the place."""
    watched = _Watched(file, name)
    events = ijson.basic_parse(watched, use_float=True, buf_size=_BLOCK)
    seen = 0
    try:
        kind, _ = next(events)
        watched.silent = 0
        if kind == "start_array":
            for entry in _elements(events, watched):
                yield Entry(None, seen, entry)
                seen += 1
        elif kind == "start_map":
            for field, index, entry in _fields(events, watched):
                seen += 1
                yield Entry(field, index, entry)
        else:
            raise Unreadable("not_an_export", f"{name} holds a single value, no list of tasks.", "Export from Label Studio as JSON.")
        for _ in events:
            pass
    except (ijson.IncompleteJSONError, ijson.JSONError, UnicodeDecodeError, StopIteration) as problem:
        raise _broken(name, problem, seen) from None


def _elements(events: Iterator[Any], watched: _Watched) -> Iterator[Json | Fault]:
    for kind, value in events:
        if kind == "end_array":
            return
        yield _value(events, kind, value, watched)


def _fields(events: Iterator[Any], watched: _Watched) -> Iterator[tuple[str, int | None, Json | Fault]]:
    known: set[str] = set()
    for kind, key in events:
        if kind == "end_map":
            return
        field = str(key)
        is_twice = field in known
        known.add(field)
        kind, value = next(events)
        if kind != "start_array":
            entry = _value(events, kind, value, watched)
            yield field, None, _twice(field) if is_twice else entry
            continue
        if is_twice:
            yield field, None, _twice(field)
        index = -1
        for index, entry in enumerate(_elements(events, watched)):
            yield field, index, entry
        if index < 0:
            yield field, None, []


def _twice(key: str) -> Fault:
    detail = f"The key {key[:60]!r} stands there twice; which of the two values holds cannot be known."
    return Fault("duplicate_key", detail, {"key": key[:60]})


def _value(events: Iterator[Any], kind: str, value: Any, watched: _Watched) -> Json | Fault:
    """Build one value from events, in one loop because a gigabyte is a hundred million of them; a faulty one is only passed over."""
    if kind not in _OPENING:
        watched.silent = 0
        return NUL if isinstance(value, str) and "\0" in value else value
    root: Any = {} if kind == "start_map" else []
    outer, key, count = root, "", 0
    stack: list[Any] = []
    for kind, value in events:
        watched.silent = 0
        count += 1
        if kind == "map_key":
            if value in outer:
                return _pass_over(events, len(stack) + 1, watched, _twice(value))
            key = value
            continue
        if kind in _CLOSING:
            if not stack:
                return root
            outer = stack.pop()
            continue
        item = {} if kind == "start_map" else [] if kind == "start_array" else value
        if kind == "string" and "\0" in value:
            return _pass_over(events, len(stack) + 1, watched, NUL)
        if outer.__class__ is list:
            outer.append(item)
        else:
            outer[key] = item
        if kind in _OPENING:
            stack.append(outer)
            outer = item
            if len(stack) > MOST_DEPTH:
                return _pass_over(events, len(stack) + 1, watched, TOO_DEEP)
        if count > MOST_VALUES:
            return _pass_over(events, len(stack) + 1, watched, TOO_LARGE)
    raise ijson.IncompleteJSONError("premature EOF")


def _pass_over(events: Iterator[Any], depth: int, watched: _Watched, fault: Fault) -> Fault:
    """Go on to the end of the value whose brackets are open `depth` times."""
    for kind, _ in events:
        watched.silent = 0
        if kind in _OPENING:
            depth += 1
        elif kind in _CLOSING:
            depth -= 1
            if not depth:
                return fault
    raise ijson.IncompleteJSONError("premature EOF")


class _Watched:
    """The file as the parser reads it; knows how much was read since the parser last told of something."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self.silent = 0

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.silent += len(block)
        if self.silent > MOST_TOKEN_BYTES:
            detail = f"A single text in {self._name} is longer than {MOST_TOKEN_BYTES // 1024**2} MiB."
            raise Unreadable("text_too_long", detail, "Export the labels without pictures in them.")
        return block


def _broken(name: str, problem: Exception, seen: int) -> Unreadable:
    said = str(problem)
    place = f"after task {seen:,}" if seen else "at its beginning"
    if _NOT_NUMBERS.search(said):
        hint = "Find it in the file, replace it by null or by a number, and import again."
        return Unreadable("not_a_number", f"{name} holds a number that JSON does not know, such as NaN, {place}.", hint)
    if "premature EOF" in said or isinstance(problem, StopIteration):
        return Unreadable("file_truncated", f"{name} ends in the middle, {place}.", "Export or download it again.")
    if "UTF8" in said or isinstance(problem, UnicodeDecodeError):
        return Unreadable(
            "wrong_encoding", f"{name} holds bytes that are not UTF-8, {place}.", "Save the file as UTF-8 and import it again."
        )
    if "trailing garbage" in said:
        return Unreadable(
            "not_json", f"{name} goes on behind its end, {place}.", "Export it again; nothing may stand behind the last bracket."
        )
    return Unreadable("not_json", f"{name} is not JSON, {place}.", "Export from Label Studio as JSON, and import that file as it is.")
