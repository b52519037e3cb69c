"""Writes reports, and into the record who took what away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from backend.accounts.actor import Actor
from backend.audit.services import record
from backend.exchange.contents import Scope
from backend.exchange.gathering import report_of
from backend.exchange.pdf import as_pdf
from backend.exchange.pdf_embryo import wanted_of
from backend.exchange.pictures import pictures_of
from backend.exchange.tables import as_csv, as_json_text, as_xlsx
from backend.exchange.words import Language
from backend.imaging.models import Cycle, Dish
from backend.imaging.names import attachment

Format = Literal["pdf", "xlsx", "csv", "json"]
KINDS = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


@dataclass(frozen=True)
class Written:
    """A file to be saved."""

    content: bytes
    kind: str
    disposition: str


@dataclass(frozen=True)
class Unfinished:
    """How many of the pictures that a report needs are there."""

    done: int
    wanted: int


def export_report(
    *,
    scope: Scope,
    cycle: Cycle,
    dishes: Sequence[Dish],
    place: str | None = None,
    suffix: Format,
    language: Language,
    must_be_complete: bool = False,
    actor: Actor,
) -> Written | Unfinished:
    """Write what the actor may see, and one row of the record that says what left the product.

    A report that must be complete is not written before every picture that can be had is there; ask again until it is.
    """
    report = report_of(scope=scope, cycle=cycle, dishes=dishes, actor=actor, places=None if place is None else [place])
    if suffix == "pdf":
        wanted = wanted_of(report)
        pictures = pictures_of(wanted)
        if must_be_complete and pictures.waiting:
            return Unfinished(len(wanted) - pictures.waiting, len(wanted))
        content = as_pdf(report, pictures.found, language)
    elif suffix == "xlsx":
        content = as_xlsx(report, language)
    else:
        content = as_csv(report) if suffix == "csv" else as_json_text(report)
    with transaction.atomic():
        record(
            actor=actor.user,
            lab_id=cycle.patient.lab_id,
            action="report.exported",
            subject=_subject(scope, cycle, dishes, place),
            after={
                "format": suffix,
                "language": language,
                "embryos": [f"{dish.label} {embryo.place}" for dish, embryo in report.embryos],
                "left_out": [f"{dish.label} {hidden}" for dish in report.dishes for hidden in dish.hidden],
            },
        )
    return Written(content, KINDS[suffix], _saved_as(scope, cycle, dishes, place, suffix))


def _subject(scope: Scope, cycle: Cycle, dishes: Sequence[Dish], place: str | None) -> str:
    if scope == "cycle":
        return f"cycle {cycle.id}"
    return f"dish {dishes[0].id}" if place is None else f"dish {dishes[0].id} {place}"


def _saved_as(scope: Scope, cycle: Cycle, dishes: Sequence[Dish], place: str | None, suffix: str) -> str:
    """A Content-Disposition that names the dish, or the patient's code and the cycle."""
    label = f"{cycle.patient.code}-{cycle.label}" if scope == "cycle" else dishes[0].label + (f"-{place}" if place else "")
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", label).strip("-.") or scope
    whole = re.sub(r"[/\\]", "-", label)
    return attachment(f"{whole}-report.{suffix}", f"{plain[:60]}-report.{suffix}")
