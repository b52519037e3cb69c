"""A report as tables: CSV with one line an embryo, a workbook for people, JSON for programs; all hold the same figures."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import xlsxwriter

from backend.analysis.profile_tables import FORMULA, INTERVALS, PHASES, Cell
from backend.exchange.contents import DishPart, EmbryoPart, MeasurementLine, OnsetLine, Report
from backend.exchange.pdf import title_of
from backend.exchange.pdf_measurements import calibration_told
from backend.exchange.words import Language, Speech
from backend.review.values import GRADES

WIDEST = 48


def as_json(report: Report) -> dict[str, Any]:
    """Everything, in the names of the API; where wells lie in frames is left to the API itself."""
    told = asdict(report)
    for dish in told["dishes"]:
        if dish["recording"] is not None:
            del dish["recording"]["lab"]
        for embryo in dish["embryos"]:
            del embryo["boxes"]
            embryo["scores"] = [score | {"grades": dict(score["grades"])} for score in embryo["scores"]]
        dish["without_embryo"] = [{"place": place, "content": content} for place, content in dish["without_embryo"]]
    return told


def as_json_text(report: Report) -> bytes:
    return json.dumps(as_json(report), ensure_ascii=False, indent=1, default=_in_json).encode()


def as_csv(report: Report) -> bytes:
    """One line an embryo for spreadsheets and programs; hours are hours post insemination."""
    written = io.StringIO(newline="")
    table = csv.DictWriter(written, fieldnames=_columns(), lineterminator="\r\n")
    table.writeheader()
    for dish, embryo in report.embryos:
        table.writerow({name: plain(cell) for name, cell in _line(report, dish, embryo).items()})
    # The mark at its beginning tells spreadsheets that this is UTF-8.
    return written.getvalue().encode("utf-8-sig")


def as_xlsx(report: Report, language: Language) -> bytes:
    """A workbook for people: embryos, onsets, intervals, events, readings and where it all comes from, a sheet each."""
    speech = Speech(language)
    written = io.BytesIO()
    # Rows are written as they come; the whole never lies in memory twice.
    with xlsxwriter.Workbook(written, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": title_of(report, speech), "comments": speech("research_use")})
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        for name, (head, rows) in _sheets(report, speech).items():
            sheet = book.add_worksheet(speech(f"sheet.{name}")[:31])
            widths = [len(title) for title in head]
            for column, title in enumerate(head):
                sheet.write_string(0, column, title, bold)
            for line, row in enumerate(rows, 1):
                for column, cell in enumerate(row):
                    _write(sheet, line, column, plain(cell))
                    widths[column] = max(widths[column], len(str(cell or "")))
            for column, width in enumerate(widths):
                sheet.set_column(column, column, min(max(width, 8), WIDEST) + 1)
            sheet.freeze_panes(1, 0)
    return written.getvalue()


def plain(cell: Cell) -> Cell:
    """Numbers stay numbers; text that a spreadsheet would run is kept from it by an apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell


def _write(sheet: Any, line: int, column: int, cell: Cell) -> None:
    if isinstance(cell, str):
        sheet.write_string(line, column, cell)
    elif cell is not None:
        sheet.write_number(line, column, cell)


def _columns() -> list[str]:
    onsets = [f"{phase}_{part}" for phase in PHASES for part in _ONSET_PARTS]
    intervals = [f"{name}_{part}" for name in INTERVALS for part in ("value", "low", "high", "source")]
    said = ["decision", "decision_reason", "decision_by", "fate", "readers", "signed_by"]
    return [*_OPENING, *onsets, *intervals, "events", *GRADES, "measurements", *said, *_PROVENANCE]


_OPENING = ("dish", "well", "patient_code", "cycle_label", "content", "content_source", "bounds_in")
_ONSET_PARTS = ("hpi", "frame", "low", "high", "confidence", "is_censored", "source", "by")
_PROVENANCE = ("recording", "run", "run_state", "wells_weights", "wells_sha256", "stages_weights", "stages_sha256", "code_version",
               "report_version")  # fmt: skip


