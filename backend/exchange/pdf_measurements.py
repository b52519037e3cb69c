"""What was measured, on paper: each figure with the calibration behind it."""

from __future__ import annotations

from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from backend.exchange.contents import EmbryoPart, MeasurementLine
from backend.exchange.pdf_style import SMALL, TABLE_TEXT, said, table
from backend.exchange.words import Speech


def measurements(embryo: EmbryoPart, speech: Speech) -> list[Flowable]:
    rows: list[list[str | Flowable]] = []
    for one in embryo.measurements:
        length, area = (one.px, one.px2) if one.um is None else (one.um, one.um2)
        unit = speech("unit_px" if one.um is None else "unit_um")
        size = f"{speech.number(length)} {unit}" + (f", {speech.number(area)} {unit}²" if area is not None else "")
        when = f"{speech('frame')} {speech.frame(one.frame_index)}" + (f" ({speech.hours(one.hours)})" if one.hours is not None else "")
        told = (one.label or "–", speech.named("measured", one.kind), size, when, calibration_told(one, speech), one.by_name)
        rows.append([said(text, TABLE_TEXT) for text in told])
    head = [speech(key) for key in ("measurement", "measured_as", "size", "at", "calibration", "by")]
    made: list[Flowable] = [table(head, rows, [30 * mm, 28 * mm, 36 * mm, 28 * mm, 34 * mm, 24 * mm])]
    return [*made, said(speech("measured_told"), SMALL)]


def calibration_told(one: MeasurementLine, speech: Speech) -> str:
    """The micrometres a pixel and what they follow from; plainly none where nothing was entered."""
    by = one.calibration
    if by is None:
        return speech("not_calibrated")
    figures = f"{speech.number(by['um_per_px_x'], 3)} × {speech.number(by['um_per_px_y'], 3)}"
    key, entered = ("calibrated_by_pitch", by["pitch_um"]) if by["basis"] == "pitch" else ("calibrated_by_well", by["well_um"])
    return speech(key, figures=figures, layout=by["layout"], um=speech.number(entered, 0))
