"""A run's profiles as tables to be saved: one row an embryo, each with what told it."""

from __future__ import annotations

import csv
import io
import re
from typing import Any, get_args

from backend.analysis.models import Run
from backend.analysis.profiles import profiles_of
from backend.core.concealment import NOTHING, Hidden
from backend.imaging.names import attachment
from backend.live import events
from backend.live.events import IntervalValue, PhaseName

PHASES: tuple[str, ...] = get_args(PhaseName)
INTERVALS: tuple[str, ...] = get_args(IntervalValue.model_fields["name"].annotation)
Cell = str | int | float | None
# Spreadsheets run what begins like this.
FORMULA = re.compile(r"\s*[=+\-@\t\r\n|%＝＋－＠]")


def rows_of(run: Run, hidden: Hidden = NOTHING) -> list[dict[str, Any]]:
    """Every embryo of the run that is not hidden, with all that its figures rest on; wants the dish's cycle and patient loaded."""
    dish = run.stack.dish
    from_where = {
        "dish": dish.label if dish else "",
        "patient_code": dish.cycle.patient.code if dish else "",
        "cycle_label": dish.cycle.label if dish else "",
        "recording": run.stack.name,
        "run": run.id,
        "run_state": run.state,
        "wells_by": {"name": run.weights.name, "sha256": run.weights.sha256},
        "stages_by": {"name": run.stager.name, "sha256": run.stager.sha256} if run.stager else None,
        "code_version": run.code_version,
    }
    shown = [profile for profile in profiles_of(run) if profile.name not in hidden]
    return [from_where | {"bounds_in": _bounds_in(profile), "profile": profile.model_dump(mode="json")} for profile in shown]


def as_csv(run: Run, hidden: Hidden = NOTHING) -> str:
    """One line an embryo that is not hidden; hours are hours post insemination, and where nobody knows them bounds are frame numbers."""
    written = io.StringIO(newline="")
    lines = [_line(row) for row in rows_of(run, hidden)]
    table = csv.DictWriter(written, fieldnames=_columns(), lineterminator="\r\n")
    table.writeheader()
    table.writerows({name: _plain(cell) for name, cell in line.items()} for line in lines)
    return written.getvalue()


def saved_as(run: Run, suffix: str) -> str:
    """A Content-Disposition that names the dish."""
    label = run.stack.dish.label if run.stack.dish else run.stack.name
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", label).strip("-.") or "dish"
    whole = re.sub(r"[/\\]", "-", label)
    return attachment(f"{whole}-profiles.{suffix}", f"{plain[:60]}-profiles.{suffix}")


def _columns() -> list[str]:
    onsets = [f"{phase}_{part}" for phase in PHASES for part in ("hpi", "low", "high", "confidence", "frame", "is_censored")]
    intervals = [f"{name}_{part}" for name in INTERVALS for part in ("value", "low", "high", "confidence")]
    return [*_OPENING, *onsets, *intervals, "events", *_PROVENANCE]


_OPENING = ("dish", "well", "patient_code", "cycle_label", "is_final", "is_coarse", "frames_called", "last_stage", "last_frame",
            "last_hpi", "bounds_in")  # fmt: skip
_PROVENANCE = ("recording", "run", "run_state", "wells_weights", "wells_sha256", "stages_weights", "stages_sha256", "code_version")


def _line(row: dict[str, Any]) -> dict[str, Cell]:
    profile = row["profile"]
    last = profile["last"] or {}
    stages_by = row["stages_by"] or {"name": "", "sha256": ""}
    line: dict[str, Cell] = {name: row[name] for name in ("dish", "patient_code", "cycle_label", "bounds_in", "recording", "code_version")}
    line |= {"well": profile["name"], "frames_called": profile["frames_called"]}
    line |= {"is_final": _yes(profile["is_final"]), "is_coarse": _yes(profile["is_coarse"])}
    line |= {
        "last_stage": last.get("stage"),
        "last_frame": last.get("frame_index"),
        "last_hpi": last.get("hours_post_insemination"),
    }
    line |= {"run": str(row["run"]), "run_state": row["run_state"]}
    line |= {"wells_weights": row["wells_by"]["name"], "wells_sha256": row["wells_by"]["sha256"]}
    line |= {"stages_weights": stages_by["name"], "stages_sha256": stages_by["sha256"]}
    for onset in profile["onsets"]:
        phase = onset["phase"]
        line |= {f"{phase}_{part}": onset[part] for part in ("low", "high", "confidence")}
        line |= {f"{phase}_hpi": onset["hours_post_insemination"], f"{phase}_frame": onset["frame_index"]}
        line[f"{phase}_is_censored"] = _yes(onset["is_censored"])
    for interval in profile["intervals"]:
        line |= {f"{interval['name']}_{part}": interval[part] for part in ("value", "low", "high", "confidence")}
    line["events"] = "; ".join(_told(event) for event in profile["events"])
    return line


def _told(event: dict[str, Any]) -> str:
    return f"{event['kind']} frames {event['first_frame']}-{event['last_frame']} ({event['confidence']:.2f}): {event['detail']}"


def _bounds_in(profile: events.ProfileValue) -> str:
    return "frames" if any(onset.hours_post_insemination is None for onset in profile.onsets) else "hours"


def _yes(claim: bool) -> str:
    return "yes" if claim else "no"


def _plain(cell: Cell) -> Cell:
    """Numbers stay numbers; text that a spreadsheet would run is kept from it by an apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell
