"""One embryo on paper: pictures, timeline, onsets and intervals, events, grades, decision, readings with signatures."""

from __future__ import annotations

import io
from collections.abc import Mapping

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Image, Spacer, Table, TableStyle

from backend.exchange.contents import DishPart, EmbryoPart, OnsetLine, RecordingLine, Report, ScoreLine
from backend.exchange.pdf_measurements import measurements
from backend.exchange.pdf_style import CENTRED, FAINT, HEADING, LABEL, LINE, SMALL, TABLE_TEXT, WARNING, WIDTH, facts, said, table
from backend.exchange.pdf_timeline import Timeline
from backend.exchange.pictures import Wanted
from backend.exchange.words import Speech

KEY_PHASES = ("tPNa", "tPNf", "t2", "t4", "t8", "tM", "tSB", "tB", "tEB", "tHB")
"""Whose first frame is shown."""
MOST_PICTURES = 8
LEAST_SHARE = 0.005
"""Less is 0 % once it is rounded."""
PICTURE = WIDTH / MOST_PICTURES - 3
Pictures = Mapping[Wanted, bytes]


def shown_onsets(embryo: EmbryoPart) -> list[OnsetLine]:
    """The onsets that a report shows pictures of: the key ones, else whatever is known."""
    key = [onset for onset in embryo.onsets if onset.phase in KEY_PHASES]
    return (key or list(embryo.onsets))[:MOST_PICTURES]


def wanted_of(report: Report) -> list[Wanted]:
    """Every picture that the report would show."""
    return [
        Wanted(dish.recording, onset.frame_index, embryo.boxes[onset.frame_index])
        for dish, embryo in report.embryos
        if dish.recording is not None
        for onset in shown_onsets(embryo)
        if onset.frame_index in embryo.boxes
    ]


def embryo_story(dish: DishPart, embryo: EmbryoPart, pictures: Pictures, speech: Speech, *, is_alone: bool) -> list[Flowable]:
    title = speech("embryo", place=embryo.place) if is_alone else speech("embryo_of", dish=dish.label, place=embryo.place)
    held = speech.named("content", embryo.content) if embryo.content_source else "–"
    told = f"{held} ({speech.named('source', embryo.content_source)})" if embryo.content_source else held
    story: list[Flowable] = [said(title, HEADING), said(f"{speech('content')}: {told}", SMALL)]
    if dish.recording is not None and embryo.onsets:
        story += [said(speech("pictures"), LABEL), *_pictures(dish.recording, embryo, pictures, speech)]
        story += [said(speech("timeline"), LABEL), Timeline(embryo, dish.recording, speech), Spacer(1, 5)]
    story += [_onsets_and_intervals(embryo, speech)]
    story += [said(speech("events"), LABEL), *_events(embryo, speech)]
    story += [said(speech("grades"), LABEL), _grades(embryo, speech)]
    if embryo.measurements:
        story += [said(speech("measurements"), LABEL), *measurements(embryo, speech)]
    story += _decision(embryo, speech)
    return [*story, said(speech("readings"), LABEL), *_readings(embryo, speech)]


