"""From labels to better weights: a data set is chosen and frozen, weights are trained on it, and a table shows what they improved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Opener, Product
from tests.e2e.exports import Awkward
from tests.e2e.steps import SLOW_MS, choose

A_SET = re.compile(r"/data-sets/[0-9a-f-]{36}")
A_TRAINING = re.compile(r"/training/[0-9a-f-]{36}")
FROZEN = "[data-testid=data-set][data-state=frozen]"
TRAINED_MS = 20 * SLOW_MS


def make(page: Page, name: str) -> str:
    """Make a draft for wells; gives its path."""
    page.goto("/data-sets")
    page.get_by_role("heading", level=1).wait_for()
    page.keyboard.press("n")
    page.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Enter")
    page.wait_for_url(A_SET, timeout=SLOW_MS)
    page.get_by_test_id("counts").wait_for(timeout=SLOW_MS)
    return urlparse(page.url).path


def items(page: Page) -> int:
    return int(page.get_by_test_id("counts").get_attribute("data-items") or "-1")


def kept(page: Page) -> None:
    expect(page.get_by_test_id("kept")).to_have_text("Kept", timeout=SLOW_MS)


def freeze(page: Page) -> None:
    kept(page)
    page.get_by_role("button", name="Freeze").click()
    page.locator(FROZEN).wait_for(timeout=2 * SLOW_MS)


@pytest.fixture(scope="session")
def frozen(product: Product, browser: Browser, admin_state: Path, imported: str) -> str:
    """The path of a frozen data set of all that was imported."""
    context = browser.new_context(base_url=product.url, storage_state=admin_state)
    page = context.new_page()
    path = make(page, "everything imported")
    freeze(page)
    context.close()
    return path


@pytest.fixture(scope="session")
def trained(product: Product, browser: Browser, admin_state: Path, frozen: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A training that was begun on the page, stopped, resumed and waited for: its path, and what the server tells of it."""
    context = browser.new_context(base_url=product.url, storage_state=admin_state)
    page = context.new_page()
    page.goto(frozen)
    page.get_by_role("link", name="Train with it").click()
    expect(page.get_by_role("dialog")).to_contain_text("everything imported")
    expected = page.get_by_test_id("expected")
    expect(expected).to_contain_text("on this server nothing of the kind was trained yet")
    expect(expected).to_contain_text(re.compile(r"Held out *\d+ picture"))
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url(A_TRAINING, timeout=SLOW_MS)
    page.locator("[data-testid=training][data-state=running]").wait_for(timeout=2 * SLOW_MS)
    expect(page.get_by_test_id("training-controls")).to_contain_text("Learning", timeout=2 * SLOW_MS)
    page.keyboard.press("s")
    page.locator("[data-testid=training]:not([data-state=running])").wait_for(timeout=TRAINED_MS)
    if page.get_by_test_id("training").get_attribute("data-state") == "stopped":
        page.keyboard.press("r")
    page.locator("[data-testid=training][data-state=finished]").wait_for(timeout=TRAINED_MS)
    path = urlparse(page.url).path
    yield path, page.request.get(f"/api/trainings/{path.split('/')[-1]}/").json()
    context.close()


