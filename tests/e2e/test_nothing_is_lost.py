"""What was typed or corrected outlives the tab, a network that fails and a server that is away, until it is sent or given up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.e2e.conftest import Opener, Product
from tests.e2e.steps import SLOW_MS


@pytest.fixture
def context(product: Product, browser: Browser, admin_state: Path) -> Any:
    """A browser whose tabs come and go."""
    context = browser.new_context(base_url=product.url, storage_state=admin_state, viewport={"width": 1440, "height": 900})
    yield context
    context.close()


def tab(context: BrowserContext, path: str) -> Page:
    page = context.new_page()
    page.goto(path)
    return page


def embryo(page: Page, dish: str) -> str:
    told = page.request.get(f"/api{dish}/").json()["wells"]
    return next(str(well["name"]) for well in told if "embryo" in well["content"])


def outcome(page: Page) -> Locator:
    page.get_by_role("button", name="Second readers and outcome").click()
    page.get_by_role("menuitem", name=re.compile("Fates and outcome")).click()
    form = page.get_by_test_id("cycle-outcome")
    expect(form).to_be_visible(timeout=SLOW_MS)
    return form


def restored(within: Page | Locator) -> Locator:
    return within.get_by_test_id("restored")


def away(page: Page, address: str) -> None:
    """The server is not there for these requests; what is read still comes."""

    def refuse(route: Route) -> None:
        if route.request.method == "GET":
            route.continue_()
        else:
            route.abort()

    page.route(address, refuse)


def test_an_outcome_that_was_being_typed_is_there_after_the_tab_was_closed(context: BrowserContext, developed_dish: str) -> None:
    page = tab(context, developed_dish)
    form = outcome(page)
    form.get_by_label("Note").fill("told by telephone, half a sen")
    form.get_by_label("Miscarriage").select_option("no")
    page.close()
    page = tab(context, developed_dish)
    form = outcome(page)
    expect(form.get_by_label("Note")).to_have_value("told by telephone, half a sen")
    expect(form.get_by_label("Miscarriage")).to_have_value("no")
    expect(restored(form)).to_contain_text("Restored from")
    form.get_by_label("Note").fill("told by telephone")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("Told last by Ada Admin")
    expect(restored(form)).to_have_count(0)
    page.close()
    form = outcome(tab(context, developed_dish))
    expect(form.get_by_label("Note")).to_have_value("told by telephone")
    expect(restored(form)).to_have_count(0)


def test_what_was_restored_can_be_discarded(context: BrowserContext, developed_dish: str) -> None:
    page = tab(context, developed_dish)
    form = outcome(page)
    said = form.get_by_label("Gestational sacs").input_value()
    form.get_by_label("Gestational sacs").fill("7")
    page.reload()
    form = outcome(page)
    restored(form).get_by_role("button", name="Discard").click()
    expect(form.get_by_label("Gestational sacs")).to_have_value(said)
    page.reload()
    form = outcome(page)
    expect(form.get_by_label("Gestational sacs")).to_have_value(said)
    expect(restored(form)).to_have_count(0)


def test_a_fate_that_could_not_be_sent_is_sent_at_the_next_opening(context: BrowserContext, developed_dish: str) -> None:
    page = tab(context, developed_dish)
    place = embryo(page, developed_dish)
    away(page, "**/fates/**")
    outcome(page)
    page.get_by_label(f"Fate of {place}").select_option("frozen")
    expect(page.get_by_test_id("unsent-fates")).to_contain_text("1 fate")
    expect(page.get_by_label(f"Fate of {place}")).to_have_value("frozen")
    page.close()
    page = tab(context, developed_dish)
    with page.expect_response(lambda answer: "/fates/" in answer.url and answer.request.method == "PATCH") as told:
        outcome(page)
    assert told.value.json()["fate"] == "frozen"
    expect(page.get_by_test_id("unsent-fates")).to_have_count(0)


def test_the_reason_of_a_decision_and_a_remark_outlive_their_tabs(context: BrowserContext, developed_dish: str) -> None:
    page = tab(context, developed_dish)
    places = [well["name"] for well in page.request.get(f"/api{developed_dish}/").json()["wells"] if "embryo" in well["content"]][:2]
    chosen = ",".join(f"{developed_dish.removeprefix('/dishes/')}:{place}" for place in places)

    def deciding() -> Locator:
        page.goto(f"/compare?items={chosen}")
        expect(page.get_by_test_id("tile")).to_have_count(2, timeout=SLOW_MS)
        page.keyboard.press("f")
        return page.get_by_test_id("decision-form")

    deciding().get_by_label("Reason").fill("second best, and the first was")
    page.close()
    page = tab(context, "/")
    form = deciding()
    expect(form.get_by_label("Reason")).to_have_value("second best, and the first was")
    expect(restored(form)).to_be_visible()
    form.get_by_role("button", name="Cancel").click()
    expect(deciding().get_by_label("Reason")).to_have_value("")
    page.goto(f"{developed_dish}/wells/{places[0]}")
    page.get_by_role("tab", name=re.compile("Comments")).click()
    page.locator("#comment-text").fill("uneven at")
    page.close()
    page = tab(context, f"{developed_dish}/wells/{places[0]}")
    page.get_by_role("tab", name=re.compile("Comments")).click()
    expect(page.locator("#comment-text")).to_have_value("uneven at", timeout=SLOW_MS)
    restored(page).get_by_role("button", name="Discard").click()
    expect(page.locator("#comment-text")).to_have_value("")


def test_settings_and_a_rule_that_were_being_typed_are_there_after_the_tab_was_closed(context: BrowserContext) -> None:
    threshold = "Threshold for accepting many at once, %"
    page = tab(context, "/lab")
    page.get_by_label(threshold).fill("71")
    page.close()
    page = tab(context, "/lab")
    settings = page.get_by_test_id("review-settings")
    expect(page.get_by_label(threshold)).to_have_value("71", timeout=SLOW_MS)
    restored(settings).get_by_role("button", name="Discard").click()
    expect(page.get_by_label(threshold)).not_to_have_value("71")
    page.goto("/lab/rules")
    page.get_by_label("A rule of your own").fill("Half a rule")
    page.get_by_role("button", name="Create").click()
    rule = page.get_by_test_id("rule").filter(has=page.get_by_label("Source"))
    rule.get_by_label("to of criterion 1").fill("54,5")
    page.close()
    page = tab(context, "/lab/rules")
    rule = page.get_by_test_id("rule").filter(has=page.get_by_label("Source"))
    expect(rule.get_by_label("to of criterion 1")).to_have_value("54.5", timeout=SLOW_MS)
    expect(restored(rule)).to_be_visible()
    rule.get_by_role("button", name="Cancel").click()
    page.reload()
    rule = page.get_by_test_id("rule").filter(has_text="Half a rule")
    expect(rule).to_be_visible(timeout=SLOW_MS)
    expect(rule.get_by_label("to of criterion 1")).to_have_count(0)
    rule.get_by_role("button", name="Delete").click()
    rule.get_by_role("button", name="Delete this rule").click()
    expect(rule).to_have_count(0)


def corrections(page: Page, dish: str) -> dict[str, Any]:
    stack = page.request.get(f"/api{dish}/").json()["dish"]["stack"]["id"]
    told: dict[str, Any] = page.request.get(f"/api/stacks/{stack}/corrections/").json()
    return told


def test_a_correction_made_while_the_server_is_away_survives_a_reload_and_is_sent_later(
    context: BrowserContext, analysed_dish: str
) -> None:
    page = tab(context, analysed_dish)
    before = corrections(page, analysed_dish)["version"]
    away(page, "**/corrections/")
    page.get_by_test_id("stage").wait_for(timeout=SLOW_MS)
    page.keyboard.press("e")
    page.get_by_test_id("correction-panel").wait_for(timeout=SLOW_MS)
    page.keyboard.press("u")
    panel = page.get_by_test_id("correction-panel")
    expect(panel.locator("[data-saved]")).to_have_attribute("data-saved", "waiting")
    page.reload()
    expect(page.get_by_test_id("corrections-wait")).to_contain_text("1 correction waits", timeout=SLOW_MS)
    assert corrections(page, analysed_dish)["version"] == before
    page.unroute("**/corrections/")
    expect(page.get_by_test_id("corrections-wait")).to_have_count(0, timeout=SLOW_MS)
    told = corrections(page, analysed_dish)
    assert (told["version"], told["unusable"]) == (before + 1, [[0, 0]])
    page.keyboard.press("e")
    page.keyboard.press("Control+z")
    expect(panel.locator("[data-saved]")).to_have_attribute("data-saved", "saved", timeout=SLOW_MS)
    assert corrections(page, analysed_dish)["unusable"] == [], "what was done before the reload can be undone after it"


def test_a_correction_of_a_closed_tab_is_sent_from_whatever_page_is_opened_next(context: BrowserContext, analysed_dish: str) -> None:
    page = tab(context, analysed_dish)
    away(page, "**/corrections/")
    page.get_by_test_id("stage").wait_for(timeout=SLOW_MS)
    page.keyboard.press("e")
    page.get_by_test_id("correction-panel").wait_for(timeout=SLOW_MS)
    page.keyboard.press("u")
    expect(page.get_by_test_id("correction-panel").locator("[data-saved]")).to_have_attribute("data-saved", "waiting")
    page.close()
    page = context.new_page()
    with page.expect_response(lambda answer: "/corrections/" in answer.url and answer.request.method == "PATCH") as told:
        page.goto("/settings")
    assert told.value.json()["unusable"] == [[0, 0]]
    assert told.value.request.headers["if-match"]
    page.goto(analysed_dish)
    page.get_by_test_id("stage").wait_for(timeout=SLOW_MS)
    page.keyboard.press("e")
    page.get_by_test_id("correction-panel").wait_for(timeout=SLOW_MS)
    page.keyboard.press("u")
    expect(page.get_by_test_id("correction-panel").locator("[data-saved]")).to_have_attribute("data-saved", "saved", timeout=SLOW_MS)
    assert corrections(page, analysed_dish)["unusable"] == []


def test_two_corrections_of_the_same_made_without_each_other_are_both_shown_after_a_reload(
    context: BrowserContext, open_page: Opener, analysed_dish: str
) -> None:
    page, other = tab(context, analysed_dish), open_page(analysed_dish)
    away(page, "**/corrections/")
    for one, keys in ((page, "eu"), (other, "e")):
        one.get_by_test_id("stage").wait_for(timeout=SLOW_MS)
        for key in keys:
            one.keyboard.press(key)
            one.get_by_test_id("correction-panel").wait_for(timeout=SLOW_MS)
    expect(page.get_by_test_id("correction-panel").locator("[data-saved]")).to_have_attribute("data-saved", "waiting")
    other.keyboard.press("ArrowRight")
    expect(other.get_by_test_id("stage")).to_have_attribute("data-shown-frame", "1")
    other.keyboard.press("u")
    expect(other.get_by_test_id("correction-panel").locator("[data-saved]")).to_have_attribute("data-saved", "saved", timeout=SLOW_MS)
    page.unroute("**/corrections/")
    page.reload()
    conflicts = page.get_by_test_id("correction-conflicts")
    expect(conflicts).to_contain_text("Mine: 1", timeout=SLOW_MS)
    expect(conflicts).to_contain_text("Theirs: 2")
    conflicts.get_by_role("button", name="Theirs").click()
    expect(conflicts).to_have_count(0)
    assert corrections(page, analysed_dish)["unusable"] == [[1, 1]]
    other.keyboard.press("u")
    expect(other.get_by_test_id("correction-panel").locator("[data-saved]")).to_have_attribute("data-saved", "saved", timeout=SLOW_MS)


def test_small_forms_outlive_their_tabs(context: BrowserContext) -> None:
    page = tab(context, "/lab")
    page.get_by_label("Email").fill("newcomer@example.org")
    page.get_by_label("Role", exact=True).select_option("viewer")
    page.close()
    page = tab(context, "/settings")
    page.get_by_label("Your name").fill("Ada Admin-Lovelace")
    page.get_by_label("Current password").fill("half a password")
    page.reload()
    expect(page.get_by_label("Your name")).to_have_value("Ada Admin-Lovelace")
    expect(page.get_by_label("Current password")).to_have_value("")
    restored(page).get_by_role("button", name="Discard").click()
    expect(page.get_by_label("Your name")).to_have_value("Ada Admin")
    page.goto("/lab")
    expect(page.get_by_label("Email")).to_have_value("newcomer@example.org")
    expect(page.get_by_label("Role", exact=True)).to_have_value("viewer")
    page.get_by_role("button", name="Make a link").click()
    expect(restored(page)).to_have_count(0)
    assert "half a password" not in page.evaluate("JSON.stringify(localStorage)")
    page.reload()
    expect(page.get_by_label("Email")).to_have_value("")
