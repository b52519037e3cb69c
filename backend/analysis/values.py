"""Rows as the push channel and the REST interface say them."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from backend.analysis.models import Run, Well
from backend.live import events


def run_value(run: Run) -> events.RunValue:
    """The run as lists show it; wants `stack__dish` and `weights` loaded with it."""
    dish = run.stack.dish
    return events.RunValue(
        id=str(run.id),
        stack=str(run.stack_id),
        dish=str(run.stack.dish_id),
        dish_label=dish.label if dish else "",
        weights_name=run.weights.name,
        stager_name=run.stager.name if run.stager else "",
        state=cast(events.RunState, str(run.state)),
        attempts=run.attempts,
        frames_done=run.frames_done,
        frames_total=run.frames_total,
        layout=run.layout,
        error=events.RefusalValue(**run.error) if run.error else None,
        created_at=as_text(run.created_at),
        started_at=as_text(run.started_at) if run.started_at else None,
        finished_at=as_text(run.finished_at) if run.finished_at else None,
    )


def well_value(well: Well) -> events.WellValue:
    return events.WellValue(
        row=well.row,
        column=well.column,
        name=place_name(well.row, well.column),
        box=well.box,
        content=cast(events.ContentName, well.content),
        confidence=well.confidence,
        content_probabilities=well.content_probabilities,
        is_filled_in=well.is_filled_in,
    )


def place_name(row: int | None, column: int | None) -> str:
    """A1 is the upper left well; empty where no place is meant."""
    return "" if row is None or column is None else f"{chr(ord('A') + row)}{column + 1}"


def as_text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