def test_filters_change_what_a_draft_takes_and_the_draft_keeps_itself(open_page: Opener, awkward: Awkward, imported: str) -> None:
    page = open_page("/data-sets")
    path = make(page, "gas only")
    whole = items(page)
    assert 0 < whole <= awkward.tasks
    page.locator("summary", has_text="Showing").click()
    page.get_by_role("checkbox", name="gas outside the wells").check()
    kept(page)
    expect(page.get_by_test_id("counts")).to_have_attribute("data-items", "1")
    page.get_by_role("button", name="80/20").click()
    kept(page)
    page.goto(path)
    expect(page.get_by_test_id("counts")).to_have_attribute("data-items", "1")
    expect(page.get_by_role("button", name="80/20")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("sheet")).to_have_attribute("data-count", "1")
    # One picture cannot be learned from and chosen by: the server says why, and the draft stays a draft.
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("alert").first).to_be_visible(timeout=SLOW_MS)
    expect(page.locator("[data-testid=data-set][data-state=draft]")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Remove the draft").click()
    page.wait_for_url(re.compile(r"/data-sets$"))


def test_steps_are_seen_before_they_are_taken_and_labels_move_along(open_page: Opener, imported: str) -> None:
    page = open_page("/data-sets")
    make(page, "turned")
    page.get_by_test_id("sheet").get_by_role("button").first.click()
    preview = page.get_by_test_id("step-preview")
    expect(preview).to_have_attribute("data-made", "true", timeout=SLOW_MS)
    outlines = preview.locator("figure").nth(1).locator("rect")
    before = [outlines.nth(0).get_attribute(side) for side in ("x", "y")]
    page.get_by_label("Add a step to: Preprocessing").select_option("flip")
    expect(outlines.nth(0)).not_to_have_attribute("x", before[0] or "", timeout=SLOW_MS)
    # What was asked once is not asked over and over.
    page.wait_for_load_state("networkidle")
    page.get_by_label("Add a step to: Preprocessing").select_option("clahe")
    page.get_by_label("clip limit").fill("4")
    page.get_by_role("button", name="Earlier: Local contrast (CLAHE)").click()
    kept(page)
    page.reload()
    expect(page.get_by_test_id("steps").locator("li").first).to_contain_text("Local contrast")
    expect(page.get_by_label("clip limit")).to_have_value("4")


def test_a_frozen_data_set_shows_its_splits_and_pictures_and_changes_no_more(open_page: Opener, awkward: Awkward, frozen: str) -> None:
    page = open_page(frozen)
    counts = page.get_by_test_id("counts")
    for content, name in {"embryo": "embryo", "empty": "empty well", "gas": "gas bubble", "embryo_gas": "embryo + gas"}.items():
        row = counts.get_by_role("row", name=re.compile(rf"^{re.escape(name)} \d"))
        expect(row.get_by_role("cell").last).to_have_text(re.compile(rf"^{awkward.contents[content]}\b"))
    sheet = page.get_by_test_id("sheet")
    held = counts.get_by_role("row", name=re.compile(r"^Pictures \d")).get_by_role("cell").all_text_contents()
    assert sum(int(number) for number in held[:3]) == int(held[3]) == items(page)
    for split, number in zip(("train", "validation", "test"), held, strict=False):
        page.get_by_label("Division").select_option(split)
        expect(sheet).to_have_attribute("data-count", number, timeout=SLOW_MS)
    picture = sheet.locator("img").first
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    expect(page.get_by_role("button", name="Freeze")).to_have_count(0)
    expect(page.get_by_text("sha256")).to_be_visible()


@pytest.mark.parametrize("form", ["YOLO", "COCO", "CSV"])
def test_a_frozen_data_set_is_exported_with_its_pictures(open_page: Opener, frozen: str, form: str) -> None:
    page = open_page(frozen)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as started:
        page.get_by_role("menuitem", name=f"{form} with pictures").click()
    assert started.value.suggested_filename.endswith(".zip")


def test_a_training_shows_its_curve_and_ends_in_a_table_beside_the_weights_in_use(
    open_page: Opener, trained: tuple[str, dict[str, Any]]
) -> None:
    path, told = trained
    page = open_page(path)
    expect(page.get_by_test_id("curves")).to_have_attribute("data-points", str(len(told["curve"])))
    expect(page.get_by_test_id("curves").locator("canvas").first).to_be_visible()
    final = page.get_by_test_id("final")
    expect(final).to_contain_text("Judged once")
    for role in ("candidate", "in use", "baseline"):
        expect(final.get_by_role("columnheader", name=re.compile(role)).first).to_be_visible()
    expect(final.get_by_test_id("difference").first).to_contain_text(re.compile("Better|Worse|No clear difference"))
    page.get_by_role("link", name="To the detectors").click()
    card = page.locator(f"#weights-{told['candidate']}")
    expect(card).to_contain_text("candidate, not in use")


def test_the_list_of_trainings_tells_what_became_of_them(open_page: Opener, trained: tuple[str, dict[str, Any]]) -> None:
    page = open_page("/training")
    row = page.get_by_test_id("trainings").get_by_role("row").nth(1)
    expect(row).to_contain_text("everything imported")
    expect(row).to_contain_text("finished")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_data_sets_and_training(
    open_page: Opener, frozen: str, trained: tuple[str, dict[str, Any]], theme: str, axe_file: Path
) -> None:
    page = open_page("/settings")
    choose(page, "Theme", theme)
    draft = make(page, f"looked at in {theme}")
    page.get_by_label("Add a step to: Preprocessing").select_option("median")
    kept(page)
    for path in (draft, "/data-sets", "/data-sets?new=1", frozen, "/training", "/training?new=1", trained[0]):
        page.goto(path)
        page.get_by_role("heading", level=1).first.wait_for()
        page.wait_for_load_state("networkidle")
        found = Axe(axe_file.read_text()).run(page)
        assert found.violations_count == 0, f"{path} in {theme}:\n{found.generate_report()}"


def test_data_sets_and_training_fit_a_narrow_screen_and_speak_russian(
    open_page: Opener, frozen: str, trained: tuple[str, dict[str, Any]]
) -> None:
    page = open_page("/settings", width=1024, height=768)
    choose(page, "Language", "ru")
    for path, heading in ((frozen, "everything imported"), ("/data-sets", "Наборы данных"), ("/training", "Обучение")):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 1024, path
    page.goto(trained[0])
    expect(page.get_by_role("heading", name="Что стало лучше")).to_be_visible()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1024
    page.goto("/settings")
    choose(page, "Язык", "en")
