"""How reports look on paper: white, quiet, one typeface that has Latin, Greek and Cyrillic letters."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

FONT, BOLD = "DejaVuSans", "DejaVuSans-Bold"
PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 15 * mm
WIDTH = PAGE_WIDTH - 2 * MARGIN
INK, MUTED, LINE, FAINT = HexColor("#15191e"), HexColor("#55616e"), HexColor("#a9b4c0"), HexColor("#e8edf2")
BAD = HexColor("#b3321a")
PHASE_COLOURS = {
    "tPB2": "#501261", "tPNa": "#4b1d6f", "tPNf": "#422977", "t2": "#343677", "t3": "#254074", "t4": "#0e4a6e", "t5": "#005264",
    "t6": "#02585d", "t7": "#005e55", "t8": "#03644d", "t9+": "#066b41", "tM": "#067128", "tSB": "#327500", "tB": "#547503",
    "tEB": "#6d7502", "tHB": "#827601",
}  # fmt: skip
"""Those of the interface's light theme, on all of which white can be read."""

BODY = ParagraphStyle("body", fontName=FONT, fontSize=8, leading=11, textColor=INK)
SMALL = ParagraphStyle("small", parent=BODY, fontSize=6.5, leading=9, textColor=MUTED)
CENTRED = ParagraphStyle("centred", parent=SMALL, alignment=TA_CENTER)
STRONG = ParagraphStyle("strong", parent=BODY, fontName=BOLD)
WARNING = ParagraphStyle("warning", parent=BODY, textColor=BAD)
TITLE = ParagraphStyle("title", parent=BODY, fontName=BOLD, fontSize=15, leading=19, spaceAfter=4)
HEADING = ParagraphStyle("heading", parent=BODY, fontName=BOLD, fontSize=12, leading=15, spaceBefore=6, spaceAfter=3, keepWithNext=1)
LABEL = ParagraphStyle("label", parent=BODY, fontName=BOLD, fontSize=8.5, leading=11, spaceBefore=6, spaceAfter=2, keepWithNext=1)


@cache
def load_fonts() -> None:
    """Once a process; documents then hold only the letters that they use."""
    folder = Path(__file__).parent / "fonts"
    for name in (FONT, BOLD):
        pdfmetrics.registerFont(TTFont(name, folder / f"{name}.ttf"))


def said(text: str, style: ParagraphStyle = BODY) -> Paragraph:
    """Text as it is: what people typed is never read as markup, which could name files and addresses."""
    return Paragraph(escape(text), style)


def colour_of(phase: str) -> Color:
    return HexColor(PHASE_COLOURS.get(phase, "#5b6672"))


def table(head: list[str], rows: list[list[str | Flowable]], widths: list[float]) -> Table:
    """A table whose head is repeated on every page that it runs over; texts that may be long are given as paragraphs."""
    cells: list[list[str | Flowable]] = [[said(text, STRONG_SMALL) for text in head], *rows]
    made = Table(cells, colWidths=widths, repeatRows=1, hAlign="LEFT")
    made.setStyle(
        TableStyle([
            ("FONT", (0, 0), (-1, -1), FONT, 7),
            ("TEXTCOLOR", (0, 0), (-1, -1), INK),
            ("LEADING", (0, 0), (-1, -1), 9),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, 0), 0.6, LINE),
            ("LINEBELOW", (0, 1), (-1, -1), 0.25, FAINT),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 1.2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6),
        ])
    )  # fmt: skip
    return made


def facts(pairs: list[tuple[str, str]], width: float = WIDTH, label: float = 34 * mm) -> Table:
    """What is said once, one line a fact."""
    made = Table([[said(name, SMALL), said(value)] for name, value in pairs], colWidths=[label, width - label], hAlign="LEFT")
    made.setStyle(
        TableStyle([
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0.5),
        ])
    )  # fmt: skip
    return made


STRONG_SMALL = ParagraphStyle("strong-small", parent=BODY, fontName=BOLD, fontSize=6.8, leading=8.5)
TABLE_TEXT = ParagraphStyle("table-text", parent=BODY, fontSize=7, leading=9)
