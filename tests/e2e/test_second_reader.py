"""A lab that reads blind first: two readers who know nothing of each other, what becomes of their word, and that none of it is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response, expect
from pypdf import PdfReader

from tests.e2e.annotating import cell, go, saved
from tests.e2e.conftest import Grown, Opener, Product
from tests.e2e.people import ask, invite, join
from tests.e2e.steps import SLOW_MS

KEYS = {"t2": "Digit2", "t3": "Digit3", "t4": "Digit4", "t5": "Digit5", "t6": "Digit6", "t7": "Digit7", "t8": "Digit8"}
# The first frame is hour 3, each later one an hour on.
FIRST_HOUR = 3
ERINS = {"t2": 24, "t3": 35, "t4": 37, "t5": 50, "t8": 57}
COLINS = {"t2": 22, "t3": 35, "t4": 38, "t5": 47}
# Erin's hours less Colin's are 2, 0, -1 and 3; a lab starts from tolerances of 1, 1, 1 and 2 hours.
TOGETHER = {"n": 4, "mean_abs_hours": 1.5, "mean_signed_hours": 1.0, "within_tolerance": 0.5, "missed_by_a": 0, "missed_by_b": 1}
# What a well holds is not hidden: that is known before anybody reads.
OF_WELLS = (".wells", ".content_changes")
# What only a machine's result has: an onset's bounds, a call's certainty, an event's or a grade's reasons.
OF_A_MACHINE = {"low", "high", "confidence", "posterior", "probabilities", "is_censored", "is_decoded", "calls", "profiles"}


Told = Callable[["Reader", str], dict[str, Any]]


@dataclass(frozen=True)
class Reader:
    """A member of the lab who annotates."""

    id: str
    name: str
    state: Path


class Overheard:
    """Everything that the server told one page, over HTTP and live; a browser forgets what it was told before it left an address."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._answers: list[Response] = []
        self._frames: list[str | bytes] = []
        page.on("response", lambda answer: self._answers.append(answer) if "/api/" in answer.url else None)
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: self._frames.append(frame)))

    def told(self) -> list[tuple[str, Any]]:
        """What was told since the last time, by where it came from; pictures and empty answers are left out."""
        self._page.wait_for_load_state("networkidle")
        answers, self._answers = self._answers, []
        frames, self._frames = self._frames, []
        said = [(answer.url, answer.json()) for answer in answers if "json" in answer.headers.get("content-type", "")]
        return said + [("live", json.loads(frame)) for frame in frames]


def words_of_the_machine(told: Any, path: str = "") -> Iterator[str]:
    """Where in an answer something stands that only a machine says."""
    if isinstance(told, dict):
        for key, value in told.items():
            if key in OF_A_MACHINE and value not in (None, [], {}) and not path.endswith(OF_WELLS):
                yield f"{path}.{key}"
            yield from words_of_the_machine(value, f"{path}.{key}")
    elif isinstance(told, list):
        for value in told:
            yield from words_of_the_machine(value, path)


@pytest.fixture(scope="module")
def readers(product: Product, browser: Browser, admin_state: Path, grown: Grown, tmp_path_factory: pytest.TempPathFactory) -> list[Reader]:
    """Two embryologists of the lab that the dish belongs to."""
    folder = tmp_path_factory.mktemp("people")
    context = browser.new_context(base_url=product.url, storage_state=admin_state)
    admin = context.new_page()
    admin.goto("/settings")
    lab = lab_of(admin, grown)
    names = ("Erin Embryologist", "Colin Colleague")
    states = [join(browser, product.url, invite(admin, lab, name), name, folder) for name in names]
    context.close()
    return [Reader(user_of(browser, product, state), name, state) for name, state in zip(names, states, strict=True)]


def user_of(browser: Browser, product: Product, state: Path) -> str:
    context = browser.new_context(base_url=product.url, storage_state=state)
    told = context.request.get("/api/session/").json()
    context.close()
    return str(told["user"]["id"])


@pytest.fixture
def blind(open_page: Opener, grown: Grown) -> Iterator[None]:
    """The lab reads blind first; other tests of this folder use the same lab without."""
    admin = open_page("/settings")
    address = f"/api/labs/{lab_of(admin, grown)}/review-settings/"
    for is_on in (True, False):
        version = admin.request.get(address).headers["etag"]
        ask(admin, "PATCH", address, {"blind_first": is_on}, {"If-Match": version})
        if is_on:
            yield