def _pictures(recording: RecordingLine, embryo: EmbryoPart, pictures: Pictures, speech: Speech) -> list[Flowable]:
    onsets = shown_onsets(embryo)
    top: list[Flowable] = []
    below: list[Flowable] = []
    is_lacking = False
    for onset in onsets:
        box = embryo.boxes.get(onset.frame_index)
        jpeg = pictures.get(Wanted(recording, onset.frame_index, box)) if box else None
        is_lacking |= box is not None and jpeg is None
        missing = speech("picture_missing" if box else "place_unknown")
        top.append(Image(io.BytesIO(jpeg), PICTURE, PICTURE) if jpeg else said(missing, CENTRED))
        when = speech.hours(onset.hours) if onset.hours is not None else f"{speech('frame')} {speech.frame(onset.frame_index)}"
        below.append(said(f"{onset.phase} · {when}", CENTRED))
    made = Table([top, below], colWidths=[PICTURE + 3] * len(onsets), rowHeights=[PICTURE + 3, 11], hAlign="LEFT")
    made.setStyle(
        TableStyle([
            ("ALIGN", (0, 0), (-1, -1), "CENTER"),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("BOX", (0, 0), (-1, 0), 0.25, LINE),
            ("INNERGRID", (0, 0), (-1, 0), 0.25, FAINT),
            *((f"{side}PADDING", (0, 0), (-1, -1), 1) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")),
        ])
    )  # fmt: skip
    return [made, said(speech("pictures_missing"), SMALL)] if is_lacking else [made]


def _onsets_and_intervals(embryo: EmbryoPart, speech: Speech) -> Table:
    left: list[Flowable] = [said(speech("onsets"), LABEL), _onsets(embryo, speech) if embryo.onsets else said(speech("no_onsets"))]
    if embryo.onsets:
        left.append(said(speech("bounds_told"), SMALL))
    if embryo.absent:
        left.append(said(speech("absent", phases=", ".join(embryo.absent)), SMALL))
    right: list[Flowable] = [said(speech("intervals"), LABEL)]
    right.append(_intervals(embryo, speech) if embryo.intervals else said(speech("no_intervals"), SMALL))
    made = Table([[left, right]], colWidths=[WIDTH - 61 * mm, 61 * mm], hAlign="LEFT")
    made.setStyle(
        TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 0)])
    )
    return made


def _onsets(embryo: EmbryoPart, speech: Speech) -> Table:
    in_hours = embryo.bounds_in == "hours"
    head = [speech(key) for key in ("phase", "hours_hpi", "frame", "bounds" if in_hours else "bounds_frames", "confidence", "source")]
    rows: list[list[str | Flowable]] = [
        [
            onset.phase,
            speech("censored", value=speech.number(onset.hours)) if onset.is_censored else speech.number(onset.hours),
            str(speech.frame(onset.frame_index)),
            speech.bounds(onset.low, onset.high) if in_hours else speech.bounds_in_frames(onset.low, onset.high),
            speech.share(onset.confidence),
            said(speech("source_by", name=onset.by_name) if onset.by_name else speech.named("source", onset.source), TABLE_TEXT),
        ]
        for onset in embryo.onsets
    ]
    return table(head, rows, [11 * mm, 26 * mm, 11 * mm, 21 * mm, 20 * mm, 30 * mm])


def _intervals(embryo: EmbryoPart, speech: Speech) -> Table:
    rows: list[list[str | Flowable]] = []
    for interval in embryo.intervals:
        is_share = interval.name == "CS2-8"
        digits = 2 if is_share else 1
        name = speech("interval_share", name=interval.name) if is_share else interval.name
        figures = [speech.number(interval.value, digits), speech.bounds(interval.low, interval.high, digits)]
        rows.append([said(name, TABLE_TEXT), *figures, speech.named("source", interval.source)])
    return table(
        [speech(key) for key in ("interval", "interval_hours", "bounds", "source")], rows, [15.5 * mm, 10.5 * mm, 19 * mm, 16 * mm]
    )


def _events(embryo: EmbryoPart, speech: Speech) -> list[Flowable]:
    if not embryo.events:
        return [said(speech("no_events"))]
    rows: list[list[str | Flowable]] = []
    for event in embryo.events:
        when = speech("event_span", first=speech.frame(event.first_frame), last=speech.frame(event.last_frame))
        if event.first_hours is not None and event.last_hours is not None:
            hours = speech("event_span_hours", first=speech.number(event.first_hours), last=speech.number(event.last_hours))
            when = f"{hours} ({when})"
        judged = speech.named("verdict", event.verdict) + (f", {event.by_name}" if event.by_name else "")
        # The detector tells its reasons in English only.
        kind = speech.named("event", event.kind) + (f" ({event.detail})" if event.detail and speech.language == "en" else "")
        words = [kind, when, speech.named("source", event.source), speech.share(event.confidence), judged]
        rows.append([said(text, TABLE_TEXT) for text in words])
    head = [speech("event"), speech("at"), speech("source"), speech("confidence"), speech("verdict")]
    return [table(head, rows, [45 * mm, 60 * mm, 20 * mm, 22 * mm, 33 * mm])]


