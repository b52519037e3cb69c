"""What a file holds and what it changes here, as one object for the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from backend.labels.comparing import Compared
from backend.labels.formats.counting import MOST_RUNS, Tally
from backend.labels.formats.reading import Reading
from backend.labels.formats.values import Remark

MOST_LISTED = 500
KINDS = ("annotation", "prediction", "draft")
STANDINGS = ("created", "matched", "changed")


class Report:
    """Counts what is new, the same and changed, task by task."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._standing: dict[str, Counter[str]] = {kind: Counter() for kind in ("task", *KINDS)}
        self._pictures: Counter[str] = Counter()
        self._new: set[int] = set()

    def compared(self, one: Compared) -> None:
        """Count one task; one that comes in several rows is created once."""
        key = hash(one.key)
        if key not in self._new:
            self._new.add(key)
            is_changed = any(version.standing != "matched" for version in one.versions)
            self._standing["task"]["created" if one.is_new else "changed" if is_changed else "matched"] += 1
            self._pictures[self._picture(one)] += 1
        for version in one.versions:
            self._standing[version.annotation.kind][version.standing] += 1

    def as_json(self, tally: Tally, remarks: Sequence[Remark], conflicts: int) -> dict[str, Any]:
        warnings = [*self._reading.remarks, *remarks, *tally.remarks]
        return {
            "summary": {
                "read": self._reading.tasks_seen,
                "tasks": tally.tasks,
                "annotations": tally.annotations,
                "annotators": len(tally.annotators),
                "regions": tally.regions,
                "predictions": tally.predictions,
                "drafts": tally.drafts,
                "skipped_tasks": tally.skipped_tasks,
                "empty_annotations": tally.empty_annotations,
                "unlabelled_tasks": tally.unlabelled_tasks,
                "unknown": dict(tally.unknown),
            },
            "annotators": [{"name": name, "count": count} for name, count in tally.annotators.most_common(MOST_RUNS)],
            "runs": [{"name": name, "count": count} for name, count in tally.runs.most_common(MOST_RUNS)],
            "wells": dict(tally.wells),
            "phases": dict(tally.phases),
            "plan": {f"{kind}s": {name: counts[name] for name in STANDINGS} for kind, counts in self._standing.items()},
            "pictures": {name: self._pictures[name] for name in ("in_file", "here", "several", "missing")},
            "skipped": [remark.as_json() for remark in self._reading.faults[:MOST_LISTED]],
            "skipped_count": self._reading.fault_count,
            "warnings": [remark.as_json() for remark in warnings[:MOST_LISTED]],
            "warning_count": len(self._reading.remarks) + len(remarks) + tally.remark_count,
            "conflict_count": conflicts,
            "done": None,
        }

    def _picture(self, one: Compared) -> str:
        candidates = one.prepared.match.candidates
        if len(candidates) > 1:
            return "several"
        if not candidates:
            return "missing"
        return "in_file" if candidates[0].kind == "file" else "here"
