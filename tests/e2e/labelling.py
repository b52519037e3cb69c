"""Bringing labels in, by the names that a person sees."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlparse

from playwright.sync_api import Page, expect

from tests.e2e.steps import SLOW_MS

AN_IMPORT = re.compile(r"/labels/imports/[0-9a-f-]{36}")
PREVIEWED = "[data-testid=label-import][data-state=previewed]"
FINISHED = "[data-testid=label-import][data-state=finished]"


def bring_in(page: Page, file: Path) -> str:
    """Drop a file on the Labels page and wait for its report; gives the import's path."""
    page.goto("/labels")
    page.get_by_test_id("file-input").set_input_files(str(file))
    page.wait_for_url(AN_IMPORT, timeout=SLOW_MS)
    page.locator(PREVIEWED).wait_for(timeout=2 * SLOW_MS)
    return urlparse(page.url).path


def take_as_wow(page: Page) -> None:
    """The one click, the lab's own word for an embryo, and the picture that a person has to tell."""
    again(page, lambda: page.get_by_role("button", name="WOW dish").click())
    expect(page.get_by_role("button", name="WOW dish")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Meaning of Эмбрион").select_option("content.embryo")
    again(page, lambda: page.get_by_role("button", name="Count again").click())
    page.get_by_role("radio", name="images/dish-000005.png").check()


def again(page: Page, ask: object) -> None:
    """Ask for another reading of the file, and wait until the report tells of it."""
    assert callable(ask)
    with page.expect_response(re.compile(r"/preview/$"), timeout=SLOW_MS):
        ask()
    page.locator(PREVIEWED).wait_for(timeout=2 * SLOW_MS)
    expect(page.get_by_role("button", name="Count again")).to_have_count(0, timeout=SLOW_MS)


def figure(page: Page, name: str) -> int:
    """A number of the report, such as `annotations-created`."""
    return int((page.locator(f"[data-figure={name}]").text_content() or "-1").replace(",", ""))
