"""Reading the audit trail: who changed what, narrowed down, by keyboard, in both themes and languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Opener
from tests.e2e.steps import SLOW_MS, choose


def rows(page: Page) -> list[str]:
    expect(page.locator("main [aria-busy=false] tbody tr").first).to_be_visible(timeout=SLOW_MS)
    return page.locator("main tbody tr").all_inner_texts()


def test_an_admin_reads_who_did_what_and_that_the_chain_is_whole(open_page: Opener, analysed_dish: str) -> None:
    page = open_page("/audit")
    told = rows(page)
    confirmed = page.locator("main tbody tr").filter(has_text="Recording confirmed").filter(has_text="P-0001")
    expect(confirmed).to_have_count(1)
    expect(confirmed).to_contain_text("Ada Admin")
    expect(confirmed).to_contain_text("patient_code")
    expect(page.locator("main .page-head")).to_contain_text("unchanged")
    numbers = [int(re.sub(r"\D", "", text.split()[0])) for text in told]
    assert numbers == sorted(numbers, reverse=True), "the latest first"


def test_filters_narrow_the_record_and_stay_in_the_address(open_page: Opener, analysed_dish: str) -> None:
    page = open_page("/audit")
    everything = len(rows(page))
    page.get_by_label("What").select_option("stack.confirmed")
    expect(page).to_have_url(re.compile("action=stack.confirmed"))
    expect(page.locator("main tbody tr").first).to_contain_text("Recording confirmed")
    assert {"Recording confirmed" in row for row in rows(page)} == {True}
    assert len(rows(page)) < everything
    page.reload()
    expect(page.get_by_label("What")).to_have_value("stack.confirmed")
    page.get_by_role("search").locator("input[type=date]").nth(1).fill("2020-01-01")
    page.get_by_role("search").locator("input[type=date]").nth(1).press("Tab")
    expect(page.locator("main")).to_contain_text("No such change")
    page.get_by_role("button", name="Show all").first.click()
    expect(page).not_to_have_url(re.compile("action="))
    assert len(rows(page)) == everything


def test_the_record_is_filtered_and_read_by_keyboard_alone(open_page: Opener, analysed_dish: str) -> None:
    page = open_page("/audit")
    rows(page)
    names: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.closest('label')?.innerText ?? document.activeElement.innerText ?? ''")
        names.append(name.split("\n")[0])
        if names[-1] == "Of":
            break
    assert names[-3:] == ["Who", "What", "Of"]
    page.keyboard.type("recording")
    expect(page).to_have_url(re.compile("subject=recording"))
    assert page.evaluate("document.activeElement.type") == "search", "the focus stays where one types"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_the_audit_page(open_page: Opener, analysed_dish: str, theme: str, axe_file: Path) -> None:
    page = open_page("/settings", width=1024, height=768)
    choose(page, "Theme", theme)
    page.goto("/audit")
    rows(page)
    found = Axe(axe_file.read_text()).run(page)
    assert found.violations_count == 0, f"audit in {theme}:\n{found.generate_report()}"


def test_the_record_speaks_russian_and_is_not_cut_on_a_narrow_screen(open_page: Opener, analysed_dish: str) -> None:
    page = open_page("/settings", width=1024, height=768)
    choose(page, "Language", "ru")
    try:
        page.goto("/audit")
        rows(page)
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("[А-я]"))
        heads = page.locator("main thead th").all_inner_texts()
        assert all(re.search("[А-я№]", head) for head in heads), heads
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    finally:
        page.goto("/settings")
        choose(page, "Язык", "en")
