"""A real Chromium against the real product: one server and worker for the whole folder, set up through the printed link."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.exports import Awkward, awkward_export
from tests.e2e.recordings import developing_zip, rendered_zip
from tests.running.ports import wait_until
from tests.running.product import Installation, Web

CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# Other tests run beside these; nothing is asserted about speed by how long a page is waited for.
expect.set_options(timeout=20_000)
ADMIN = {"Name of the lab": "North clinic", "Your name": "Ada Admin", "Email": "ada@example.org", "Password": "correct horse battery"}

# Whatever a table shows even for a moment is noted, so that nothing depends on when this test happens to look.
WATCH = """() => {
  window.watched = [];
  const look = () => {
    const strips = [...document.querySelectorAll('[data-testid=profile-strip]')];
    const now = {
      wells: document.querySelectorAll('[data-testid=well-row]').length,
      stretches: strips.reduce((sum, strip) => sum + Number(strip.dataset.stretches), 0),
      isReading: document.querySelector('main [role=progressbar]') !== null,
    };
    if (JSON.stringify(now) !== JSON.stringify(window.watched.at(-1))) window.watched.push(now);
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}"""


@dataclass
class Product:
    """The running product and what it printed first."""

    web: Web
    setup_link: str

    def restart(self) -> None:
        """Stop everything and start it again at the same address."""
        self.web.stop()
        self.start()

    def start(self) -> None:
        self.web = self.web.installation.start_product("--no-demo", port=self.web.port)

    @property
    def url(self) -> str:
        return self.web.url


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever drives a browser says so, and comes after everything that does not."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    # Training and checks are looked at here, not waited for: a few steps on a few renderings, a few dishes.
    short = {"TRAIN_STEPS": "6", "TRAIN_RENDERINGS": "4", "CHECK_DISHES": "3", "CHECK_EMBRYOS": "19"}
    installation = Installation(tmp_path_factory.mktemp("e2e"), short)
    try:
        web = installation.start_product("--no-demo")
        log = installation.log_of("serve")
        link = re.compile(r"http://\S+/setup#token=\S+")
        wait_until(lambda: bool(link.search(log.read_text())), within_s=60, what="the one-time link")
        found = link.search(log.read_text())
        assert found
        yield Product(web, found.group())
    finally:
        installation.close()


@pytest.fixture(scope="session")
def admin_state(product: Product, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first admin, made through the printed link; gives the signed-in cookies."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(product.setup_link)
    for label, value in ADMIN.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Create account and lab").click()
    page.wait_for_url(f"{product.url}/")
    # The server remembers that the tour was seen; leaving before it knows would show it again.
    with page.expect_response("**/api/me/"):
        page.get_by_role("button", name="Skip the tour").click()
    state = tmp_path_factory.mktemp("state") / "admin.json"
    context.storage_state(path=state)
    context.close()
    return state


Opener = Callable[..., Page]


@pytest.fixture
def open_page(product: Product, browser: Browser, admin_state: Path) -> Iterator[Opener]:
    """Open a path as the admin, in a context of its own; a page that throws or logs an error fails the test."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def opened(path: str, *, state: Path | None = admin_state, width: int = 1440, height: int = 900) -> Page:
        context = browser.new_context(base_url=product.url, storage_state=state, viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not problems, problems


@pytest.fixture(scope="session")
def small_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 rendered frames of a 3x3 dish, ten minutes apart, with an embryo in most wells and a bubble in some."""
    return rendered_zip(tmp_path_factory.mktemp("small"), seed=11, frames=24)


@pytest.fixture(scope="session")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same kind with 1,600 frames, so that a worker is busy for a while."""
    return rendered_zip(tmp_path_factory.mktemp("long"), seed=12, frames=32, repeated=50)


@pytest.fixture(scope="session")
def analysed_dish(product: Product, browser: Browser, admin_state: Path, small_recording: Path) -> str:
    """The path of a dish that was uploaded, confirmed and analysed through the page."""
    from tests.e2e.steps import upload_and_analyse

    context = browser.new_context(base_url=product.url, storage_state=admin_state)
    page = context.new_page()
    path = upload_and_analyse(page, small_recording, patient="P-0001", dish="seeded")
    page.get_by_test_id("well-row").nth(8).wait_for()
    page.get_by_role("button", name="Analyse again").first.wait_for(timeout=60_000)
    context.close()
    return path


@pytest.fixture(scope="session")
def axe_file() -> Path:
    """The interface's own pinned axe-core, newer than the one inside the Python package."""
    return Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def developed_dish(product: Product, browser: Browser, admin_state: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of an analysed dish of five days with eight embryos, and a bubble beside one of them."""
    return developed(browser, product, admin_state, tmp_path_factory.mktemp("developed"), seed=37)


def developed(browser: Browser, product: Product, state: Path, folder: Path, *, seed: int) -> str:
    """Render, upload and analyse 30 frames of developing embryos; gives the dish page's path."""
    from tests.e2e.steps import SLOW_MS, confirm, upload

    recording = developing_zip(folder, seed=seed, frames=30, repeated=1, interval_minutes=240)
    context = browser.new_context(base_url=product.url, storage_state=state)
    page = context.new_page()
    upload(page, recording)
    path = confirm(page, patient=f"P-{seed:04}", dish=f"dish {seed}", hours="3", minutes=None, recording=recording.stem)
    page.get_by_role("button", name="Analyse again").first.wait_for(timeout=4 * SLOW_MS)
    context.close()
    return path


@dataclass(frozen=True)
class Grown:
    """A dish whose run is over, and all that its page showed on the way."""

    path: str
    watched: list[dict[str, Any]]
    profiles: dict[str, dict[str, Any]]

    @property
    def best(self) -> str:
        """The embryo of which most is known."""
        return max(self.profiles, key=lambda name: len(self.profiles[name]["onsets"]))


@pytest.fixture(scope="session")
def grown(product: Product, browser: Browser, admin_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Grown:
    """120 frames of five days, dropped on the upload page and left alone after "Start analysis"."""
    from tests.e2e.steps import SLOW_MS, confirm, upload

    recording = developing_zip(tmp_path_factory.mktemp("developing"), seed=33, frames=30, repeated=4, interval_minutes=60)
    context = browser.new_context(base_url=product.url, storage_state=admin_state)
    page = context.new_page()
    upload(page, recording)
    page.evaluate(WATCH)
    path = confirm(page, patient="P-0007", dish="five days", hours="3", minutes=None, recording=recording.stem)
    page.get_by_role("button", name="Analyse again").first.wait_for(timeout=2 * SLOW_MS)
    expect(page.get_by_test_id("profile-strip").first).to_be_visible()
    watched = page.evaluate("window.watched")
    told = page.request.get(f"/api{path}/").json()["profiles"]
    context.close()
    return Grown(path, watched, {profile["name"]: profile for profile in told})


@pytest.fixture(scope="session")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> Awkward:
    """A lab's export in the WOW convention, with all that is awkward about a real one."""
    return awkward_export(tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="session")
def imported(product: Product, browser: Browser, admin_state: Path, awkward: Awkward) -> str:
    """The path of that export's import, brought in through the page to its end."""
    from tests.e2e.labelling import FINISHED, bring_in, take_as_wow
    from tests.e2e.steps import SLOW_MS

    context = browser.new_context(base_url=product.url, storage_state=admin_state)
    page = context.new_page()
    path = bring_in(page, awkward.file)
    take_as_wow(page)
    page.get_by_test_id("confirm-import").click()
    page.locator(FINISHED).wait_for(timeout=2 * SLOW_MS)
    context.close()
    return path
