"""What a page shows, printed on A4: who printed it and when, of whom, all of it, and nothing that only works on a screen."""

from __future__ import annotations

import io
import re

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.e2e.conftest import Opener
from tests.e2e.steps import SLOW_MS

A4_POINTS = (595, 842)


def printed(page: Page) -> list[str]:
    """The text of each sheet."""
    pdf = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))
    for sheet in pdf.pages:
        assert (float(sheet.mediabox.width), float(sheet.mediabox.height)) == pytest.approx(A4_POINTS, abs=1.5)
    return [re.sub(r"\s+", " ", sheet.extract_text()) for sheet in pdf.pages]


def test_a_dish_and_an_embryo_are_printed_with_their_patient_and_who_printed_them(open_page: Opener, developed_dish: str) -> None:
    page = open_page(developed_dish)
    rows = page.get_by_test_id("well-row")
    expect(rows.first).to_be_visible(timeout=SLOW_MS)
    wells = [well["name"] for well in page.request.get(f"/api{developed_dish}/").json()["wells"]]
    text = " ".join(printed(page))
    assert "dish 37 · P-0037 · cycle 1" in text
    assert "Printed by Ada Admin" in text
    assert all(re.search(rf"\b{well}\b", text) for well in wells), "every well, also those below the window's edge"
    assert "Upload" not in text, "no navigation"
    page.goto(f"{developed_dish}/wells/{wells[1]}")
    expect(page.get_by_test_id("onset-table")).to_be_visible(timeout=SLOW_MS)
    phases = [row.split()[0] for row in page.get_by_test_id("onset-table").locator("tbody tr").all_inner_texts()]
    text = " ".join(printed(page))
    assert f"Embryo {wells[1]}" in text
    assert "P-0037" in text
    assert phases
    assert all(phase in text for phase in phases)


@pytest.mark.parametrize("path", ["/lab/quality", "/audit"])
def test_tables_are_printed_whole_and_the_screen_is_as_before(open_page: Opener, developed_dish: str, path: str) -> None:
    page = open_page(path)
    expect(page.locator("main tbody tr").first).to_be_visible(timeout=SLOW_MS)
    page.wait_for_load_state("networkidle")
    before = page.evaluate("[document.documentElement.dataset.theme, document.getElementById('main').style.cssText]")
    heads = [head for head in page.locator("main table").first.locator("thead th").all_inner_texts() if head.strip()]
    sheets = printed(page)
    assert "Printed by Ada Admin" in sheets[0]
    assert all(head.split()[0] in sheets[0] for head in heads)
    after = page.evaluate("[document.documentElement.dataset.theme, document.getElementById('main').style.cssText]")
    assert after == before
    assert page.evaluate("document.documentElement.dataset.printing") is None
    expect(page.get_by_test_id("print-head")).to_be_hidden()
