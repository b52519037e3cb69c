"""The review queue: one embryo after another by single keys, all sure ones at once, all of it taken back, nothing shown to the blind."""

from __future__ import annotations

import re
import statistics
import time
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Opener, Product, developed
from tests.e2e.people import admin_of_a_new_lab, ask
from tests.e2e.steps import SLOW_MS, choose

ACCEPTED = "[data-state=accepted]"
MOST_SECONDS_A_DECISION = 45


@pytest.fixture(scope="module")
def admin_state(product: Product, browser: Browser, admin_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The admin of another lab: a queue shows all that waits there, and here that is the one dish of these tests."""
    context = browser.new_context(base_url=product.url, storage_state=admin_state)
    page = context.new_page()
    page.goto("/settings")
    state = admin_of_a_new_lab(page, browser, product.url, "Queue clinic", "Quentin Queue", tmp_path_factory.mktemp("people"))
    context.close()
    return state


@pytest.fixture(scope="module")
def developed_dish(product: Product, browser: Browser, admin_state: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return developed(browser, product, admin_state, tmp_path_factory.mktemp("queue"), seed=37)


def opened(open_page: Opener, dish: str, **options: int) -> Page:
    """The queue with its first item's picture on the page, and everything of the dish waiting."""
    page = open_page("/review", **options)
    expect(listed(page).first).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_test_id("queue-picture")).to_have_attribute("data-pending", "false", timeout=SLOW_MS)
    assert dish in {f"/dishes/{item['dish']}" for item in queue(page)}
    return page


def listed(page: Page) -> Any:
    return page.get_by_test_id("queue-list").locator("li")


