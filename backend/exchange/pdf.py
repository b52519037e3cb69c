"""A report on paper."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, SimpleDocTemplate, Spacer, Table

from backend.exchange.contents import DishPart, EmbryoPart, Report
from backend.exchange.pdf_embryo import Pictures, embryo_story
from backend.exchange.pdf_style import (
    FONT,
    HEADING,
    LABEL,
    MARGIN,
    MUTED,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    SMALL,
    TABLE_TEXT,
    TITLE,
    WARNING,
    facts,
    load_fonts,
    said,
    table,
)
from backend.exchange.words import Language, Speech

GARDNER = ("expansion", "icm", "te")
OVERVIEW_PHASES = ("tPNf", "t2", "t4", "t8", "tM", "tB")
# Documents share their fonts' tables of letters, and one document at a time leaves a processor to the pages that people look at.
_writing = threading.Lock()


def as_pdf(report: Report, pictures: Pictures, language: Language) -> bytes:
    """The whole report; pictures that are not there are named as missing."""
    speech = Speech(language)
    with _writing:
        load_fonts()
        written = io.BytesIO()
        document = SimpleDocTemplate(
            written,
            pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=14 * mm,
            bottomMargin=17 * mm,
            title=title_of(report, speech),
            author=report.made_by,
            subject=speech("research_use"),
            creator=f"EmbryoVision {report.made_with}",
            lang=language,
        )
        document.build(_story(report, pictures, speech), canvasmaker=lambda *args, **options: _Numbered(speech, *args, **options))
        return written.getvalue()


def title_of(report: Report, speech: Speech) -> str:
    if report.scope == "cycle":
        return speech("title.cycle", label=report.cycle_label)
    if report.scope == "dish":
        return speech("title.dish", label=report.dishes[0].label)
    # An embryo that is left out still has its report, which says so.
    dish = report.dishes[0]
    return speech("title.embryo", place=dish.embryos[0].place if dish.embryos else ", ".join(dish.hidden))


def _story(report: Report, pictures: Pictures, speech: Speech) -> list[Flowable]:
    story: list[Flowable] = [said(title_of(report, speech), TITLE), said(speech("research_use"), WARNING), Spacer(1, 4)]
    story.append(facts(_heading_facts(report, speech)))
    if report.outcome is not None:
        story += [said(speech("outcome"), LABEL), facts(_outcome_facts(report, speech))]
    for dish in report.dishes:
        story += _dish_story(dish, speech, is_alone=report.scope == "embryo")
    for dish, embryo in report.embryos:
        if report.scope != "embryo":
            story.append(PageBreak())
        story += embryo_story(dish, embryo, pictures, speech, is_alone=report.scope != "cycle")
    return story


def _heading_facts(report: Report, speech: Speech) -> list[tuple[str, str]]:
    return [
        (speech("lab"), report.lab),
        (speech("patient"), report.patient_code),
        (speech("cycle"), report.cycle_label),
        (speech("method"), speech.named("method", report.method)),
        (speech("inseminated"), speech.time(report.inseminated_at)),
        (speech("made"), speech("made_by", at=speech.time(report.made_at), name=report.made_by)),
        (speech("report_version"), report.made_with),
    ]


def _outcome_facts(report: Report, speech: Speech) -> list[tuple[str, str]]:
    outcome = report.outcome
    if outcome is None:
        return []
    told = [(speech(f"outcome.{name}"), speech.yes(getattr(outcome, name))) for name in ("hcg", "clinical_pregnancy")]
    told.append((speech("outcome.sacs"), "–" if outcome.sacs is None else str(outcome.sacs)))
    told += [(speech(f"outcome.{name}"), speech.yes(getattr(outcome, name))) for name in ("live_birth", "miscarriage")]
    return [*told, (speech("outcome.note"), outcome.note)] if outcome.note else told


def _dish_story(dish: DishPart, speech: Speech, *, is_alone: bool) -> list[Flowable]:
    story: list[Flowable] = [said(f"{speech('dish')} {dish.label}", HEADING), facts(_dish_facts(dish, speech))]
    if dish.hidden:
        story.append(said(speech("hidden", places=", ".join(dish.hidden)), WARNING))
    if dish.without_embryo and not is_alone:
        wells = ", ".join(f"{place} ({speech.named('content', content)})" for place, content in dish.without_embryo)
        story.append(said(speech("without_embryo", places=wells), SMALL))
    if not dish.embryos:
        return [*story, *([] if dish.hidden else [said(speech("no_embryos"))])]
    return story if is_alone else [*story, said(speech("overview"), LABEL), _overview(dish, speech)]


def _dish_facts(dish: DishPart, speech: Speech) -> list[tuple[str, str]]:
    told = [(speech("layout"), dish.layout.replace("x", " × ") or "–")]
    recording, machine = dish.recording, dish.machine
    if recording is None:
        return [*told, (speech("recording"), speech("no_recording"))]
    interval = recording.interval_minutes
    every = speech("every_unknown") if interval is None else speech("every", minutes=speech.number(interval, 1 if interval % 1 else 0))
    span = speech("span_unknown")
    if recording.first_hours is not None and recording.last_hours is not None:
        span = speech("span", first=speech.number(recording.first_hours), last=speech.number(recording.last_hours))
    summary = speech("recording_told", name=recording.name, frames=recording.frame_count, interval=every, hours=span)
    told += [(speech("recording"), summary), (speech("sha256"), recording.sha256)]
    if machine is None:
        return [*told, (speech("run"), speech("not_analysed"))]
    finished = f", {speech.time(machine.finished_at)}" if machine.finished_at else ""
    told.append((speech("run"), f"{speech.named('run_state', machine.state)}{finished}, {machine.run}"))
    told.append((speech("wells_by"), f"{machine.wells_by.name}, {speech('sha256')} {machine.wells_by.sha256}"))
    stages = machine.stages_by
    told.append((speech("stages_by"), f"{stages.name}, {speech('sha256')} {stages.sha256}" if stages else speech("not_used")))
    return [*told, (speech("code_version"), machine.code_version or "–")]


def _overview(dish: DishPart, speech: Speech) -> Table:
    head = [speech("well"), *OVERVIEW_PHASES, speech("last_phase"), speech("events"), speech("grades"), speech("decision")]
    rows: list[list[str | Flowable]] = [
        [
            embryo.place,
            *_timings(embryo, speech),
            embryo.onsets[-1].phase if embryo.onsets else "–",
            said(", ".join(speech.named("event", one.kind) for one in embryo.events if one.verdict != "rejected") or "–", TABLE_TEXT),
            said(_grades(embryo, speech) or "–", TABLE_TEXT),
            said(speech.named("decision", embryo.decision.value) if embryo.decision else "–", TABLE_TEXT),
        ]
        for embryo in dish.embryos
    ]
    return table(head, rows, [11 * mm, *[12 * mm] * len(OVERVIEW_PHASES), 20 * mm, 34 * mm, 19 * mm, 24 * mm])


def _grades(embryo: EmbryoPart, speech: Speech) -> str:
    """Gardner's three in one word, as people write them; the others by name."""
    gardner = "".join(one.value for one in embryo.grades if one.name in GARDNER)
    others = [speech.named("grade_value", one.value) for one in embryo.grades if one.name not in GARDNER]
    return ", ".join([*([gardner] if gardner else []), *others])


def _timings(embryo: EmbryoPart, speech: Speech) -> Sequence[str]:
    known = {onset.phase: onset for onset in embryo.onsets}
    return [speech.number(known[phase].hours) if phase in known else "–" for phase in OVERVIEW_PHASES]


class _Numbered(Canvas):
    """Pages that say how many there are, which is known only at the end."""

    def __init__(self, speech: Speech, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._speech = speech
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            self.setFont(FONT, 6.5)
            self.setFillColor(MUTED)
            self.drawString(MARGIN, 9 * mm, self._speech("research_use"))
            self.drawRightString(PAGE_WIDTH - MARGIN, 9 * mm, self._speech("page", page=number, pages=len(self._pages)))
            super().showPage()
        super().save()
