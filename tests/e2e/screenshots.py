"""`python -m tests.e2e.screenshots FOLDER [--all]`: the README's picture from the running product; --all: every page, theme and width."""

from __future__ import annotations

import argparse
import re
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.conftest import ADMIN, CHROMIUM
from tests.e2e.recordings import rendered_zip
from tests.e2e.steps import SLOW_MS, upload_and_analyse
from tests.running.ports import wait_until
from tests.running.product import Installation

PAGES = {"dishes": "/", "upload": "/upload", "settings": "/settings", "lab": "/lab", "weights": "/weights", "audit": "/audit"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        installation = Installation(Path(scratch) / "product")
        try:
            web = installation.start_product("--no-demo")
            link = re.compile(r"http://\S+/setup#token=\S+")
            log = installation.log_of("serve")
            wait_until(lambda: bool(link.search(log.read_text())), within_s=60, what="the one-time link")
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
            page = _signed_in(browser, web.url, link.search(log.read_text())[0])  # type: ignore[index]
            dish = upload_and_analyse(page, rendered_zip(Path(scratch), seed=21, frames=36), patient="P-0382", dish="24-117")
            page.get_by_role("button", name="Analyse again").first.wait_for(timeout=SLOW_MS)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=options.folder / "dish.jpg", type="jpeg", quality=80)
            if options.all:
                _every_page(page, options.folder, {**PAGES, "dish": dish})
            browser.close()
        finally:
            installation.close()


def _signed_in(browser: Browser, url: str, link: str) -> Page:
    page = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900}).new_page()
    page.goto(link)
    for label, value in ADMIN.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Create account and lab").click()
    page.get_by_role("button", name="Skip the tour").click()
    return page


def _every_page(page: Page, folder: Path, pages: dict[str, str]) -> None:
    for theme in ("dark", "light"):
        page.goto("/settings")
        page.get_by_label("Theme").select_option(theme)
        for width in (1440, 1024):
            page.set_viewport_size({"width": width, "height": 900})
            for name, path in pages.items():
                page.goto(path)
                page.wait_for_load_state("networkidle")
                page.screenshot(path=folder / f"{name}-{theme}-{width}.png")


if __name__ == "__main__":
    main()