def queue(page: Page, **asked: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.request.get("/api/queue/", params={"page_size": "100", **asked}).json()["results"]
    return found


def in_hand(page: Page) -> str:
    return page.get_by_test_id("queue-item").get_attribute("data-place") or ""


def left(page: Page) -> int:
    return int(page.get_by_test_id("queue-left").get_attribute("data-left") or -1)


def until_acceptable(page: Page) -> str:
    """Go on until an embryo is in hand that can be accepted."""
    accept = page.get_by_role("button", name="Accept A", exact=True).or_(page.get_by_role("button", name="Accept", exact=True)).first
    for _ in range(listed(page).count()):
        if accept.is_enabled():
            return in_hand(page)
        before = in_hand(page)
        page.keyboard.press("n")
        expect(page.get_by_test_id("queue-item")).not_to_have_attribute("data-place", before)
    raise AssertionError("Nothing in the queue can be accepted.")


def undo(page: Page) -> None:
    before = page.locator(ACCEPTED).count()
    page.keyboard.press("Control+z")
    expect(page.get_by_text(re.compile("taken back")).first).to_be_visible()
    expect(page.locator(ACCEPTED)).not_to_have_count(before)


def test_a_blind_reader_is_shown_no_result_and_cannot_accept(open_page: Opener, developed_dish: str) -> None:
    # First of all: whoever has submitted a reading once has seen the result, also after taking it back.
    page = opened(open_page, developed_dish)
    lab = page.request.get(f"/api{developed_dish}/").json()["dish"]["lab"]
    blind_first(page, lab, is_on=True)
    try:
        page.reload()
        page.locator("li[data-state=hidden] button").first.click()
        expect(page.get_by_test_id("blind")).to_be_visible()
        expect(page.get_by_test_id("reasons")).to_have_count(0)
        expect(page.get_by_test_id("queue-onsets")).to_have_count(0)
        expect(page.get_by_test_id("profile-strip")).to_have_count(0)
        expect(page.get_by_test_id("why-not")).to_contain_text("Read blind")
        expect(page.locator("li[data-state=hidden]").first).not_to_contain_text("%")
        page.keyboard.press("a")
        expect(page.locator(ACCEPTED)).to_have_count(0)
    finally:
        blind_first(page, lab, is_on=False)


def blind_first(page: Page, lab: str, *, is_on: bool) -> None:
    address = f"/api/labs/{lab}/review-settings/"
    version = page.request.get(address).headers["etag"]
    ask(page, "PATCH", address, {"blind_first": is_on}, {"If-Match": version})


def test_one_key_accepts_an_embryo_shows_the_next_and_another_takes_it_back(open_page: Opener, developed_dish: str) -> None:
    page = opened(open_page, developed_dish)
    waited = left(page)
    place = until_acceptable(page)
    stack = next(item["stack"] for item in queue(page) if item["place"] == place)
    page.wait_for_timeout(1200)
    page.keyboard.press("a")
    expect(page.get_by_test_id("queue-item")).not_to_have_attribute("data-place", place)
    expect(page.locator(ACCEPTED)).to_have_attribute("data-place", place)
    expect(page.get_by_test_id("queue-left")).to_have_attribute("data-left", str(waited - 1))
    reading = page.request.get(f"/api/readings/{stack}/{place}/").json()
    assert reading["state"] == "submitted"
    assert {onset["source"] for onset in reading["onsets"].values()} == {"machine"}
    assert reading["seconds_spent"] >= 1
    expect(page.get_by_test_id("queue-pace")).to_be_visible()
    undo(page)
    expect(page.get_by_test_id("queue-item")).to_have_attribute("data-place", place)
    expect(page.get_by_test_id("queue-left")).to_have_attribute("data-left", str(waited))
    assert page.request.get(f"/api/readings/{stack}/{place}/").json()["state"] == "draft"


def test_what_was_accepted_can_be_taken_back_after_a_reload(open_page: Opener, developed_dish: str) -> None:
    page = opened(open_page, developed_dish)
    place = until_acceptable(page)
    page.keyboard.press("a")
    expect(page.locator(ACCEPTED)).to_have_attribute("data-place", place)
    page.reload()
    expect(listed(page).first).to_be_visible()
    expect(page.locator(f"li[data-place={place}]")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(page.get_by_text(re.compile("taken back")).first).to_be_visible()
    expect(page.locator(f"li[data-place={place}]").first).to_be_visible()


def test_all_above_a_threshold_are_counted_before_they_are_accepted_and_taken_back_together(open_page: Opener, developed_dish: str) -> None:
    page = opened(open_page, developed_dish)
    waited = left(page)
    page.keyboard.press("Shift+A")
    form = page.get_by_test_id("accept-above")
    form.get_by_label("How sure the machine has to be").fill("5")
    expect(form.get_by_test_id("above-count")).to_have_text(re.compile(r"^\d+ embryos? (is|are) that sure$"))
    count = int((form.get_by_test_id("above-count").text_content() or "").split()[0])
    assert count >= 2
    assert left(page) == waited, "counting accepts nothing"
    page.keyboard.press("Enter")
    expect(form).to_have_count(0)
    expect(page.locator(ACCEPTED)).to_have_count(count)
    expect(page.get_by_test_id("queue-left")).to_have_attribute("data-left", str(waited - count))
    undo(page)
    expect(page.locator(ACCEPTED)).to_have_count(0)
    expect(page.get_by_test_id("queue-left")).to_have_attribute("data-left", str(waited))


def test_one_key_rejects_what_the_machine_says_goes_on_and_another_takes_it_back(open_page: Opener, developed_dish: str) -> None:
    page = opened(open_page, developed_dish)
    waited = left(page)
    place = until_acceptable(page)
    stack = next(item["stack"] for item in queue(page) if item["place"] == place)
    page.keyboard.press("x")
    expect(page.get_by_test_id("queue-item")).not_to_have_attribute("data-place", place)
    rejected = page.locator("li[data-state=rejected]")
    expect(rejected).to_have_attribute("data-place", place)
    expect(page.get_by_test_id("queue-left")).to_have_attribute("data-left", str(waited - 1))
    reading = page.request.get(f"/api/readings/{stack}/{place}/").json()
    assert (reading["state"], reading["profile"], reading["onsets"]) == ("draft", {"machine": {"verdict": "rejected"}}, {})
    # It waits on, after all others that may be seen.
    order = [item["place"] for item in queue(page)]
    assert order[-1] == place
    page.keyboard.press("Control+z")
    expect(page.get_by_text(re.compile("taken back")).first).to_be_visible()
    expect(rejected).to_have_count(0)
    expect(page.get_by_test_id("queue-item")).to_have_attribute("data-place", place)
    assert page.request.get(f"/api/readings/{stack}/{place}/").json()["profile"] == {}


def test_edit_opens_the_embryo_and_leads_back(open_page: Opener, developed_dish: str) -> None:
    page = opened(open_page, developed_dish)
    place = in_hand(page)
    page.keyboard.press("e")
    page.wait_for_url(re.compile(rf"/wells/{place}\?from=review"))
    expect(page.get_by_role("heading", level=1)).to_have_text(place)
    page.get_by_role("link", name="Review queue").click()
    expect(listed(page).first).to_be_visible()


def test_a_doubt_is_gone_to_and_scrubbed_around(open_page: Opener, developed_dish: str) -> None:
    page = opened(open_page, developed_dish)
    slider = page.get_by_test_id("queue-scrubber")
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", "1")
    expect(page.get_by_test_id("queue-picture")).to_have_attribute("data-pending", "false")
    lit = page.get_by_test_id("queue-picture").evaluate(
        "canvas => new Set(canvas.getContext('2d').getImageData(canvas.width / 4, canvas.height / 4, canvas.width / 2, 40).data).size"
    )
    assert lit > 10


def test_a_scripted_reviewer_needs_less_than_45_seconds_an_embryo(open_page: Opener, developed_dish: str) -> None:
    """Looks at the start, every onset and the end of each embryo before accepting it."""
    page = opened(open_page, developed_dish)
    took = []
    for _ in range(4):
        until_acceptable(page)
        begun, place = time.monotonic(), in_hand(page)
        expect(page.get_by_test_id("queue-picture")).to_have_attribute("data-pending", "false")
        page.keyboard.press("Home")
        for _ in range(page.get_by_test_id("queue-onsets").locator("tr").count()):
            page.keyboard.press("Alt+ArrowRight")
        expect(page.get_by_test_id("queue-picture")).to_have_attribute("data-pending", "false", timeout=SLOW_MS)
        page.keyboard.press("a")
        expect(page.locator(f"{ACCEPTED}[data-place={place}]")).to_be_visible()
        took.append(time.monotonic() - begun)
    assert statistics.median(took) <= MOST_SECONDS_A_DECISION, took
    for _ in took:
        undo(page)
    expect(page.locator(ACCEPTED)).to_have_count(0)


def test_keys_work_on_a_cyrillic_layout(open_page: Opener, developed_dish: str) -> None:
    page = opened(open_page, developed_dish)
    first = in_hand(page)
    page.evaluate("dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyN', key: 'т', bubbles: true }))")
    expect(page.get_by_test_id("queue-item")).not_to_have_attribute("data-place", first)


def test_an_empty_queue_says_so(open_page: Opener, developed_dish: str) -> None:
    page = opened(open_page, developed_dish)
    page.route("**/api/queue/?*", lambda route: route.fulfill(json={"count": 0, "next": None, "previous": None, "results": []}))
    page.reload()
    expect(page.get_by_role("heading", name="Nothing waits")).to_be_visible()


def test_the_queue_fits_a_narrow_screen(open_page: Opener, developed_dish: str) -> None:
    page = opened(open_page, developed_dish, width=1024, height=768)
    for part in ("queue-list", "queue-picture", "queue-scrubber", "reasons"):
        expect(page.get_by_test_id(part)).to_be_in_viewport()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1024


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_the_queue_and_its_dialog(open_page: Opener, developed_dish: str, theme: str, axe_file: Path) -> None:
    page = open_page("/settings")
    choose(page, "Theme", theme)
    page.goto("/review")
    expect(page.get_by_test_id("queue-picture")).to_have_attribute("data-pending", "false", timeout=SLOW_MS)
    found = Axe(axe_file.read_text()).run(page)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("Shift+A")
    expect(page.get_by_test_id("above-count")).to_have_text(re.compile("sure"))
    found = Axe(axe_file.read_text()).run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_queue_speaks_russian(open_page: Opener, developed_dish: str) -> None:
    page = open_page("/settings")
    choose(page, "Language", "ru")
    page.goto("/review")
    expect(page.get_by_role("heading", name="Очередь проверки")).to_be_visible()
    expect(page.get_by_role("heading", name="Почему это здесь")).to_be_visible()
    page.goto("/settings")
    choose(page, "Язык", "en")
