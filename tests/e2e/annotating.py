"""What annotating an embryo takes again and again, by keys."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def cell(page: Page, phase: str) -> Locator:
    return page.get_by_test_id("keypad").locator(f"[data-phase='{phase}']")


def go(page: Page, frame: int) -> None:
    """To a frame ahead whose picture is on the stage."""
    slider = page.get_by_role("slider", name="Time")
    while (left := frame - int(slider.get_attribute("aria-valuenow") or 0)) > 0:
        page.keyboard.press("Shift+ArrowRight" if left >= 10 else "ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", str(frame))
    expect(page.get_by_test_id("stage")).to_have_attribute("data-shown-frame", str(frame))


def saved(page: Page, state: str = "saved", *, within_ms: float = 15_000) -> None:
    expect(page.get_by_test_id("save-state")).to_have_attribute("data-state", state, timeout=within_ms)
