"""What becomes of a dropped recording without a further click: profiles that grow while one watches, and each embryo's own page."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Grown, Opener
from tests.e2e.steps import SLOW_MS, choose

WITH_GAS = "C3"
HOURS = re.compile(r"(\d+\.\d) h")


def test_wells_and_then_profiles_appear_and_grow_while_one_watches(grown: Grown) -> None:
    wells, stretches = (next(place for place, seen in enumerate(grown.watched) if seen[what]) for what in ("wells", "stretches"))
    assert wells <= stretches
    grew = {seen["stretches"] for seen in grown.watched if seen["isReading"]} - {0}
    assert len(grew) >= 2, grown.watched
    assert grown.watched[-1]["wells"] == 9
    assert len(grown.profiles) == 8
    assert all(profile["is_final"] for profile in grown.profiles.values())


def test_an_embryo_is_opened_read_and_left_from_the_keyboard(open_page: Opener, grown: Grown) -> None:
    page = open_page(grown.path)
    open_by_keyboard(page, grown.best)
    onsets = [onset for onset in grown.profiles[grown.best]["onsets"] if not onset["is_censored"]]
    slider = page.get_by_role("slider", name="Time")
    for onset in onsets[:3]:
        page.keyboard.press("Alt+ArrowRight")
        expect(slider).to_have_attribute("aria-valuenow", str(onset["frame_index"]))
        expect(page.get_by_test_id("statement")).to_have_attribute("data-stage", onset["phase"])
        expect(page.get_by_test_id("filmstrip").locator("[aria-current=true]")).to_have_attribute("data-onset", onset["phase"])
    expect(page.get_by_test_id("filmstrip").locator("[data-onset]")).to_have_count(len(onsets))
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("well-row")).to_have_count(9)


def open_by_keyboard(page: Page, well: str) -> None:
    expect(page.get_by_test_id("well-row")).to_have_count(9)
    chosen = page.get_by_test_id("well-table").locator("[aria-pressed=true]")
    page.keyboard.press("PageDown")
    expect(chosen).to_have_count(1)
    for _ in range(9):
        if chosen.text_content() == well:
            break
        page.keyboard.press("PageDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(well)
    expect(page.get_by_test_id("onset-table")).to_be_visible()


def test_an_event_plays_its_clip(open_page: Opener, grown: Grown) -> None:
    page = open_page(f"{grown.path}/wells/{WITH_GAS}")
    event = page.get_by_test_id("events").locator("[data-kind=gas_bubble]").first
    clip = event.get_by_test_id("clip")
    clip.scroll_into_view_if_needed()
    clip.click()
    expect(clip).to_have_attribute("data-playing", "true")
    expect(clip).to_have_attribute("data-at", re.compile(r"[1-9]\d*"), timeout=SLOW_MS)
    assert clip.locator("canvas").evaluate("canvas => new Set(canvas.getContext('2d').getImageData(0, 0, 40, 40).data).size") > 10


def test_the_exported_hours_are_those_on_the_page_also_after_a_reload(open_page: Opener, grown: Grown) -> None:
    page = open_page(grown.path)
    page.get_by_test_id("profile-strip").first.wait_for()
    page.get_by_role("button", name="Report and export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Profiles as CSV").click()
    rows = {row["well"]: row for row in csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig")))}
    assert rows.keys() == grown.profiles.keys()
    page.goto(f"{grown.path}/wells/{grown.best}")
    shown = hours_on(page)
    assert len(shown) >= 5
    for phase, hours in shown.items():
        assert float(rows[grown.best][f"{phase}_hpi"]) == pytest.approx(hours, abs=0.051), phase
    page.reload()
    assert hours_on(page) == shown


def hours_on(page: Page) -> dict[str, float]:
    """The hours of the table of onsets by phase; what began before the recording has none."""
    rows = page.get_by_test_id("onset-table").locator("tr[data-phase]")
    # The recording's hours come after its profile and reach all rows at once; until then rows show frame numbers.
    expect(rows.filter(has_text=HOURS)).not_to_have_count(0)
    shown = {}
    for row in rows.all():
        said = HOURS.search(row.inner_text())
        if said:
            shown[row.get_attribute("data-phase") or ""] = float(said[1])
    return shown


def test_the_embryo_page_fits_a_narrow_screen(open_page: Opener, grown: Grown) -> None:
    page = open_page(f"{grown.path}/wells/{grown.best}", width=1024, height=768)
    page.get_by_test_id("onset-table").wait_for()
    for part in (page.get_by_test_id("statement"), page.get_by_test_id("filmstrip"), page.get_by_test_id("embryo-timeline")):
        part.scroll_into_view_if_needed()
        expect(part).to_be_in_viewport()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1024


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_a_dish_with_profiles_and_on_an_embryo(open_page: Opener, grown: Grown, theme: str, axe_file: Path) -> None:
    page = open_page("/settings")
    choose(page, "Theme", theme)
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    for path, part in ((grown.path, "profile-strip"), (f"{grown.path}/wells/{WITH_GAS}", "embryo-findings")):
        page.goto(path)
        page.get_by_test_id(part).first.wait_for()
        page.wait_for_load_state("networkidle")
        found = Axe(axe_file.read_text()).run(page)
        assert found.violations_count == 0, f"{path} in {theme}:\n{found.generate_report()}"


def test_the_embryo_page_speaks_russian(open_page: Opener, grown: Grown) -> None:
    page = open_page("/settings")
    choose(page, "Language", "ru")
    page.goto(f"{grown.path}/wells/{WITH_GAS}")
    expect(page.get_by_test_id("events").get_by_role("heading", name=re.compile("События"))).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("Интервалы"))).to_be_visible()
    expect(page.get_by_test_id("statement")).to_contain_text("Машина")
    expect(page.get_by_test_id("events")).to_contain_text("Пузырёк газа")
    page.goto("/settings")
    choose(page, "Язык", "en")
