"""The page for everybody: another lab, another language, no mouse, no sight."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import ADMIN, Opener, Product
from tests.e2e.steps import choose

WRITE = {"Content-Type": "application/json"}


def post(page: Page, path: str, told: dict[str, str]) -> dict[str, str]:
    """Ask the API as the page does, with its cookies."""
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "embryovision_csrf")
    answer = page.request.post(path, data=told, headers={**WRITE, "X-CSRFToken": token, "Referer": page.url})
    assert answer.ok, answer.text()
    made: dict[str, str] = answer.json()
    return made


@pytest.fixture
def outsider(open_page: Opener, product: Product) -> Page:
    """The admin of a second lab, who came by invitation."""
    admin = open_page("/")
    existing = admin.request.get("/api/labs/").json()
    labs = existing["results"] if isinstance(existing, dict) else existing
    lab = next((lab for lab in labs if lab["name"] == "South clinic"), None) or post(admin, "/api/labs/", {"name": "South clinic"})
    invitation = post(admin, f"/api/labs/{lab['id']}/invitations/", {"email": "otto@example.org", "role": "admin"})
    page = open_page("/sign-in", state=None)
    page.goto(invitation["link"].replace("http://testserver", product.url))
    page.get_by_label("Your name").fill("Otto Outsider")
    page.get_by_label("Password").fill("entirely other words")
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url(f"{product.url}/")
    return page


def test_another_lab_sees_nothing(outsider: Page, analysed_dish: str) -> None:
    skip = outsider.get_by_role("button", name="Skip the tour")
    skip.click()
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
