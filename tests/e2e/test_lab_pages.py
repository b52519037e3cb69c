"""The pages of a whole lab: its figures, a rule that it makes its own, how it reviews, who reads what, and what came of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import Opener, Product
from tests.e2e.people import invite, join
from tests.e2e.steps import SLOW_MS, choose

RULE = "t5, then s2"


@pytest.fixture(scope="module")
def colleague(product: Product, browser: Browser, admin_state: Path, developed_dish: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embryologist of the admin's own lab."""
    context = browser.new_context(base_url=product.url, storage_state=admin_state)
    admin = context.new_page()
    admin.goto("/lab")
    link = invite(admin, lab_of(admin, developed_dish), "Cora Colleague")
    context.close()
    return join(browser, product.url, link, "Cora Colleague", tmp_path_factory.mktemp("people"))


def lab_of(page: Page, dish: str) -> str:
    found: str = page.request.get(f"/api{dish}/").json()["dish"]["lab"]
    return found


def test_an_admin_sees_the_timings_of_an_analysed_dish(open_page: Opener, developed_dish: str) -> None:
    page = open_page("/lab/quality")
    rows = page.get_by_test_id("timings").locator("tbody tr")
    expect(rows.first).to_be_visible()
    told = page.request.get(f"/api/labs/{lab_of(page, developed_dish)}/statistics/").json()
    timings = {phase: timing for phase, timing in told["timings"].items() if timing["n"] > 0}
    assert len(timings) >= 5
    expect(rows).to_have_count(len(timings))
    for phase, timing in timings.items():
        cells = rows.filter(has=page.get_by_role("rowheader", name=phase, exact=True)).locator("td")
        assert cells.nth(0).inner_text() == str(timing["n"])
        assert float(cells.nth(2).inner_text()) == pytest.approx(timing["median"], abs=0.051), phase


def test_a_published_rule_counts_once_the_lab_has_entered_its_own_thresholds(open_page: Opener, developed_dish: str) -> None:
    page = open_page("/lab/rules")
    page.get_by_role("button", name=f"Start from this: {RULE}").click()
    rule = page.get_by_test_id("rule").filter(has_text=RULE)
    expect(rule).to_contain_text("thresholds are missing")
    for label, hours in (("from of criterion 1", "40"), ("to of criterion 1", "60,5"), ("to of criterion 2", "2")):
        field = rule.get_by_label(label, exact=True)
        expect(field).to_have_value("")
        field.fill(hours)
    rule.get_by_role("button", name="Save").click()
    expect(rule).to_contain_text("t5 between 40 and 60.5")
    expect(rule).to_have_attribute("data-on", "false")
    assert RULE not in scored(page, developed_dish)
    rule.get_by_role("button", name="Turn on").click()
    expect(rule).to_have_attribute("data-on", "true")
    assert RULE in scored(page, developed_dish)


def scored(page: Page, dish: str) -> set[str]:
    return {score["name"] for score in page.request.get(f"/api{dish}/scores/").json()}


def test_review_settings_are_kept_and_two_admins_do_not_overrule_each_other_unseen(open_page: Opener) -> None:
    page, other = open_page("/lab"), open_page("/lab")
    threshold = "Threshold for accepting many at once, %"
    page.get_by_label(threshold).fill("93")
    other.get_by_label("Tolerance of t5 in hours").fill("2,5")
    settings(other).get_by_role("button", name="Save").click()
    expect(settings(page).get_by_role("alert")).to_contain_text("meanwhile")
    expect(page.get_by_label("Tolerance of t5 in hours")).to_have_value("2.5")
    expect(page.get_by_label(threshold)).to_have_value("93")
    with page.expect_response("**/review-settings/"):
        settings(page).get_by_role("button", name="Save").click()
    page.reload()
    expect(page.get_by_label(threshold)).to_have_value("93")
    # The lab is shared by all tests of this folder.
    page.get_by_label(threshold).fill("90")
    page.get_by_label("Tolerance of t5 in hours").fill("2")
    with page.expect_response("**/review-settings/"):
        settings(page).get_by_role("button", name="Save").click()


