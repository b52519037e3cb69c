"""Measuring an embryo and adding what the machine did not see: by keyboard alone and by mouse, undone, and in the report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.annotating import go, saved
from tests.e2e.conftest import Opener
from tests.e2e.steps import SLOW_MS, choose

PITCH_UM = 420.0


class Embryo:
    """One well of the developed dish, and what the server holds of it."""

    def __init__(self, page: Page, dish: str, which: int) -> None:
        told = page.request.get(f"/api{dish}/").json()
        self.page, self.dish, self.lab = page, dish, told["dish"]["lab"]
        self.stack, self.layout = told["dish"]["stack"]["id"], told["run"]["layout"]
        self.place = [profile["name"] for profile in told["profiles"]][which]

    @property
    def address(self) -> str:
        return f"{self.dish}/wells/{self.place}"

    def reading(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.request.get(f"/api/readings/{self.stack}/{self.place}/").json()
        return found

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.request.get(f"/api{self.dish}/embryos/{self.place}/report.json").json()
        return found


@pytest.fixture
def embryo(open_page: Opener, developed_dish: str, request: pytest.FixtureRequest) -> Embryo:
    """Each test has an embryo of its own."""
    return Embryo(open_page("/settings"), developed_dish, request.param)


def opened(page: Page, embryo: Embryo) -> Page:
    page.goto(embryo.address)
    saved(page, within_ms=SLOW_MS)
    expect(page.get_by_test_id("stage")).to_have_attribute("data-shown-frame", "0", timeout=SLOW_MS)
    return page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def pitch_entered(page: Page, layout: str) -> None:
    """The lab's admin types how far its wells lie apart."""
    page.goto("/lab#dish-geometry")
    form = page.get_by_test_id("dish-geometry")
    field = form.get_by_label(f"Wells of {layout} lie apart, micrometres")
    expect(field).to_be_visible(timeout=SLOW_MS)
    if field.input_value() == str(int(PITCH_UM)):
        return
    field.fill(str(int(PITCH_UM)))
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved").first).to_be_visible()


@pytest.mark.parametrize("embryo", [5], indirect=True)
def test_a_line_a_circle_and_an_outline_are_measured_by_keyboard_and_by_mouse(embryo: Embryo) -> None:
    page = opened(embryo.page, embryo)
    go(page, 3)
    press(page, "l")
    pad = page.get_by_test_id("measure-pad")
    expect(pad).to_be_focused()
    press(page, "Enter", "Shift+ArrowRight", "Shift+ArrowRight", "ArrowDown", "Enter")
    expect(pad).to_have_count(0)
    line = page.get_by_test_id("measurement")
    expect(line).to_contain_text("20.0 px")
    expect(page.get_by_test_id("calibration")).to_have_attribute("data-missing", "no_pitch")
    expect(page.get_by_test_id("scale-bar")).to_have_count(0)
    saved(page)
    (kept,) = embryo.reading()["measurements"].values()
    assert (kept["kind"], kept["frame_index"], kept["um"], kept["px"]) == ("line", 3, None, pytest.approx(20.02, abs=0.01))

    pitch_entered(page, embryo.layout)
    opened(page, embryo)
    bar = page.get_by_test_id("scale-bar")
    expect(bar).to_contain_text("µm")
    press(page, "h")
    expect(bar).to_have_count(0)
    press(page, "h", "r")
    press(page, "Enter", "Shift+ArrowRight", "Enter")
    circle = page.get_by_test_id("measurement").filter(has_text="⌀")
    expect(circle).to_contain_text("µm²")
    press(page, "p")
    box = page.get_by_test_id("measure-pad").bounding_box()
    assert box
    for x, y in ((150, 150), (230, 150), (230, 220), (150, 220), (151, 151)):
        page.mouse.click(box["x"] + x, box["y"] + y)
    expect(page.get_by_test_id("measurement")).to_have_count(3)
    saved(page)
    measured = {one["kind"]: one for one in embryo.reading()["measurements"].values()}
    scale = page.request.get(f"/api/stacks/{embryo.stack}/calibration/").json()
    assert scale["pairs_x"] + scale["pairs_y"] >= 8
    assert measured["circle"]["um"] == pytest.approx(20 * scale["um_per_px_x"], rel=0.01)
    assert measured["polygon"]["um2"] == pytest.approx(measured["polygon"]["px2"] * scale["um_per_px_x"] * scale["um_per_px_y"], rel=0.01)
    assert measured["circle"]["calibration"]["pitch_um"] == PITCH_UM
    # What was measured in pixels before is reckoned anew where a person asks for it.
    page.get_by_test_id("outdated").get_by_role("button").click()
    saved(page)
    assert {one["um"] is None for one in embryo.reading()["measurements"].values()} == {False}
    told = embryo.report()["dishes"][0]["embryos"][0]["measurements"]
    assert {one["kind"] for one in told} == {"line", "circle", "polygon"}


