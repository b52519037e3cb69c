"""A page that knows a dish by one snapshot and the events after it, as the interface does."""

from __future__ import annotations

import json
from typing import Any


class Page:
    """`state` holds what a fresh snapshot would, save for the number of the last event."""

    def __init__(self, snapshot: Any) -> None:
        plain = json.loads(json.dumps(snapshot, default=str))
        self._seq = plain.pop("live_seq")
        # Pages are told the newest calls only, a few times a second; a snapshot has them all.
        del plain["calls"]
        self.state: dict[str, Any] = {**plain, "wells": {_place(well): well for well in plain["wells"]}}

    def apply(self, seq: int, event: dict[str, Any]) -> None:
        if seq <= self._seq:
            return
        self._seq = seq
        getattr(self, "_" + event["type"].replace(".", "_"))(event)
        self._count()

    def _run_queued(self, event: dict[str, Any]) -> None:
        self._set_run(event["run"])
        self.state |= {"wells": {}, "key_frames": [], "content_changes": [], "alerts": [], "profiles": []}

    _run_started = _run_queued

    def _run_ended(self, event: dict[str, Any]) -> None:
        self._set_run(event["run"])

    def _run_progressed(self, event: dict[str, Any]) -> None:
        self._set_run(self.state["run"] | {"frames_done": event["frames_done"], "frames_total": event["frames_total"]})

    def _frames_followed(self, event: dict[str, Any]) -> None:
        """Placements are loaded over REST."""

    def _wells_found(self, event: dict[str, Any]) -> None:
        before = self.state["key_frames"][-1:]
        if not any(key["is_lattice_consistent"] and key["layout"] == event["layout"] for key in before):
            self.state["wells"] = {}
            self.state["profiles"] = []
        if event["layout"]:
            self._set_run(self.state["run"] | {"layout": event["layout"]})
        self.state["key_frames"].append({key: value for key, value in event.items() if key not in ("type", "run_id")})
        self.state["wells"] |= {_place(well): well for well in event["wells"]}

    def _well_classified(self, event: dict[str, Any]) -> None:
        well = event["well"]
        change = {key: well[key] for key in ("row", "column", "name", "content", "confidence")}
        self.state["content_changes"].append(change | {"frame_index": event["frame_index"], "previous": event["previous"]})
        self.state["wells"][_place(well)] = well

    def _dish_settled(self, event: dict[str, Any]) -> None:
        self.state["wells"] = {_place(well): well for well in event["wells"]}
        self._set_run(self.state["run"] | {"layout": event["layout"]})

    def _stages_called(self, event: dict[str, Any]) -> None:
        """Single frames are shown until a profile says it better; they travel over REST as well."""

    def _profile_decoded(self, event: dict[str, Any]) -> None:
        profile = event["profile"]
        others = [other for other in self.state["profiles"] if _place(other) != _place(profile)]
        self.state["profiles"] = sorted([*others, profile], key=_place)

    def _dish_changed(self, event: dict[str, Any]) -> None:
        self.state["dish"]["label"] = event["label"]
        self._set_run(self.state["run"] | {"dish_label": event["label"]})

    def _alert_raised(self, event: dict[str, Any]) -> None:
        alert = {key: event[key] for key in ("kind", "frame_index", "place", "detail")}
        self.state["alerts"] = [*(other for other in self.state["alerts"] if other != alert), alert]

    def _set_run(self, run: dict[str, Any]) -> None:
        self.state |= {"run": run, "runs": [run, *(other for other in self.state["runs"] if other["id"] != run["id"])]}
        self.state["dish"]["run"] = run

    def _count(self) -> None:
        counts = dict.fromkeys(("empty", "embryo", "gas", "embryo_gas"), 0)
        for well in self.state["wells"].values():
            counts[well["content"]] += 1
        self.state["dish"] |= {"well_counts": counts, "alert_count": len(self.state["alerts"])}


def _place(well: dict[str, Any]) -> tuple[int, int]:
    return well["row"], well["column"]
