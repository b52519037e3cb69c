"""What the machine's latest finished run says of each place, in the fields that people judge."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backend.analysis.models import EmbryoProfile, Run, Well
from backend.analysis.profile_values import profile_value
from backend.analysis.values import place_name
from backend.live import events


@dataclass(frozen=True)
class MachineSays:
    """The wells and profiles of one finished run, by place."""

    run: Run | None = None
    wells: dict[str, Well] = field(default_factory=dict)
    profiles: dict[str, events.ProfileValue] = field(default_factory=dict)

    def of(self, place: str, name: str) -> Any:
        """What it says of a field such as `onsets.t2` or `wells.A1.content`, as JSON; None where nothing."""
        section, _, key = name.partition(".")
        profile = self.profiles.get(place)
        if section == "onsets" and profile:
            return next((onset.model_dump(mode="json") for onset in profile.onsets if onset.phase == key), None)
        if section == "events" and profile:
            return next((event.model_dump(mode="json") for event in profile.events if event_key(event) == key), None)
        if section == "layout":
            return self.run.layout if self.run else None
        well = self.wells.get(place) if section == "wells" else None
        if well is not None:
            return {"content": well.content, "box": well.box}.get(key.partition(".")[2])
        return None


NOTHING = MachineSays()


def event_key(event: events.EmbryoEventValue) -> str:
    return f"{event.kind}@{event.first_frame}"


def latest_finished(stack_ids: Collection[UUID]) -> dict[UUID, Run]:
    """The latest finished run of each recording that has one."""
    runs = Run.objects.filter(stack_id__in=stack_ids, state=Run.State.FINISHED).order_by("created_at", "id")
    return {run.stack_id: run for run in runs}


def machine_says(stack_ids: Collection[UUID]) -> dict[UUID, MachineSays]:
    """By recording, in three queries however many they are; every recording has an answer."""
    runs = latest_finished(stack_ids)
    said = {run.id: MachineSays(run) for run in runs.values()}
    for well in Well.objects.filter(run__in=said):
        said[well.run_id].wells[place_name(well.row, well.column)] = well
    for profile in EmbryoProfile.objects.filter(run__in=said).defer("calls"):
        said[profile.run_id].profiles[place_name(profile.row, profile.column)] = profile_value(profile)
    return {stack_id: said[runs[stack_id].id] if stack_id in runs else NOTHING for stack_id in stack_ids}