def _line(report: Report, dish: DishPart, embryo: EmbryoPart) -> dict[str, Cell]:
    line: dict[str, Cell] = {"dish": dish.label, "well": embryo.place, "patient_code": report.patient_code}
    line |= {"cycle_label": report.cycle_label, "content": embryo.content, "content_source": embryo.content_source}
    line["bounds_in"] = embryo.bounds_in
    for onset in embryo.onsets:
        values = (onset.hours, onset.frame_index, onset.low, onset.high, onset.confidence, _yes(onset.is_censored), onset.source)
        line |= {f"{onset.phase}_{part}": value for part, value in zip(_ONSET_PARTS, (*values, onset.by_name), strict=True)}
    for each in embryo.intervals:
        line |= {f"{each.name}_value": each.value, f"{each.name}_low": each.low, f"{each.name}_high": each.high}
        line[f"{each.name}_source"] = each.source
    line["events"] = "; ".join(_told(event.kind, event.first_frame, event.last_frame, event.verdict) for event in embryo.events)
    line |= {grade.name: grade.value for grade in embryo.grades if grade.name in GRADES}
    line["measurements"] = "; ".join(_measured(one) for one in embryo.measurements)
    if embryo.decision is not None:
        said = embryo.decision
        line |= {"decision": said.value, "decision_reason": said.reason, "decision_by": said.by_name, "fate": said.fate}
    line["readers"] = "; ".join(reading.by_name for reading in embryo.readings)
    line["signed_by"] = "; ".join(_signed(embryo, lambda is_valid: "valid" if is_valid else "INVALID"))
    return line | _provenance(report, dish)


def _provenance(report: Report, dish: DishPart) -> dict[str, Cell]:
    machine = dish.machine
    line: dict[str, Cell] = {"recording": dish.recording.name if dish.recording else "", "report_version": report.made_with}
    if machine is None:
        return line
    line |= {"run": machine.run, "run_state": machine.state, "code_version": machine.code_version}
    line |= {"wells_weights": machine.wells_by.name, "wells_sha256": machine.wells_by.sha256}
    if machine.stages_by is not None:
        line |= {"stages_weights": machine.stages_by.name, "stages_sha256": machine.stages_by.sha256}
    return line


def _signed(embryo: EmbryoPart, standing: Callable[[bool], str]) -> Iterable[str]:
    for reading in embryo.readings:
        for one in reading.signatures:
            yield f"{one.by_name} ({one.meaning}, {one.at:%Y-%m-%d %H:%M} UTC, {standing(one.is_valid)})"


def _told(kind: str, first: int, last: int, verdict: str) -> str:
    return f"{kind} frames {first}-{last}" + (f" ({verdict})" if verdict else "")


def _measured(one: MeasurementLine) -> str:
    """In micrometres where it is calibrated, else in pixels."""
    length, area, unit = (one.px, one.px2, "px") if one.um is None else (one.um, one.um2, "um")
    named = f"{one.label} " if one.label else ""
    return f"{named}{one.kind} {length} {unit}" + (f", {area} {unit}2" if area is not None else "") + f" at frame {one.frame_index}"


Rows = list[Sequence[Cell]]


def _sheets(report: Report, speech: Speech) -> Mapping[str, tuple[list[str], Rows]]:
    named = speech.named
    opening = [speech("dish"), speech("well")]
    grades = [named("grade", name) for name in GRADES]
    phases = [f"{phase}, {speech('hours', value='').strip()}" for phase in PHASES]
    ending = [speech("events"), *grades, speech("decision"), speech("reason"), speech("fate")]
    sheets: dict[str, tuple[list[str], Rows]] = {
        "embryos": ([*opening, speech("patient"), speech("cycle"), speech("content"), *phases, *ending], []),
        "onsets": ([*opening, *_said(speech, "phase", "hours_hpi", "frame", "low", "high", "confidence", "source", "by", "at")], []),
        "intervals": ([*opening, *_said(speech, "interval", "value", "low", "high", "source")], []),
        "events": (
            [
                *opening,
                *_said(speech, "event", "from_frame", "to_frame", "from_hours", "to_hours", "confidence", "source", "verdict", "by"),
            ],
            [],
        ),
        "measurements": ([*opening, *_said(speech, *MEASURED)], []),
        "readings": ([*opening, *_said(speech, "reader", "state", "blind", "at", "signed", "standing", "content_hash")], []),
        "provenance": ([speech("dish"), speech("value"), ""], _told_provenance(report, speech)),
    }
    for dish, embryo in report.embryos:
        at: list[Cell] = [dish.label, embryo.place]
        sheets["embryos"][1].append([*at, report.patient_code, report.cycle_label, *_overview(embryo, speech)])
        sheets["onsets"][1].extend(
            [*at, one.phase, one.hours, speech.frame(one.frame_index), *_bounds(one, embryo), one.confidence,
             named("source", one.source), one.by_name, speech.time(one.at) if one.at else ""]
            for one in embryo.onsets
        )  # fmt: skip
        sheets["intervals"][1].extend(
            [*at, one.name, one.value, one.low, one.high, named("source", one.source)] for one in embryo.intervals
        )
        sheets["events"][1].extend(
            [*at, named("event", one.kind), speech.frame(one.first_frame), speech.frame(one.last_frame), one.first_hours, one.last_hours,
             one.confidence, named("source", one.source), named("verdict", one.verdict), one.by_name]
            for one in embryo.events
        )  # fmt: skip
        sheets["measurements"][1].extend([*at, *_measurement(one, speech)] for one in embryo.measurements)
        sheets["readings"][1].extend(_read(at, embryo, speech))
    return sheets


