"""What a person does again and again, by the names they see."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlparse

from playwright.sync_api import Page

A_DISH = re.compile(r"/dishes/[0-9a-f-]{36}")
SLOW_MS = 60_000
"""The machine that tests may be busy; nothing is asserted about speed here."""


def upload(page: Page, *files: Path) -> None:
    page.goto("/upload")
    page.get_by_test_id("file-input").set_input_files([str(file) for file in files])


def confirm(page: Page, *, patient: str, dish: str, hours: str = "1.5", minutes: str | None = "10", recording: str = "") -> str:
    """Fill the confirmation and start the analysis; gives the dish page's path. Without `minutes` the recording's own times stand.

    `recording` names which one where others wait for their confirmation too.
    """
    form = page.get_by_role("form", name=re.compile(rf"Confirm.*{re.escape(recording)}")).first
    form.wait_for(timeout=SLOW_MS)
    form.get_by_label("Patient code").fill(patient)
    form.get_by_label("Cycle").fill("1")
    form.get_by_label("Dish", exact=True).fill(dish)
    form.get_by_label("Hours after insemination at frame 1").fill(hours)
    if minutes is not None:
        form.get_by_label("Minutes between frames").fill(minutes)
    form.get_by_role("button", name="Start analysis").click()
    page.wait_for_url(A_DISH, timeout=SLOW_MS)
    return urlparse(page.url).path


def upload_and_analyse(page: Page, file: Path, *, patient: str, dish: str) -> str:
    upload(page, file)
    return confirm(page, patient=patient, dish=dish)


def choose(page: Page, label: str, value: str) -> None:
    """Set a preference and see it kept: the account is shared by all tests of this folder."""
    with page.expect_response("**/api/me/"):
        page.get_by_label(label).select_option(value)
