"""Detectors: brought in, judged, used by the word of two admins and rolled back, without ever trusting a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.detector.admission.building import call, checkpoint, finder, saved, text
from tests.e2e.conftest import Opener, Product
from tests.e2e.people import PASSWORD, admin_of_a_new_lab, invite, join
from tests.e2e.steps import SLOW_MS, choose

A_DETECTOR = re.compile(r"/weights/[0-9a-f-]{36}$")
JUDGED_MS = 10 * SLOW_MS
SHIPPED = "wells-yolo11n"


@dataclass(frozen=True)
class Lab:
    """A lab of its own: what is in use here changes nobody else's results."""

    id: str
    dora: Path
    folder: Path


@pytest.fixture(scope="module")
def lab(product: Product, browser: Browser, admin_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("detectors")
    context = browser.new_context(base_url=product.url, storage_state=admin_state)
    page = context.new_page()
    page.goto("/")
    dora = admin_of_a_new_lab(page, browser, product.url, "Delta clinic", "Dora Delta", folder)
    context.close()
    context = browser.new_context(base_url=product.url, storage_state=dora)
    page = context.new_page()
    page.goto("/")
    found = page.request.get("/api/session/").json()["memberships"][0]["lab"]["id"]
    # Whoever makes a lab is its admin; here Dora begins alone, and the others see their own lab as before.
    token = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "embryovision_csrf")
    for one in page.request.get(f"/api/labs/{found}/members/").json():
        if one["user"]["name"] != "Dora Delta":
            headers = {"X-CSRFToken": token, "Referer": page.url}
            assert page.request.delete(f"/api/labs/{found}/members/{one['id']}/", headers=headers).ok
    context.close()
    return Lab(found, dora, folder)


def bring(page: Page, folder: Path, name: str, data: bytes) -> None:
    """Upload a file of weights and wait until the server has said what becomes of it."""
    (folder / name).write_bytes(data)
    page.goto("/weights?tab=bring")
    page.get_by_test_id("file-input").set_input_files(str(folder / name))
    page.get_by_test_id("admission").filter(has_text=name).first.wait_for(timeout=2 * SLOW_MS)


@pytest.fixture(scope="module")
def checked(product: Product, browser: Browser, lab: Lab) -> str:
    """The path of a detector that Dora brought in and had checked on the page; the check's page stays the last one looked at."""
    context = browser.new_context(base_url=product.url, storage_state=lab.dora)
    page = context.new_page()
    bring(page, lab.folder, "stranger.onnx", saved(finder(share=0.5)))
    page.get_by_role("link", name=re.compile("To the candidate")).click(timeout=2 * SLOW_MS)
    page.wait_for_url(A_DETECTOR)
    path = urlparse(page.url).path
    actions = page.get_by_test_id("actions")
    expect(actions.get_by_role("button", name="Propose for use")).to_be_disabled()
    expect(actions.get_by_test_id("blocked")).to_contain_text("check")
    actions.get_by_role("button", name="Check it").click()
    page.locator("[data-testid=check][data-state=finished]").wait_for(timeout=JUDGED_MS)
    context.close()
    return path


def of_the_lab(page: Page, name: str) -> str:
    """The state of weights in the list."""
    page.goto("/weights")
    row = page.get_by_test_id("weights-row").filter(has=page.get_by_role("link", name=name, exact=True))
    row.wait_for(timeout=SLOW_MS)
    return row.get_attribute("data-state") or ""


def test_a_file_that_would_run_something_is_refused_with_its_reason_and_runs_nothing(open_page: Opener, lab: Lab) -> None:
    canary = lab.folder / "canary"
    page = open_page("/weights", state=lab.dora)
    bring(page, lab.folder, "hostile.pt", checkpoint(call("os", "system", text(f"touch {canary}"))))
    refused = page.locator("[data-testid=admission][data-state=failed]").filter(has_text="hostile.pt")
    expect(refused.get_by_role("alert")).to_be_visible(timeout=2 * SLOW_MS)
    # Where the sandbox does not hold nothing is even opened, and that is said too.
    expect(refused).to_contain_text(re.compile("pickle_call|conversion_off"))
    expect(refused.get_by_role("link")).to_have_count(0)
    assert not canary.exists()