@pytest.fixture
def embryos(grown: Grown) -> list[str]:
    """Every test takes an embryo of its own; of the first ones most is known."""
    return sorted(grown.profiles, key=lambda place: -len(grown.profiles[place]["onsets"]))


@pytest.fixture
def reading(open_page: Opener, grown: Grown, readers: list[Reader]) -> Told:
    """What the server holds of somebody's reading."""
    pages = {reader: open_page("/settings", state=reader.state) for reader in readers}

    def told(reader: Reader, place: str) -> dict[str, Any]:
        page = pages[reader]
        answer: dict[str, Any] = page.request.get(f"/api/readings/{stack_of(page, grown)}/{place}/").json()
        return answer

    return told


def lab_of(page: Page, grown: Grown) -> str:
    return str(page.request.get(f"/api{grown.path}/").json()["dish"]["lab"])


def stack_of(page: Page, grown: Grown) -> str:
    return str(page.request.get(f"/api{grown.path}/").json()["dish"]["stack"]["id"])


def annotate(page: Page, onsets: Mapping[str, int]) -> None:
    for phase, frame in onsets.items():
        go(page, frame)
        page.keyboard.press(KEYS[phase])
        expect(cell(page, phase)).to_have_attribute("data-source", "own")
    saved(page)


def hand_in(page: Page, place: str) -> None:
    """Submit by keyboard, which leads to the next embryo, and come back."""
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).not_to_have_text(place)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(place)
    expect(page.get_by_test_id("submitted")).to_be_visible(timeout=SLOW_MS)


def opened(page: Page) -> Page:
    saved(page, within_ms=SLOW_MS)
    expect(page.get_by_test_id("stage")).to_have_attribute("data-shown-frame", re.compile(r"\d+"), timeout=SLOW_MS)
    return page


@pytest.mark.usefixtures("blind")
def test_the_machine_is_silent_until_ones_own_reading_is_in(
    open_page: Opener, grown: Grown, readers: list[Reader], embryos: list[str]
) -> None:
    place = embryos[0]
    page = open_page("/settings", state=readers[0].state)
    page.wait_for_load_state("networkidle")
    overheard = Overheard(page)
    page.goto(grown.path)
    expect(page.get_by_test_id("well-row")).to_have_count(9)
    expect(page.get_by_test_id("profile-strip")).to_have_count(0)
    heard = overheard.told()
    page.goto(f"{grown.path}/wells/{place}")
    opened(page)
    expect(page.get_by_test_id("hidden-note")).to_be_visible()
    annotate(page, ERINS)
    for part in ("stage-row", "onset-table", "statement", "events", "machine-says", "sure-row", "whisker"):
        expect(page.get_by_test_id(part)).to_have_count(0)
    heard += overheard.told()
    assert any(f"/readings/{stack_of(page, grown)}/{place}/" in where for where, _ in heard)
    assert [f"{where}{word}" for where, told in heard for word in words_of_the_machine(told)] == []
    hand_in(page, place)
    expect(page.get_by_test_id("stage-row")).to_be_visible()
    expect(page.get_by_test_id("hidden-note")).to_have_count(0)
    (profile,) = page.request.get(f"/api{grown.path}/").json()["profiles"]
    assert profile["name"] == place
    assert profile["onsets"] == grown.profiles[place]["onsets"]
    assert any(word for _, told in overheard.told() for word in words_of_the_machine(told))


