"""One sitting in the browser, from a lab's export to a table that shows what was gained: `python -m tests.bench.label_sitting OUT`.

The product runs on a data folder of its own below OUT; every step is one that a person takes on a page, and leaves a picture there.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from tests.bench.labelled_wells import WOW_WELLS, write_export
from tests.e2e.conftest import ADMIN, CHROMIUM
from tests.e2e.labelling import AN_IMPORT, FINISHED, PREVIEWED, again
from tests.running.ports import wait_until
from tests.running.product import Installation

LONG_MS = 20 * 60_000
TRAINED_MS = 6 * 3600_000
LINK = re.compile(r"http://\S+/setup#token=\S+")


class Sitting:
    """A person at a browser, with a clock and a camera."""

    def __init__(self, page: Page, out: Path) -> None:
        self.page, self._out = page, out
        self.minutes: dict[str, float] = {}
        self._since = time.monotonic()

    def done(self, step: str) -> None:
        """Note how long the step took, and what the page shows after it."""
        now = time.monotonic()
        self.minutes[step], self._since = round((now - self._since) / 60, 1), now
        print(f"{step}: {self.minutes[step]} min", flush=True)
        self.page.screenshot(path=self._out / f"{len(self.minutes)}-{step}.png", full_page=True)

    def set_up(self, link: str) -> None:
        page = self.page
        page.goto(link)
        for label, value in ADMIN.items():
            page.get_by_label(label, exact=True).fill(value)
        page.get_by_role("button", name="Create account and lab").click()
        with page.expect_response("**/api/me/"):
            page.get_by_role("button", name="Skip the tour").click()
        self.done("signed-in")

    def bring_in(self, export: Path) -> None:
        page = self.page
        page.goto("/labels")
        page.get_by_test_id("file-input").set_input_files(str(export))
        page.wait_for_url(AN_IMPORT, timeout=LONG_MS)
        page.locator(PREVIEWED).wait_for(timeout=LONG_MS)
        again(page, lambda: page.get_by_role("button", name="Phases").click())
        expect(page.get_by_role("button", name="Phases")).to_have_attribute("aria-pressed", "true")
        self.done("looked-at")
        expect(page.get_by_test_id("confirm-import")).to_be_enabled(timeout=LONG_MS)
        page.keyboard.press("a")
        page.locator(FINISHED).wait_for(timeout=LONG_MS)
        self.done("imported")

    def make_data_set(self, name: str) -> None:
        """Held out is what the labels say; of the rest, a part is set apart to choose steps by."""
        page = self.page
        page.get_by_role("link", name="Make a data set of them").click()
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_role("radio", name=re.compile("^phases")).check()
        page.keyboard.press("Enter")
        page.get_by_test_id("counts").wait_for(timeout=LONG_MS)
        page.get_by_role("button", name="80/10/10").click()
        expect(page.get_by_role("checkbox", name="Keep the division that labels came with")).to_be_checked()
        expect(page.get_by_test_id("kept")).to_have_text("Kept", timeout=LONG_MS)
        self.done("chosen")
        page.get_by_role("button", name="Freeze").click()
        page.locator("[data-testid=data-set][data-state=frozen]").wait_for(timeout=LONG_MS)
        self.done("frozen")

    def train(self) -> dict[str, Any]:
        page = self.page
        page.get_by_role("link", name="Train with it").click()
        page.get_by_test_id("expected").wait_for(timeout=LONG_MS)
        self.done("asked")
        page.get_by_role("button", name="Start training").click()
        page.locator("[data-testid=training]:is([data-state=finished], [data-state=failed])").wait_for(timeout=TRAINED_MS)
        page.get_by_test_id("final").wait_for(timeout=LONG_MS)
        self.done("trained")
        told: dict[str, Any] = page.request.get(f"/api/trainings/{page.url.rsplit('/', 1)[-1]}/").json()
        return told


def sit(export: Path, out: Path) -> dict[str, Any]:
    """The whole sitting; what the last page tells, and how long each step took."""
    installation = Installation(out / "product")
    try:
        web = installation.start_product("--no-demo")
        log = installation.log_of("serve")
        wait_until(lambda: bool(LINK.search(log.read_text())), within_s=120, what="the one-time link")
        found = LINK.search(log.read_text())
        assert found
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
            page = chromium.new_context(base_url=web.url, viewport={"width": 1440, "height": 900}).new_page()
            page.set_default_timeout(120_000)
            sitting = Sitting(page, out)
            sitting.set_up(found.group())
            sitting.bring_in(export)
            sitting.make_data_set("wow_wells")
            told = sitting.train()
            chromium.close()
    finally:
        installation.close()
    return {"minutes": sitting.minutes, "facts": told["facts"], "final": told["final"], "curve": told["curve"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="a new folder for pictures, the report and the product's data")
    parser.add_argument("--data", type=Path, default=WOW_WELLS, help="folder with labels.csv, of which an export is written first")
    parser.add_argument("--embryos", type=int, help="of each split; all unless said")
    said = parser.parse_args()
    said.out.mkdir(parents=True)
    export = said.out / "export.zip"
    print(f"{write_export(said.data, export, embryos=said.embryos)} tasks to bring in", flush=True)
    told = sit(export, said.out)
    (said.out / "sitting.json").write_text(json.dumps(told, indent=1))
    print(json.dumps({name: told[name] for name in ("minutes", "facts", "final")}))


if __name__ == "__main__":
    main()
