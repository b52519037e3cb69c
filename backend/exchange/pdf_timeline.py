"""The timeline of one embryo: stages as a bar, onsets as marks, a person's solid and the machine's dashed with its bounds."""

from __future__ import annotations

from typing import Any

from reportlab.lib.colors import white
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable

from backend.exchange.contents import EmbryoPart, OnsetLine, RecordingLine
from backend.exchange.pdf_style import BAD, BOLD, FAINT, FONT, INK, LINE, MUTED, WIDTH, colour_of
from backend.exchange.words import Speech

BAR_HEIGHT = 13
BAR_BOTTOM = 26
LABEL_SIZE = 6
LABEL_ROW = 14
LABEL_GAP = 1.5
MOST_LABEL_ROWS = 5
STEPS = (1, 2, 5, 6, 12, 24, 48, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)
MOST_TICKS = 14


class Timeline(Flowable):
    def __init__(self, embryo: EmbryoPart, recording: RecordingLine, speech: Speech) -> None:
        super().__init__()
        self._embryo, self._speech = embryo, speech
        in_hours = embryo.bounds_in == "hours" and recording.first_hours is not None and recording.last_hours is not None
        self._in_hours = in_hours
        self._first = recording.first_hours if in_hours and recording.first_hours is not None else 1.0
        self._last = recording.last_hours if in_hours and recording.last_hours is not None else float(max(recording.frame_count, 2))
        self._onsets = sorted((one for one in embryo.onsets if self._at(one) is not None), key=lambda one: self._at(one) or 0.0)
        self.width = WIDTH
        self._rows = self._label_rows()
        self.height = BAR_BOTTOM + BAR_HEIGHT + 4 + LABEL_ROW * (max(self._rows, default=0) + 1)

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:  # noqa: ARG002 - reportlab's signature
        return self.width, self.height

    def draw(self) -> None:
        canvas = self.canv
        self._draw_axis(canvas)
        self._draw_stages(canvas)
        for onset, row in zip(self._onsets, self._rows, strict=True):
            self._draw_onset(canvas, onset, row)
        self._draw_events(canvas)

    def _at(self, onset: OnsetLine) -> float | None:
        return onset.hours if self._in_hours else float(self._speech.frame(onset.frame_index))

    def _x(self, value: float) -> float:
        share = (value - self._first) / max(self._last - self._first, 1e-6)
        return min(max(share, 0.0), 1.0) * self.width

    def _draw_axis(self, canvas: Any) -> None:
        span = self._last - self._first
        step = next((step for step in STEPS if span / step <= MOST_TICKS), STEPS[-1])
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.5)
        canvas.line(0, BAR_BOTTOM - 9, self.width, BAR_BOTTOM - 9)
        canvas.setFont(FONT, 6)
        canvas.setFillColor(MUTED)
        tick = -(-self._first // step) * step
        while tick <= self._last:
            x = self._x(tick)
            canvas.line(x, BAR_BOTTOM - 9, x, BAR_BOTTOM - 11)
            canvas.drawCentredString(min(max(x, 6), self.width - 6), BAR_BOTTOM - 17, f"{tick:.0f}")
            tick += step
        canvas.drawRightString(self.width, 1, self._speech("axis_hours" if self._in_hours else "axis_frames"))
        canvas.drawString(0, 1, self._speech("legend"))

    def _draw_stages(self, canvas: Any) -> None:
        canvas.setFillColor(FAINT)
        canvas.rect(0, BAR_BOTTOM, self.width, BAR_HEIGHT, stroke=0, fill=1)
        ends = [self._at(one) or 0.0 for one in self._onsets[1:]] + [self._last]
        for onset, end in zip(self._onsets, ends, strict=True):
            left, right = self._x(self._at(onset) or 0.0), self._x(end)
            canvas.setFillColor(colour_of(onset.phase))
            canvas.rect(left, BAR_BOTTOM, max(right - left, 0.3), BAR_HEIGHT, stroke=0, fill=1)
            if right - left > canvas.stringWidth(onset.phase, BOLD, 6.5) + 4:
                canvas.setFillColor(white)
                canvas.setFont(BOLD, 6.5)
                canvas.drawCentredString((left + right) / 2, BAR_BOTTOM + 4, onset.phase)

    def _label(self, onset: OnsetLine) -> tuple[str, str]:
        return onset.phase, self._speech.number(self._at(onset), 1 if self._in_hours else 0)

    def _label_rows(self) -> list[int]:
        """The row of each onset's label, which flies from its mark to the right: above the marks of those that follow too closely."""
        rows: list[int] = []
        followers: list[tuple[float, int]] = []
        for onset in reversed(self._onsets):
            x = self._x(self._at(onset) or 0.0)
            end = x + LABEL_GAP + max(stringWidth(text, BOLD, LABEL_SIZE) for text in self._label(onset)) + LABEL_GAP
            row = min(max((row + 1 for left, row in followers if left < end), default=0), MOST_LABEL_ROWS - 1)
            followers.append((x, row))
            rows.insert(0, row)
        return rows

    def _draw_onset(self, canvas: Any, onset: OnsetLine, row: int) -> None:
        x, top = self._x(self._at(onset) or 0.0), BAR_BOTTOM + BAR_HEIGHT + 3 + row * LABEL_ROW
        is_human = onset.source == "human"
        canvas.saveState()
        canvas.setStrokeColor(INK if is_human else MUTED)
        canvas.setLineWidth(1.1 if is_human else 0.6)
        if not is_human:
            canvas.setDash(1.5, 1.5)
        canvas.line(x, BAR_BOTTOM - 3, x, top + LABEL_ROW - 2)
        if onset.low is not None and onset.high is not None:
            more = 0 if self._in_hours else 1
            canvas.line(self._x(onset.low + more), BAR_BOTTOM - 4, self._x(onset.high + more), BAR_BOTTOM - 4)
        canvas.restoreState()
        canvas.setFillColor(INK)
        canvas.setFont(BOLD if is_human else FONT, LABEL_SIZE)
        phase, value = self._label(onset)
        canvas.drawString(x + LABEL_GAP, top + 7, phase)
        canvas.drawString(x + LABEL_GAP, top + 0.5, value)

    def _draw_events(self, canvas: Any) -> None:
        """Small triangles below the bar where something happened that nobody rejected."""
        canvas.setFillColor(BAD)
        for event in self._embryo.events:
            start = event.first_hours if self._in_hours else float(self._speech.frame(event.first_frame))
            if start is None or event.verdict == "rejected":
                continue
            x = self._x(start)
            path = canvas.beginPath()
            path.moveTo(x, BAR_BOTTOM - 1)
            path.lineTo(x - 2.5, BAR_BOTTOM - 6)
            path.lineTo(x + 2.5, BAR_BOTTOM - 6)
            path.close()
            canvas.drawPath(path, stroke=0, fill=1)
