"""The page for everybody: another lab, another language, no mouse, no sight."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import ADMIN, Opener, Product
from tests.e2e.people import admin_of_a_new_lab
from tests.e2e.steps import choose


def test_another_lab_sees_nothing(open_page: Opener, product: Product, browser: Browser, analysed_dish: str, tmp_path: Path) -> None:
    outsider = open_page("/", state=admin_of_a_new_lab(open_page("/"), browser, product.url, "South clinic", "Otto Outsider", tmp_path))
    expect(outsider.get_by_text("No dishes yet")).to_be_visible()
    outsider.goto(analysed_dish)
    expect(outsider.get_by_text("There is nothing here, or it belongs to another lab.")).to_be_visible()
    expect(outsider.get_by_test_id("well-mark")).to_have_count(0)


def test_the_page_speaks_russian(open_page: Opener, analysed_dish: str) -> None:
    page = open_page("/settings")
    choose(page, "Language", "ru")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Чашки")
    page.goto(analysed_dish)
    expect(page.get_by_test_id("well-table")).to_contain_text("эмбрион")
    page.goto("/settings")
    choose(page, "Язык", "en")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_person_without_a_mouse_gets_from_signing_in_to_the_wells(open_page: Opener, analysed_dish: str) -> None:
    page = open_page("/", state=None)
    page.get_by_label("Email").focus()
    page.keyboard.type(ADMIN["Email"])
    page.keyboard.press("Tab")
    page.keyboard.type(ADMIN["Password"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Dishes", level=1)).to_be_visible()
    page.keyboard.press("Control+K")
    page.keyboard.type("seeded")
    page.keyboard.press("Escape")
    card = page.get_by_role("link", name="seeded").first
    for _ in range(60):
        if card.evaluate("node => node === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("well-row")).to_have_count(9)
    page.keyboard.press("Shift+Slash")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press("PageDown")
    expect(page.locator("[aria-pressed=true]").first).to_have_text("A1")


def test_keys_work_on_a_cyrillic_layout(open_page: Opener, analysed_dish: str) -> None:
    page = open_page(analysed_dish)
    expect(page.get_by_test_id("well-mark")).to_have_count(9)
    page.evaluate("window.dispatchEvent(new KeyboardEvent('keydown', {key: 'р', code: 'KeyH', bubbles: true}))")
    expect(page.get_by_test_id("well-mark")).to_have_count(0)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_any_page(open_page: Opener, analysed_dish: str, theme: str, axe_file: Path) -> None:
    page = open_page("/settings")
    choose(page, "Theme", theme)
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    for path in ("/", "/upload", analysed_dish, "/settings", "/lab", "/labs", "/weights", "/audit", "/nowhere"):
        page.goto(path)
        page.get_by_role("heading", level=1).first.wait_for()
        page.wait_for_load_state("networkidle")
        found = Axe(axe_file.read_text()).run(page)
        assert found.violations_count == 0, f"{path} in {theme}:\n{found.generate_report()}"
