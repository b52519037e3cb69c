"""Profiles of a run, read only: one embryo with all its frames, or all embryos for a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, cast

from backend.analysis.compact import Called, coarse_of, unpack
from backend.analysis.models import EmbryoProfile, Run, StageCalls
from backend.analysis.profile_values import profile_value
from backend.analysis.values import place_name
from backend.core.errors import Refused
from backend.imaging.selectors import hours_of
from backend.live import events

PLACE = re.compile(r"([A-Z])([1-9][0-9]?)")


def embryo_profile(run: Run, place: str) -> dict[str, Any]:
    """The profile of the embryo at a place such as A1, what named its stages, and every frame called so far."""
    named = PLACE.fullmatch(place)
    row, column = (ord(named[1]) - ord("A"), int(named[2]) - 1) if named else (-1, -1)
    kept = EmbryoProfile.objects.filter(run=run, row=row, column=column).first() if named else None
    seen = _seen_alone(run, row, column) if named else {}
    if kept is None and not seen:
        raise Refused("no_profile", f"This run told of no embryo at {place[:20]}.", "Look at the dish for its embryos.", http_status=404)
    decoded = unpack(kept.calls) if kept else []
    profile = profile_value(kept) if kept else _not_decoded_yet(row, column, len(seen))
    return {"profile": profile.model_dump(mode="json"), "stager": _stager_of(run), "frames": _frames(run, decoded, seen, profile.is_final)}


def profiles_of(run: Run) -> list[events.ProfileValue]:
    """Every embryo's, in order of their wells; their calls are not read."""
    return [profile_value(profile) for profile in EmbryoProfile.objects.filter(run=run).defer("calls")]


def provisional_calls(run: Run, profiles: Iterable[EmbryoProfile]) -> dict[str, list[events.CallValue]]:
    """By place what single frames say alone while more is to come: those that no profile reaches yet, in order of frames."""
    ends = {(one.row, one.column): _end(one) for one in profiles}
    calls: dict[tuple[int, int], dict[int, Called]] = {}
    for row, column, packed in StageCalls.objects.filter(run=run).order_by("id").values_list("row", "column", "calls"):
        end = ends.get((row, column), -1)
        if end is not None:
            calls.setdefault((row, column), {}).update((call.frame_index, call) for call in unpack(packed) if call.frame_index > end)
    hours = hours_of(run.stack) if calls else []
    return {place_name(*place): [_alone(call, hours) for _, call in sorted(seen.items())] for place, seen in sorted(calls.items()) if seen}


def _end(profile: EmbryoProfile) -> int | None:
    """The last frame the profile tells of; None where nothing follows it."""
    if profile.is_final:
        return None
    return int(profile.last["frame_index"]) if profile.last else -1


def _alone(call: Called, hours: Sequence[float | None]) -> events.CallValue:
    hour = hours[call.frame_index] if call.frame_index < len(hours) else None
    return events.CallValue(
        frame_index=call.frame_index,
        hours_post_insemination=None if hour is None else round(hour, 3),
        stage=cast(events.StageName, call.stage),
        coarse=coarse_of(call.stage),
        confidence=call.confidence,
    )


def _stager_of(run: Run) -> dict[str, str] | None:
    return {"name": run.stager.name, "sha256": run.stager.sha256, "code_version": run.code_version} if run.stager else None


def _seen_alone(run: Run, row: int, column: int) -> dict[int, Called]:
    """What single frames told, by frame; of a frame that was told twice the later."""
    batches = StageCalls.objects.filter(run=run, row=row, column=column).order_by("id").values_list("calls", flat=True)
    return {call.frame_index: call for calls in batches for call in unpack(calls)}


def _not_decoded_yet(row: int, column: int, frames: int) -> events.ProfileValue:
    return events.ProfileValue(
        row=row,
        column=column,
        name=f"{chr(ord('A') + row)}{column + 1}",
        is_final=False,
        is_coarse=False,
        frames_called=frames,
        last=None,
        onsets=[],
        intervals=[],
        events=[],
    )


def _frames(run: Run, decoded: Iterable[Called], seen: dict[int, Called], is_final: bool) -> dict[str, list[Any]]:
    """Decoded calls where a profile reaches, and beyond it what frames say alone while more is to come."""
    calls = {call.frame_index: call for call in decoded}
    end = max(calls, default=-1)
    beyond = {} if is_final else {frame: call for frame, call in seen.items() if frame > end}
    everything = sorted({**calls, **beyond}.items())
    hours = hours_of(run.stack)
    sights = [seen.get(frame, call) for frame, call in everything]
    return {
        "frame_index": [frame for frame, _ in everything],
        "hours_post_insemination": [hours[frame] if frame < len(hours) else None for frame, _ in everything],
        "stage": [call.stage for _, call in everything],
        "confidence": [call.confidence for _, call in everything],
        "is_decoded": [frame in calls for frame, _ in everything],
        "focus": [sight.focus for sight in sights],
        "is_dark": [sight.is_dark for sight in sights],
        "is_out_of_view": [sight.is_out_of_view for sight in sights],
        "probabilities": [list(call.probabilities) for _, call in everything],
    }
