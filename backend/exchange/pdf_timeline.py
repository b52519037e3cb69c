"""The timeline of one embryo: stages as a bar, onsets as marks, a person's solid and the machine's dashed with its bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reportlab.lib.colors import white
from reportlab.platypus import Flowable

from backend.exchange.contents import EmbryoPart, OnsetLine, RecordingLine
from backend.exchange.pdf_style import BAD, BOLD, FAINT, FONT, INK, LINE, MUTED, WIDTH, colour_of
from backend.exchange.words import Speech

BAR_HEIGHT = 13
BAR_BOTTOM = 26
LABEL_ROW = 7.5
LABEL_ROWS = 3
LABEL_HALF = 17
HEIGHT = BAR_BOTTOM + BAR_HEIGHT + 5 + LABEL_ROW * LABEL_ROWS + 6
STEPS = (1, 2, 5, 6, 12, 24, 48, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)
MOST_TICKS = 14


class Timeline(Flowable):
    def __init__(self, embryo: EmbryoPart, recording: RecordingLine, speech: Speech) -> None:
        super().__init__()
        self.width, self.height = WIDTH, HEIGHT
        self._embryo, self._speech = embryo, speech
        in_hours = embryo.bounds_in == "hours" and recording.first_hours is not None and recording.last_hours is not None
        self._in_hours = in_hours
        self._first = recording.first_hours if in_hours and recording.first_hours is not None else 0.0
        self._last = recording.last_hours if in_hours and recording.last_hours is not None else float(max(recording.frame_count - 1, 1))
        self._onsets = sorted((one for one in embryo.onsets if self._at(one) is not None), key=lambda one: self._at(one) or 0.0)

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:  # noqa: ARG002 - reportlab's signature
        return self.width, self.height

    def draw(self) -> None:
        canvas = self.canv
        self._draw_axis(canvas)
        self._draw_stages(canvas)
        for onset, row in self._with_label_rows():
            self._draw_onset(canvas, onset, row)
        self._draw_events(canvas)

    def _at(self, onset: OnsetLine) -> float | None:
        return onset.hours if self._in_hours else float(onset.frame_index)

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

    def _with_label_rows(self) -> Iterator[tuple[OnsetLine, int]]:
        """Each onset with the lowest row of labels that has room for its own."""
        ends = [-100.0] * LABEL_ROWS
        for onset in self._onsets:
            x = self._x(self._at(onset) or 0.0)
            row = next((row for row, end in enumerate(ends) if x - LABEL_HALF > end), ends.index(min(ends)))
            ends[row] = x + LABEL_HALF
            yield onset, row

    def _draw_onset(self, canvas: Any, onset: OnsetLine, row: int) -> None:
        x, top = self._x(self._at(onset) or 0.0), BAR_BOTTOM + BAR_HEIGHT + 3 + row * LABEL_ROW
        is_human = onset.source == "human"
        canvas.saveState()
        canvas.setStrokeColor(INK if is_human else MUTED)
        canvas.setLineWidth(1.1 if is_human else 0.6)
        if not is_human:
            canvas.setDash(1.5, 1.5)
        canvas.line(x, BAR_BOTTOM - 3, x, top)
        if onset.low is not None and onset.high is not None:
            canvas.line(self._x(onset.low), BAR_BOTTOM - 4, self._x(onset.high), BAR_BOTTOM - 4)
        canvas.restoreState()
        canvas.setFillColor(INK)
        canvas.setFont(BOLD if is_human else FONT, 6)
        value = self._speech.number(self._at(onset), 1 if self._in_hours else 0)
        canvas.drawCentredString(min(max(x, LABEL_HALF), self.width - LABEL_HALF), top + 1, f"{onset.phase} {value}")

    def _draw_events(self, canvas: Any) -> None:
        """Small triangles below the bar where something happened that nobody rejected."""
        canvas.setFillColor(BAD)
        for event in self._embryo.events:
            start = event.first_hours if self._in_hours else float(event.first_frame)
            if start is None or event.verdict == "rejected":
                continue
            x = self._x(start)
            path = canvas.beginPath()
            path.moveTo(x, BAR_BOTTOM - 1)
            path.lineTo(x - 2.5, BAR_BOTTOM - 6)
            path.lineTo(x + 2.5, BAR_BOTTOM - 6)
            path.close()
            canvas.drawPath(path, stroke=0, fill=1)