def _grades(embryo: EmbryoPart, speech: Speech) -> Flowable:
    if not embryo.grades:
        return said(speech("no_grades"))
    told = (f"{speech.named('grade', one.name)}: {speech.named('grade_value', one.value)} ({one.by_name})" for one in embryo.grades)
    return said(" · ".join(told))


def _decision(embryo: EmbryoPart, speech: Speech) -> list[Flowable]:
    story: list[Flowable] = []
    decision = embryo.decision
    if decision is None:
        story += [said(speech("decision"), LABEL), said(speech("decision.undecided"))]
    else:
        value = speech.named("decision", decision.value)
        if decision.by_name:
            value = speech("decision_by", value=value, name=decision.by_name, at=speech.time(decision.at))
        told = [(speech("decision"), value)]
        if decision.reason:
            told.append((speech("reason"), decision.reason))
        when = f" ({speech.time(decision.fate_at)})" if decision.fate and decision.fate_at else ""
        told.append((speech("fate"), speech.named("fate", decision.fate) + when))
        story += [said(speech("decision"), LABEL), facts(told)]
    if embryo.scores:
        rows: list[list[str | Flowable]] = [
            [
                said(score.name, TABLE_TEXT),
                said(score.expected or "–", TABLE_TEXT),
                speech.number(score.value, 2),
                speech.bounds(score.low, score.high, 2),
                said("; ".join(_probabilities(score, speech)), TABLE_TEXT),
            ]
            for score in embryo.scores
        ]
        head = [speech(key) for key in ("rules", "expected", "value", "bounds", "grade_probabilities")]
        story += [said(speech("scores"), LABEL), table(head, rows, [50 * mm, 20 * mm, 17 * mm, 28 * mm, 65 * mm])]
    return story


def _probabilities(score: ScoreLine, speech: Speech) -> list[str]:
    told = [(grade, share) for grade, share in score.grades]
    if score.undetermined >= LEAST_SHARE:
        told.append((speech("undetermined"), score.undetermined))
    # A figure is not left alone at the beginning of a line.
    return [f"{name} {speech.share(share)}".replace(" ", "\u00a0") for name, share in told]


def _readings(embryo: EmbryoPart, speech: Speech) -> list[Flowable]:
    if not embryo.readings:
        return [said(speech("no_readings"))]
    rows: list[list[str | Flowable]] = []
    for reading in embryo.readings:
        state = speech.named("state", reading.state) + (f", {speech('blind')}" if reading.is_blind else "")
        signed: list[Flowable] = [said(speech("not_signed"), TABLE_TEXT)]
        if reading.signatures:
            signed = []
        for one in reading.signatures:
            standing = speech("signature_valid" if one.is_valid else "signature_invalid")
            meaning = speech.named("meaning", one.meaning)
            told = speech("signature", meaning=meaning, name=one.by_name, at=speech.time(one.at), standing=standing)
            signed += [said(told, TABLE_TEXT if one.is_valid else WARNING), said(f"{speech('content_hash')}: {one.content_hash}", SMALL)]
        made = Table(
            [[part] for part in signed],
            colWidths=[88 * mm],
            style=[("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 0)],
        )
        rows.append([said(reading.by_name, TABLE_TEXT), said(state, TABLE_TEXT), speech.time(reading.submitted_at), made])
    return [table([speech(key) for key in ("reader", "state", "at", "signed")], rows, [32 * mm, 26 * mm, 32 * mm, 90 * mm]), Spacer(1, 4)]
