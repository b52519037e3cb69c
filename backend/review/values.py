"""The values that people give: which fields there are, and what each may hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from backend.core.errors import Refused
from backend.imaging.models import Stack
from backend.live.events import ContentName, PhaseName
from backend.review.measuring import crosses_itself

PLACE = re.compile(r"([A-J])([1-9]|10)")
PHASES: tuple[str, ...] = get_args(PhaseName)
KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
EVENT_KEY = re.compile(r"([a-z0-9_]{1,40})@(0|[1-9][0-9]{0,8})")
LAYOUT = re.compile(r"([1-9]|10)x([1-9]|10)")
MACHINE_PROFILE = "profile.machine"
"""The verdict on the machine's whole profile: rejected, it counts no more, and nothing is said of what is right instead."""
MOST_OF_A_KIND = 200
"""Events or measurements of one embryo; nobody makes so many by hand."""


@dataclass(frozen=True)
class FieldChange:
    """One field as it shall be; None takes back what was said."""

    field: str
    value: Any
    reason: str = ""


def _plain(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a zero byte")
    return text


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


Frame = Annotated[int, Field(ge=0, le=2**31 - 1)]
Number = Annotated[float, Field(ge=-1e6, le=1e6)]
Told = Annotated[Any, Field(exclude=True)]


class _Onset(_Said):
    frame_index: Frame
    source: Literal["own", "machine"] = "own"


class _Absent(_Said):
    is_absent: Literal[True]


class _Event(_Said):
    kind: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    first_frame: Frame
    last_frame: Frame
    verdict: Literal["accepted", "rejected", "added"]


class _Measurement(_Said):
    kind: Literal["line", "circle", "polygon"]
    frame_index: Frame
    plane: Annotated[int, Field(ge=0, le=1000)]
    points: Annotated[list[Annotated[list[Number], Field(min_length=2, max_length=2)]], Field(min_length=2, max_length=200)]
    label: Annotated[str, Field(max_length=120), AfterValidator(_plain)] = ""
    # A page may send back what it was told. What it measures follows from the points, so that is reckoned here and never believed.
    um: Told = None
    um2: Told = None
    px: Told = None
    px2: Told = None
    calibration: Told = None
    hours_post_insemination: Told = None


class _Rejected(_Said):
    verdict: Literal["rejected"]


class _ContentFrom(_Said):
    from_frame: Frame
    content: ContentName


class _BoxAt(_Said):
    frame_index: Frame
    box: Annotated[list[Number], Field(min_length=4, max_length=4)]


_ONSET: TypeAdapter[Any] = TypeAdapter(_Onset)
_ABSENT: TypeAdapter[Any] = TypeAdapter(_Absent)
_EVENT: TypeAdapter[Any] = TypeAdapter(_Event)
_MEASUREMENT: TypeAdapter[Any] = TypeAdapter(_Measurement)
_REJECTED: TypeAdapter[Any] = TypeAdapter(_Rejected)
GRADES: dict[str, TypeAdapter[Any]] = {
    "expansion": TypeAdapter(Annotated[int, Field(strict=True, ge=1, le=6)]),
    "icm": TypeAdapter(Literal["A", "B", "C", "D"]),
    "te": TypeAdapter(Literal["A", "B", "C", "D"]),
    "fragmentation": TypeAdapter(Literal["none", "mild", "severe"]),
    "evenness": TypeAdapter(Literal["even", "uneven"]),
    "pn_count": TypeAdapter(Annotated[int, Field(strict=True, ge=0, le=4)]),
    "multinucleation": TypeAdapter(Literal["none", "at_2", "at_4", "at_both"]),
}
_CONTENT: TypeAdapter[Any] = TypeAdapter(Annotated[list[_ContentFrom], Field(min_length=1, max_length=MOST_OF_A_KIND)])
_BOX: TypeAdapter[Any] = TypeAdapter(_BoxAt)
_YES: TypeAdapter[Any] = TypeAdapter(Literal[True])
_RANGES: TypeAdapter[Any] = TypeAdapter(
    Annotated[list[Annotated[list[Frame], Field(min_length=2, max_length=2)]], Field(max_length=5000)], config=ConfigDict(strict=True)
)
WELL_FIELDS = {"content": _CONTENT, "box": _BOX, "is_removed": _YES, "is_added": _YES}


def place_of(text: str) -> tuple[int, int]:
    """Row and column of a place such as A1; 404 for anything else."""
    named = PLACE.fullmatch(text)
    if named is None:
        raise Refused("not_found", f"{text[:20]!r} names no well.", "Wells are called A1 to J10.", http_status=404)
    return ord(named[1]) - ord("A"), int(named[2]) - 1


def reading_value(change: FieldChange, stack: Stack) -> Any:
    """The change's value as a reading keeps it; refuses a field that does not exist and a value that it cannot hold."""
    section, _, key = change.field.partition(".")
    if section == "onsets" and key in PHASES:
        is_absent = isinstance(change.value, dict) and "is_absent" in change.value
        said = _read(_ABSENT if is_absent else _ONSET, change)
        return said and _within(said, stack, change.field)
    if section == "events" and (named := EVENT_KEY.fullmatch(key)):
        said = _read(_EVENT, change)
        if said and (said["kind"], said["first_frame"]) != (named[1], int(named[2])):
            raise _wrong(change.field, f"the key of this event is {said['kind']}@{said['first_frame']}")
        return said and _within(said, stack, change.field)
    if section == "grades" and key in GRADES:
        return _read(GRADES[key], change)
    if section == "measurements" and KEY.fullmatch(key):
        said = _read(_MEASUREMENT, change)
        return said and _measured(said, stack, change.field)
    if change.field == MACHINE_PROFILE:
        return _read(_REJECTED, change)
    raise _unknown(change.field)


def correction_value(change: FieldChange, stack: Stack) -> Any:
    """The same for what is put right about the dish."""
    if change.field == "layout":
        if change.value in (None, ""):
            return None
        if not isinstance(change.value, str) or not LAYOUT.fullmatch(change.value):
            raise _wrong(change.field, "a layout looks like 4x3: rows x columns, each 1 to 10")
        return change.value
    if change.field == "unusable":
        said = _read(_RANGES, change)
        return _joined(said, stack) if said else None
    section, _, rest = change.field.partition(".")
    place, _, what = rest.partition(".")
    if section != "wells" or not PLACE.fullmatch(place) or what not in WELL_FIELDS:
        raise _unknown(change.field)
    said = _read(WELL_FIELDS[what], change)
    if what == "content" and said:
        said = sorted({one["from_frame"]: one for one in said}.values(), key=lambda one: one["from_frame"])
        for one in said:
            _frame(one["from_frame"], stack, change.field)
    if what == "box" and said:
        _frame(said["frame_index"], stack, change.field)
        x0, y0, x1, y1 = said["box"]
        if not (0 <= x0 < x1 <= stack.width_px and 0 <= y0 < y1 <= stack.height_px):
            raise _wrong(change.field, f"a box is [left, top, right, bottom] within {stack.width_px} x {stack.height_px} px")
    return said


def _read(adapter: TypeAdapter[Any], change: FieldChange) -> Any:
    if change.value is None:
        return None
    try:
        said = adapter.validate_python(change.value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        # Its own words would name a class of ours.
        why = "it is made of named values" if first["type"] == "model_type" else first["msg"]
        raise _wrong(change.field, f"{where}: {why}" if where else why) from None
    return adapter.dump_python(said, mode="json")


def _within(said: dict[str, Any], stack: Stack, field: str) -> dict[str, Any]:
    frames = [said[name] for name in ("frame_index", "first_frame", "last_frame") if name in said]
    for frame in frames:
        _frame(frame, stack, field)
    if frames != sorted(frames):
        raise _wrong(field, "it ends before it begins")
    return said


def _measured(said: dict[str, Any], stack: Stack, field: str) -> dict[str, Any]:
    _frame(said["frame_index"], stack, field)
    if said["plane"] >= max(1, len(stack.planes)):
        raise _wrong(field, f"the recording has {len(stack.planes)} planes")
    if (len(said["points"]) == 2) if said["kind"] == "polygon" else (len(said["points"]) != 2):
        raise _wrong(field, "a line and a circle have 2 points, a polygon 3 or more")
    if not all(0 <= x <= stack.width_px and 0 <= y <= stack.height_px for x, y in said["points"]):
        raise _wrong(field, f"points lie within {stack.width_px} x {stack.height_px} px")
    if said["kind"] == "polygon" and crosses_itself(said["points"]):
        raise _wrong(field, "its sides cross each other, so it has no area")
    return said


def _joined(ranges: Sequence[Sequence[int]], stack: Stack) -> list[list[int]]:
    """In order, without overlaps."""
    joined: list[list[int]] = []
    for first, last in sorted(map(list, ranges)):
        _frame(last, stack, "unusable")
        if first > last:
            raise _wrong("unusable", f"[{first}, {last}] ends before it begins")
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([first, last])
    return joined


def _frame(index: int, stack: Stack, field: str) -> None:
    if index >= stack.frame_count:
        raise _wrong(field, f"the recording has {stack.frame_count} frames, counted from 0, and no frame {index}")


def _wrong(field: str, why: str) -> Refused:
    return Refused(
        "invalid_value", f"{field[:80]} cannot be this: {why}.", "Correct it and send it again; nothing of this change was kept."
    )


def _unknown(field: str) -> Refused:
    hint = "Look at the names of fields in the interface's description."
    return Refused("unknown_field", f"There is no field {field[:80]!r} that can be given a value.", hint)