@pytest.mark.usefixtures("blind")
def test_two_read_an_embryo_blind_see_each_other_there_and_their_agreement_appears(
    open_page: Opener, grown: Grown, readers: list[Reader], embryos: list[str], reading: Told
) -> None:
    (erin, colin), place = readers, embryos[1]
    address = f"{grown.path}/wells/{place}"
    hers = opened(open_page(address, state=erin.state))
    his = opened(open_page(address, state=colin.state))
    expect(hers.get_by_test_id("present")).to_contain_text(colin.name)
    expect(his.get_by_test_id("present")).to_contain_text(erin.name)
    annotate(hers, ERINS)
    hand_in(hers, place)
    expect(his.get_by_test_id("hidden-note")).to_be_visible()
    expect(his.get_by_test_id("reader-row")).to_have_count(0)
    annotate(his, COLINS)
    hand_in(his, place)
    expect(his.get_by_test_id("reader-row")).to_have_attribute("aria-label", re.compile(erin.name))
    expect(hers.get_by_test_id("reader-row")).to_have_attribute("aria-label", re.compile(colin.name))
    assert reading(erin, place)["is_blind"]
    assert reading(colin, place)["is_blind"]
    hers.goto("/lab/quality")
    hers.get_by_label("Second reader").select_option(label=colin.name)
    table = hers.get_by_test_id("agreement")
    # The first comparison loads the libraries that compute it.
    expect(table.get_by_role("columnheader", name=f"not given by {colin.name}")).to_be_visible(timeout=SLOW_MS)
    overall = hers.request.get(f"/api/labs/{lab_of(hers, grown)}/agreement/", params={"b": colin.id}).json()["overall"]
    assert {name: overall[name] for name in TOGETHER} == pytest.approx(TOGETHER)
    shown = {
        row.get_by_role("rowheader").inner_text(): row.get_by_role("cell").all_inner_texts() for row in table.locator("tbody tr").all()
    }
    assert shown.keys() == {*ERINS, "all phases"}
    assert shown["t2"][:5] == ["1", "2.0", "+2.0", "0% (±1.0)", "0"]
    assert shown["t4"][:4] == ["1", "1.0", "-1.0", "100% (±1.0)"]
    assert shown["t8"][:6] == ["0", "—", "—", "— (±2.0)", "0", "1"]
    assert shown["all phases"][:6] == ["4", "1.5", "+1.0", "50%", "0", "1"]
    assert shown["all phases"][6].startswith(f"{overall['icc']:.2f}")


def test_the_report_of_the_dish_tells_who_read_it_and_when_each_phase_began(
    open_page: Opener, grown: Grown, readers: list[Reader], embryos: list[str]
) -> None:
    erin, place = readers[0], embryos[2]
    page = opened(open_page(f"{grown.path}/wells/{place}", state=erin.state))
    annotate(page, ERINS)
    hand_in(page, place)
    page.goto(grown.path)
    page.get_by_role("button", name="Report and export").click()
    with page.expect_download(timeout=2 * SLOW_MS) as download:
        page.get_by_role("menuitem", name="Report as PDF").click()
    text = " ".join(" ".join(sheet.extract_text() for sheet in PdfReader(download.value.path()).pages).split())
    for phase, frame in ERINS.items():
        assert f"{phase} {FIRST_HOUR + frame}.0 {frame + 1} – – human: {erin.name}" in text


def test_what_was_typed_is_kept_when_the_tab_closes_right_after_the_key(
    open_page: Opener, grown: Grown, readers: list[Reader], embryos: list[str], reading: Told
) -> None:
    erin, place = readers[0], embryos[3]
    page = opened(open_page(f"{grown.path}/wells/{place}", state=erin.state))
    context = page.context
    for phase, key in KEYS.items():
        page.keyboard.press(key)
        page.close()
        page = context.new_page()
        page.goto(f"{grown.path}/wells/{place}")
        opened(page)
        expect(cell(page, phase)).to_have_attribute("data-source", "own")
    assert reading(erin, place)["onsets"].keys() == KEYS.keys()


def test_what_was_typed_outlives_a_server_that_is_killed_between_the_keys(
    open_page: Opener,
    product: Product,
    grown: Grown,
    readers: list[Reader],
    embryos: list[str],
    reading: Told,
) -> None:
    erin, place = readers[0], embryos[4]
    page = opened(open_page(f"{grown.path}/wells/{place}", state=erin.state))
    page.keyboard.press("Digit2")
    saved(page)
    page.keyboard.press("Digit3")
    product.web.kill()
    page.keyboard.press("Digit4")
    saved(page, "waiting")
    product.start()
    page.keyboard.press("Digit5")
    saved(page, within_ms=SLOW_MS)
    assert reading(erin, place)["onsets"].keys() == {"t2", "t3", "t4", "t5"}
    product.web.kill()
    page.keyboard.press("Digit6")
    saved(page, "waiting")
    page.close()
    product.start()
    later = page.context.new_page()
    later.goto(f"{grown.path}/wells/{place}")
    opened(later)
    expect(cell(later, "t6")).to_have_attribute("data-source", "own")
    assert reading(erin, place)["onsets"].keys() == {"t2", "t3", "t4", "t5", "t6"}