def test_a_check_stands_beside_what_is_in_use_and_its_differences_are_gone_through_by_keys(
    open_page: Opener, lab: Lab, checked: str
) -> None:
    page = open_page(checked, state=lab.dora)
    page.get_by_test_id("checks").get_by_role("link").first.click()
    for part in ("accuracy", "calibration", "cost"):
        table = page.get_by_test_id(part).get_by_role("table").first
        for name in (SHIPPED, "stranger"):
            expect(table.get_by_role("columnheader", name=re.compile(name))).to_be_visible()
    expect(page.get_by_test_id("gain")).to_have_attribute("data-verdict", "worse")
    expect(page.get_by_test_id("reliability").first.locator("canvas")).to_be_visible()
    one = page.get_by_test_id("difference")
    expect(one).to_have_attribute("data-number", "0")
    picture = one.get_by_role("img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    page.keyboard.press("ArrowRight")
    expect(one).to_have_attribute("data-number", "1")
    page.keyboard.press("ArrowLeft")
    expect(one).to_have_attribute("data-number", "0")


def test_a_lab_with_one_admin_is_told_before_it_proposes(open_page: Opener, lab: Lab, checked: str) -> None:
    page = open_page(checked, state=lab.dora)
    actions = page.get_by_test_id("actions")
    expect(actions).to_contain_text("This lab has one admin")
    expect(actions.get_by_role("button", name="Propose for use")).to_be_disabled()


def test_two_admins_put_a_detector_into_use_and_one_rolls_it_back(
    product: Product, browser: Browser, open_page: Opener, lab: Lab, checked: str
) -> None:
    dora = open_page(checked, state=lab.dora)
    erik_state = join(browser, product.url, invite(dora, lab.id, "Erik Echo", role="admin"), "Erik Echo", lab.folder)

    dora.reload()
    dora.get_by_role("button", name="Propose for use").click()
    deed = dora.get_by_test_id("deed")
    deed.get_by_label("Your password").fill("not her password")
    deed.get_by_role("button", name="Propose for use").click()
    expect(deed.get_by_role("alert")).to_be_visible()
    deed.get_by_label("Your password").fill(PASSWORD)
    deed.get_by_label("Reason").fill("It knows our dishes.")
    deed.get_by_role("button", name="Propose for use").click()
    proposal = dora.get_by_test_id("proposal")
    expect(proposal).to_contain_text("waits for a second admin")
    expect(proposal.get_by_role("button", name="Confirm and use")).to_have_count(0)
    assert of_the_lab(dora, "stranger") == "checked"

    erik = open_page("/weights", state=erik_state)
    expect(erik.get_by_test_id("proposal")).to_contain_text("It knows our dishes.")
    erik.get_by_test_id("proposal").get_by_role("button", name="Confirm and use").click()
    erik.get_by_label("Your password").fill(PASSWORD)
    erik.get_by_test_id("deed").get_by_role("button", name="Confirm and use").click()
    wells = erik.get_by_test_id("task-wells")
    expect(wells.get_by_test_id("in-use")).to_contain_text("stranger")
    # Dora hears of it where she is.
    expect(dora.get_by_test_id("task-wells").get_by_test_id("in-use")).to_contain_text("stranger")
    assert of_the_lab(erik, "stranger") == "active"

    wells.get_by_role("button", name=re.compile("Roll back")).click()
    erik.get_by_label("Your password").fill(PASSWORD)
    erik.get_by_test_id("deed").get_by_role("button", name="Roll back").click()
    expect(wells.get_by_test_id("in-use")).to_contain_text(SHIPPED)
    assert of_the_lab(erik, "stranger") == "checked"
    erik.goto(checked)
    uses = erik.get_by_test_id("uses").get_by_role("row")
    expect(uses.filter(has_text="Erik Echo").first).to_contain_text("Dora Delta")


def test_a_dish_says_where_it_was_filmed_and_the_drift_tells_of_that_incubator(open_page: Opener, analysed_dish: str) -> None:
    page = open_page(analysed_dish)
    page.get_by_role("button", name="incubator").click()
    page.get_by_role("menuitem", name="Incubator").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Incubator", exact=True).fill("GERI 1")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("header").filter(has_text="GERI 1").first).to_be_visible()
    page.goto("/weights?tab=drift")
    incubator = page.get_by_test_id("incubator").filter(has=page.get_by_role("heading", name="GERI 1"))
    expect(incubator).to_have_attribute("data-alarms", "0")
    # One recording is no beginning to hold anything against.
    expect(incubator).to_contain_text("a few more are needed")
    expect(incubator.locator("[data-figure=brightness]")).to_contain_text("Median")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_the_pages_of_detectors(open_page: Opener, lab: Lab, checked: str, theme: str, axe_file: Path) -> None:
    page = open_page("/settings", state=lab.dora)
    choose(page, "Theme", theme)
    check = page.request.get(f"/api{checked}/checks/").json()[0]["id"]
    tabs = [f"/weights?tab={tab}" for tab in ("bring", "beside", "drift", "settings")]
    for path in ("/weights", *tabs, checked, f"/weights/checks/{check}"):
        page.goto(path)
        page.get_by_role("heading", level=1).first.wait_for()
        page.wait_for_load_state("networkidle")
        found = Axe(axe_file.read_text()).run(page)
        assert found.violations_count == 0, f"{path} in {theme}:\n{found.generate_report()}"


def test_the_pages_of_detectors_fit_a_narrow_screen_and_speak_russian(open_page: Opener, lab: Lab, checked: str) -> None:
    page = open_page("/settings", state=lab.dora, width=1024, height=768)
    choose(page, "Language", "ru")
    check = page.request.get(f"/api{checked}/checks/").json()[0]["id"]
    tabs = [f"/weights?tab={tab}" for tab in ("bring", "beside", "drift", "settings")]
    for path in ("/weights", *tabs, checked, f"/weights/checks/{check}"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Детекторы|stranger"))
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 1024, path
    page.goto("/settings")
    choose(page, "Язык", "en")