def settings(page: Page) -> Locator:
    return page.get_by_test_id("review-settings")


def test_a_colleague_who_is_asked_finds_the_embryo_on_the_review_page(open_page: Opener, developed_dish: str, colleague: Path) -> None:
    page = open_page(developed_dish)
    place = embryo(page, developed_dish)
    open_menu(page, "Ask a second reader")
    form = page.get_by_test_id("ask-form")
    expect(form.get_by_role("checkbox", name=place)).to_be_checked()
    for box in form.get_by_role("group", name="Embryos").get_by_role("checkbox").all():
        box.set_checked(False)
    form.get_by_role("checkbox", name=place).check()
    form.get_by_role("button", name="Ask to read 1 embryo").click()
    row = page.get_by_test_id("assignments").locator(f"tr[data-place={place}]")
    expect(row).to_contain_text("Cora Colleague")
    theirs = open_page("/review", state=colleague)
    link = theirs.get_by_test_id("my-assignments").get_by_role("link", name=place)
    expect(link).to_be_visible(timeout=SLOW_MS)
    row.get_by_role("button", name="Withdraw").click()
    expect(row).to_have_count(0)
    expect(theirs.get_by_test_id("my-assignments")).to_have_count(0, timeout=SLOW_MS)


def test_what_became_of_embryo_and_cycle_is_kept(open_page: Opener, developed_dish: str) -> None:
    page = open_page(developed_dish)
    place = embryo(page, developed_dish)
    open_menu(page, "Fates and outcome")
    with page.expect_response("**/fates/**"):
        page.get_by_label(f"Fate of {place}").select_option("transferred")
    form = page.get_by_test_id("cycle-outcome")
    form.get_by_label("hCG positive").select_option("no")
    form.get_by_label("Live birth").select_option("yes")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("cannot all be true")
    form.get_by_label("hCG positive").select_option("yes")
    form.get_by_label("Gestational sacs").fill("1")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("Told last by Ada Admin")
    page.reload()
    open_menu(page, "Fates and outcome")
    expect(page.get_by_label(f"Fate of {place}")).to_have_value("transferred")
    expect(form.get_by_label("Live birth")).to_have_value("yes")
    expect(form.get_by_label("Gestational sacs")).to_have_value("1")


def open_menu(page: Page, item: str) -> None:
    page.get_by_role("button", name="Second readers and outcome").click()
    page.get_by_role("menuitem", name=re.compile(item)).click()


def embryo(page: Page, dish: str) -> str:
    told: dict[str, Any] = page.request.get(f"/api{dish}/").json()
    name: str = min(profile["name"] for profile in told["profiles"])
    return name


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_the_pages_of_a_lab(
    open_page: Opener, developed_dish: str, colleague: Path, theme: str, axe_file: Path
) -> None:
    page = open_page("/settings")
    choose(page, "Theme", theme)
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    for path, part in (("/lab/quality", "timings"), ("/lab/rules", "template"), ("/lab", "own-rules")):
        page.goto(path)
        page.get_by_test_id(part).first.wait_for()
        page.wait_for_load_state("networkidle")
        assert_clean(page, axe_file, f"{path} in {theme}")
    for item, part in (("Ask a second reader", "ask-form"), ("Fates and outcome", "cycle-outcome")):
        page.goto(developed_dish)
        open_menu(page, item)
        page.get_by_test_id(part).wait_for()
        page.wait_for_load_state("networkidle")
        assert_clean(page, axe_file, f"{item} in {theme}")


def assert_clean(page: Page, axe_file: Path, where: str) -> None:
    found = Axe(axe_file.read_text()).run(page)
    assert found.violations_count == 0, f"{where}:\n{found.generate_report()}"
