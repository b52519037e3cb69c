"""Annotating an embryo: ten onsets by keyboard alone, nothing lost by a reload or without a network, two browsers of one person."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.annotating import cell, go, saved
from tests.e2e.conftest import Opener, Product
from tests.e2e.recordings import developing_zip
from tests.e2e.steps import SLOW_MS, choose, confirm, upload

# Each phase's key and how many frames on from the one before it begins.
TEN = [
    ("tPNa", "Digit1", 1),
    ("tPNf", "Digit0", 2),
    ("t2", "Digit2", 1),
    ("t3", "Digit3", 2),
    ("t4", "Digit4", 1),
    ("t5", "Digit5", 2),
    ("t6", "Digit6", 1),
    ("t8", "Digit8", 2),
    ("t9+", "Digit9", 1),
    ("tM", "Shift+Digit2", 2),
]
# A Cyrillic layout: the same places of the keyboard, other letters.
CYRILLIC = {"KeyA": "ф", "KeyM": "ь", "Digit2": "2"}


@dataclass(frozen=True)
class Dish:
    """An analysed dish; every test takes an embryo of its own."""

    path: str
    stack: str
    embryos: list[str]

    def address(self, which: int) -> str:
        return f"{self.path}/wells/{self.embryos[which]}"


@pytest.fixture(scope="session")
def dish(product: Product, browser: Browser, admin_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Dish:
    recording = developing_zip(tmp_path_factory.mktemp("annotated"), seed=35, frames=30, repeated=1, interval_minutes=240)
    context = browser.new_context(base_url=product.url, storage_state=admin_state)
    page = context.new_page()
    upload(page, recording)
    path = confirm(page, patient="P-0009", dish="to annotate", hours="3", minutes=None, recording=recording.stem)
    page.get_by_role("button", name="Analyse again").first.wait_for(timeout=2 * SLOW_MS)
    told = page.request.get(f"/api{path}/").json()
    context.close()
    return Dish(path, told["dish"]["stack"]["id"], [profile["name"] for profile in told["profiles"]])


@pytest.fixture
def reading(open_page: Opener, dish: Dish) -> Callable[[int], dict[str, Any]]:
    """What the server holds of my reading."""
    page = open_page("/settings")

    def told(which: int) -> dict[str, Any]:
        answer: dict[str, Any] = page.request.get(f"/api/readings/{dish.stack}/{dish.embryos[which]}/").json()
        return answer

    return told


def opened(page: Page) -> Page:
    """The page once its reading and what the machine says are there."""
    saved(page, within_ms=SLOW_MS)
    expect(page.get_by_test_id("statement")).to_be_visible()
    return page


def test_ten_onsets_are_put_by_keyboard_in_under_a_minute_and_a_reload_keeps_them(
    open_page: Opener, dish: Dish, reading: Callable[[int], dict[str, Any]]
) -> None:
    page = opened(open_page(dish.address(0)))
    began, frame, put = time.monotonic(), 0, {}
    for phase, key, on in TEN:
        frame += on
        go(page, frame)
        page.keyboard.press(key)
        put[phase] = frame
        expect(cell(page, phase)).to_have_attribute("data-source", "own")
    assert time.monotonic() - began < 60
    saved(page)
    assert {phase: onset["frame_index"] for phase, onset in reading(0)["onsets"].items()} == put
    page.reload()
    opened(page)
    for phase, first in put.items():
        expect(page.get_by_test_id("my-row").locator(f".stage[data-phase='{phase}']")).to_have_attribute("data-frame", str(first))
    page.keyboard.press("Control+z")
    expect(cell(page, "tM")).not_to_have_attribute("data-source", "own")
    saved(page)
    assert "tM" not in reading(0)["onsets"]
    page.keyboard.press("Control+Shift+z")
    expect(cell(page, "tM")).to_have_attribute("data-source", "own")


def test_keys_of_a_cyrillic_layout_do_the_same(open_page: Opener, dish: Dish) -> None:
    page = opened(open_page(dish.address(1)))
    press = """([code, key]) => document.body.dispatchEvent(new KeyboardEvent('keydown', { code, key, bubbles: true, cancelable: true }))"""
    page.evaluate(press, ["KeyA", CYRILLIC["KeyA"]])
    expect(page.get_by_test_id("machine-says")).to_have_attribute("data-verdict", "accepted")
    page.evaluate(press, ["KeyM", CYRILLIC["KeyM"]])
    expect(page.get_by_role("textbox", name="Comment")).to_be_focused()


def test_boundaries_are_nudged_by_keyboard_and_dragged_by_mouse(
    open_page: Opener, dish: Dish, reading: Callable[[int], dict[str, Any]]
) -> None:
    page = opened(open_page(dish.address(2)))
    go(page, 4)
    page.keyboard.press("Digit2")
    handle = page.get_by_role("slider", name=re.compile("My onset of t2"))
    handle.focus()
    page.keyboard.press("ArrowRight")
    expect(handle).to_have_attribute("aria-valuenow", "5")
    expect(page.get_by_role("slider", name="Time")).to_have_attribute("aria-valuenow", "5")
    box, row = handle.bounding_box(), page.get_by_test_id("my-row").bounding_box()
    assert box
    assert row
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(row["x"] + row["width"] * 0.6, box["y"] + 4, steps=6)
    page.mouse.up()
    expect(handle).not_to_have_attribute("aria-valuenow", "5")
    saved(page)
    dragged = int(handle.get_attribute("aria-valuenow") or 0)
    assert 14 <= dragged <= 20
    assert reading(2)["onsets"]["t2"]["frame_index"] == dragged
    handle.focus()
    page.keyboard.press("Delete")
    expect(handle).to_have_count(0)


def test_an_edit_made_without_a_network_arrives_later_also_after_the_tab_was_closed(
    open_page: Opener, dish: Dish, reading: Callable[[int], dict[str, Any]]
) -> None:
    page = opened(open_page(dish.address(3)))
    context = page.context
    context.set_offline(True)
    page.keyboard.press("Digit1")
    saved(page, "waiting")
    page.close()
    assert reading(3)["onsets"] == {}
    context.set_offline(False)
    later = context.new_page()
    later.goto(dish.address(3))
    opened(later)
    expect(cell(later, "tPNa")).to_have_attribute("data-source", "own")
    assert reading(3)["onsets"]["tPNa"]["frame_index"] == 0


def test_two_browsers_of_one_person_merge_what_they_can_and_show_both_values_of_the_rest(
    open_page: Opener, dish: Dish, reading: Callable[[int], dict[str, Any]]
) -> None:
    one, other = opened(open_page(dish.address(4))), opened(open_page(dish.address(4)))
    go(one, 2)
    go(other, 6)
    one.context.set_offline(True)
    one.keyboard.press("Digit2")
    one.keyboard.press("Digit3")
    other.keyboard.press("Digit2")
    other.keyboard.press("Digit4")
    saved(other)
    saved(one, "waiting")
    one.context.set_offline(False)
    saved(one, "conflict")
    shown = one.get_by_test_id("conflicts").locator("[data-field='onsets.t2']")
    expect(shown.get_by_role("button")).to_have_count(2)
    # What did not overlap is merged without a question.
    expect(cell(one, "t3")).to_have_attribute("data-source", "own")
    expect(cell(one, "t4")).to_have_attribute("data-source", "own")
    assert reading(4)["onsets"]["t2"]["frame_index"] == 6
    shown.get_by_role("button", name=re.compile("^Here")).click()
    saved(one)
    frames = {phase: onset["frame_index"] for phase, onset in reading(4)["onsets"].items()}
    assert frames == {"t2": 2, "t3": 2, "t4": 6}
    expect(other.get_by_test_id("my-row").locator(".stage[data-phase=t2]")).to_have_attribute("data-frame", "2")


def test_grades_are_given_by_keys_submitted_and_signed(open_page: Opener, dish: Dish, reading: Callable[[int], dict[str, Any]]) -> None:
    page = opened(open_page(dish.address(5)))
    page.keyboard.press("e")
    for key in ("2", "1", "2", "1", "4", "a", "b"):
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    saved(page)
    assert reading(5)["grades"] == {
        "pn_count": 2,
        "evenness": "even",
        "fragmentation": "mild",
        "multinucleation": "none",
        "expansion": 4,
        "icm": "A",
        "te": "B",
    }
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).not_to_have_text(dish.embryos[5])
    assert reading(5)["state"] == "submitted"
    page.goto(dish.address(5))
    page.get_by_role("button", name="Sign").click()
    page.get_by_label("Your password").fill("correct horse battery")
    page.get_by_role("dialog").get_by_role("button", name="Sign").click()
    expect(page.get_by_test_id("signature")).to_have_attribute("data-valid", "true")
    page.keyboard.press("Digit2")
    expect(page.get_by_test_id("signature")).to_have_attribute("data-valid", "false")


def test_a_comment_is_pinned_to_its_frame_and_the_history_names_who_said_what(open_page: Opener, dish: Dish) -> None:
    page = opened(open_page(dish.address(6)))
    go(page, 3)
    page.keyboard.press("m")
    page.keyboard.type("One cell divides late.")
    page.keyboard.press("Control+Enter")
    comment = page.get_by_test_id("comment")
    expect(comment).to_contain_text("One cell divides late.")
    comment.get_by_role("button", name="Resolve").click()
    expect(comment).to_contain_text("Resolved by Ada Admin")
    page.get_by_role("textbox", name="Comment").press("Escape")
    page.keyboard.press("Digit2")
    saved(page)
    page.get_by_role("tab", name="History").click()
    said = page.get_by_test_id("history").locator("[data-field='onsets.t2']")
    expect(said).to_contain_text("Ada Admin")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_while_an_embryo_is_annotated(open_page: Opener, dish: Dish, theme: str, axe_file: Path) -> None:
    page = open_page("/settings")
    choose(page, "Theme", theme)
    page.goto(dish.address(0))
    opened(page)
    for side in ("Profile", "Measured", "Comments", "History"):
        page.get_by_role("tab", name=re.compile(side)).click()
        page.wait_for_load_state("networkidle")
        found = Axe(axe_file.read_text()).run(page)
        assert found.violations_count == 0, f"{side} in {theme}:\n{found.generate_report()}"


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_the_keypad_and_the_timeline_are_in_view_on_narrow_and_wide_screens(open_page: Opener, dish: Dish, width: int, height: int) -> None:
    page = opened(open_page(dish.address(0), width=width, height=height))
    for part in ("keypad", "filmstrip", "my-row", "submit"):
        expect(page.get_by_test_id(part)).to_be_in_viewport()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