@pytest.mark.parametrize("embryo", [6], indirect=True)
def test_a_measurement_is_moved_by_its_handles_named_undone_and_removed(embryo: Embryo) -> None:
    page = opened(embryo.page, embryo)
    press(page, "l", "Enter", "Shift+ArrowRight", "Shift+ArrowRight", "Enter")
    page.get_by_test_id("measurement").get_by_role("button").first.focus()
    page.keyboard.press("Enter")
    first = page.get_by_test_id("measure-handles").get_by_role("button").first
    expect(first).to_be_focused()
    press(page, "Shift+ArrowLeft")
    saved(page)
    (moved,) = embryo.reading()["measurements"].values()
    assert moved["px"] == 30
    handle = page.get_by_test_id("measure-handles").get_by_role("button").nth(1).bounding_box()
    assert handle
    page.mouse.move(handle["x"] + 8, handle["y"] + 8)
    page.mouse.down()
    page.mouse.move(handle["x"] + 48, handle["y"] + 8, steps=4)
    page.mouse.up()
    name = page.get_by_label("Name of Line")
    name.fill("zona")
    name.press("Enter")
    saved(page)
    (dragged,) = embryo.reading()["measurements"].values()
    assert dragged["px"] > 30
    assert dragged["label"] == "zona"
    page.get_by_role("tab", name="History").click()
    expect(page.get_by_test_id("history")).to_contain_text("zona")
    page.get_by_role("tab", name="Measured").click()
    page.get_by_test_id("measure-handles").get_by_role("button").first.focus()
    press(page, "Delete")
    expect(page.get_by_test_id("measurement")).to_have_count(0)
    press(page, "Control+z")
    expect(page.get_by_test_id("measurement")).to_have_count(1)
    press(page, "l", "Escape")
    expect(page.get_by_test_id("measure-pad")).to_have_count(0)
    saved(page)


@pytest.mark.parametrize("embryo", [7], indirect=True)
def test_an_event_that_the_machine_missed_is_added_stretched_moved_and_removed_by_keys(embryo: Embryo) -> None:
    page = opened(embryo.page, embryo)
    go(page, 4)
    press(page, "b")
    expect(page.get_by_test_id("event-kinds").get_by_role("button").first).to_be_focused()
    press(page, "m")
    own = page.get_by_test_id("own-event")
    expect(own).to_contain_text("Multinucleation")
    go(page, 6)
    press(page, "Shift+B")
    row = page.get_by_test_id("event-row").locator("[data-kind=multinucleation]")
    expect(row).to_have_attribute("data-last", "6")
    saved(page)
    added = {"kind": "multinucleation", "first_frame": 4, "last_frame": 6, "verdict": "added"}
    assert embryo.reading()["events"] == {"multinucleation@4": added}
    begin = page.get_by_role("slider", name=re.compile("First frame of Multinucleation"))
    begin.focus()
    press(page, "ArrowRight")
    expect(begin).to_have_attribute("aria-valuenow", "5")
    expect(begin).to_be_focused()
    expect(page.get_by_role("slider", name="Time")).to_have_attribute("aria-valuenow", "5")
    saved(page)
    assert list(embryo.reading()["events"]) == ["multinucleation@5"]
    told = embryo.report()["dishes"][0]["embryos"][0]["events"]
    assert [(event["first_frame"], event["verdict"]) for event in told if event["kind"] == "multinucleation"] == [(5, "added")]
    press(page, "Delete")
    expect(own).to_have_count(0)
    press(page, "Control+z")
    expect(own).to_have_count(1)
    page.reload()
    expect(own).to_contain_text("Multinucleation", timeout=SLOW_MS)


@pytest.mark.parametrize("embryo", [4], indirect=True)
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_while_somebody_measures(embryo: Embryo, theme: str, axe_file: Path) -> None:
    page = embryo.page
    choose(page, "Theme", theme)
    opened(page, embryo)
    press(page, "l", "Enter", "Shift+ArrowRight")
    expect(page.get_by_test_id("measure-pad")).to_be_focused()
    for state in ("drawing", "drawn", "choosing"):
        found = Axe(axe_file.read_text()).run(page)
        assert found.violations_count == 0, f"{state} in {theme}:\n{found.generate_report()}"
        press(page, "Enter" if state == "drawing" else "b")
        page.wait_for_timeout(300)
    page.goto("/lab")
    expect(page.get_by_test_id("dish-geometry").get_by_role("textbox").first).to_be_visible(timeout=SLOW_MS)
    found = Axe(axe_file.read_text()).run(page)
    assert found.violations_count == 0, f"lab in {theme}:\n{found.generate_report()}"