MEASURED = ("measurement", "measured_as", "frame", "hours_hpi", "length_um", "area_um2", "length_px", "area_px2", "calibration", "by")


def _bounds(one: OnsetLine, embryo: EmbryoPart) -> list[Cell]:
    """In hours, else in frames, which people count from one."""
    more = 0 if embryo.bounds_in == "hours" else 1
    return [None if bound is None else bound + more for bound in (one.low, one.high)]


def _measurement(one: MeasurementLine, speech: Speech) -> list[Cell]:
    opening: list[Cell] = [one.label, speech.named("measured", one.kind), speech.frame(one.frame_index), one.hours]
    return [*opening, one.um, one.um2, one.px, one.px2, calibration_told(one, speech), one.by_name]


def _said(speech: Speech, *keys: str) -> list[str]:
    return [speech(key) for key in keys]


def _overview(embryo: EmbryoPart, speech: Speech) -> list[Cell]:
    onsets = {one.phase: one.hours for one in embryo.onsets}
    grades = {one.name: speech.named("grade_value", one.value) for one in embryo.grades}
    events = "; ".join(speech.named("event", one.kind) for one in embryo.events if one.verdict != "rejected")
    line: list[Cell] = [speech.named("content", embryo.content) if embryo.content else ""]
    line += [*(onsets.get(phase) for phase in PHASES), events, *(grades.get(name, "") for name in GRADES)]
    said = embryo.decision
    return [*line, *((speech.named("decision", said.value), said.reason, speech.named("fate", said.fate)) if said else ("", "", ""))]


def _read(at: list[Cell], embryo: EmbryoPart, speech: Speech) -> Iterable[list[Cell]]:
    for reading in embryo.readings:
        opening: list[Cell] = [*at, reading.by_name, speech.named("state", reading.state), speech.yes(reading.is_blind)]
        opening.append(speech.time(reading.submitted_at) if reading.submitted_at else "")
        if not reading.signatures:
            yield [*opening, speech("not_signed"), "", ""]
        for one in reading.signatures:
            standing = speech("signature_valid" if one.is_valid else "signature_invalid")
            yield [*opening, f"{one.by_name}, {speech.named('meaning', one.meaning)}, {speech.time(one.at)}", standing, one.content_hash]


def _told_provenance(report: Report, speech: Speech) -> Rows:
    rows: Rows = [
        ["", speech("made"), speech("made_by", at=speech.time(report.made_at), name=report.made_by)],
        ["", speech("lab"), report.lab],
        ["", speech("report_version"), report.made_with],
        ["", "", speech("research_use")],
    ]
    for dish in report.dishes:
        told = _provenance(report, dish)
        rows += [[dish.label, name, value] for name, value in told.items() if name != "report_version"]
        if dish.hidden:
            rows.append([dish.label, "", speech("hidden", places=", ".join(dish.hidden))])
    return rows


def _yes(claim: bool) -> str:
    return "yes" if claim else "no"


def _in_json(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{value!r} is not written as JSON.")
