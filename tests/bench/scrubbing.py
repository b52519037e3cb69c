"""How fast frames follow a key in the browser: one embryo scrubbed frame by frame, and sixteen side by side."""

from __future__ import annotations

import os
import statistics
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from playwright.sync_api import Browser, Page, expect, sync_playwright

from backend.config import settings
from tests.bench.client import Client
from tests.bench.figures import Figure
from tests.e2e.conftest import CHROMIUM
from tests.e2e.recordings import developing_zip
from tests.running.product import Installation

SHOWN = 600
"""Frames that are asked for in each pass."""
SWEEP = 48
"""So many frames there and back lie in the page's memory."""
GOES = 3
"""What else this computer does meanwhile is not the page's: the best of some goes counts."""
SLOW_MS = 300_000

# One key an animation frame, there and back; notes how long each picture was waited for and when each frame came.
SCRUB = """async ([count, sweep]) => {
  const shown = [];
  const note = (list) => shown.push(...list.getEntries().filter(({ name }) => name === 'frame-shown')
    .map(({ duration, detail }) => ({ ms: duration, cached: detail.cached })));
  const watch = new PerformanceObserver(note);
  watch.observe({ entryTypes: ['measure'] });
  const times = [];
  for (let n = 0; n < count; n += 1) {
    const code = Math.floor(n / sweep) % 2 ? 'ArrowLeft' : 'ArrowRight';
    document.body.dispatchEvent(new KeyboardEvent('keydown', { code, bubbles: true, cancelable: true }));
    times.push(await new Promise(requestAnimationFrame));
    // A key right after a picture waits longest for the next one; before it, it would be drawn at once.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  note({ getEntries: () => watch.takeRecords() });
  watch.disconnect();
  return { shown, between: times.slice(1).map((time, n) => time - times[n]) };
}"""
STEPS = """async (count) => {
  const times = [];
  for (let n = 0; n < count; n += 1) {
    dispatchEvent(new KeyboardEvent('keydown', { code: n % 50 < 25 ? 'Period' : 'Comma', bubbles: true }));
    times.push(await new Promise(requestAnimationFrame));
  }
  const drawn = performance.getEntriesByName('embryos-drawn').slice(-count).map(({ duration }) => duration);
  return { drawn, between: times.slice(1).map((time, n) => time - times[n]) };
}"""


def measure(folder: Path, *, frames: int) -> list[Figure]:
    """Two dishes are rendered and analysed first, the longer one to scrub in and both to compare."""
    installation = Installation(folder / "product")
    try:
        seeded = installation.seed()
        web = installation.start_product("--no-demo")
        client = Client(installation, web, seeded)
        dishes = [_analysed(client, folder / str(seed), seed, length) for seed, length in ((41, frames), (42, 30))]
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
            page = _signed_in(chromium, web.url, seeded)
            figures = [*_scrubbed(page, dishes[0], frames), *_compared(page, dishes)]
            chromium.close()
    finally:
        installation.close()
    return [*figures, Figure("load of this computer meanwhile", os.getloadavg()[0], f"on {os.cpu_count()} cores")]


def _analysed(client: Client, folder: Path, seed: int, frames: int) -> str:
    folder.mkdir()
    # Thirty pictures tell the development; the rest stand still, which is nothing to the browser.
    file = developing_zip(folder, seed=seed, frames=30, repeated=max(1, frames // 30), interval_minutes=12)
    stack = client.take_in(client.upload(file, name=file.name), name=file.name)
    ready = client.confirm(stack, dish=f"scrubbed {seed}", analyse=True)
    dish = client.http.get(f"/api/dishes/{ready['dish']}/").json()
    assert client.wait_for_run(dish["run"]["id"], within_s=1800)["state"] == "finished"
    return str(ready["dish"])


def _signed_in(chromium: Browser, url: str, seeded: dict[str, Any]) -> Page:
    context = chromium.new_context(base_url=url, viewport={"width": 1440, "height": 900})
    host = urlparse(url).hostname or ""
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": seeded["sessions"]["embryologist"], "domain": host, "path": "/"}])
    page = context.new_page()
    page.goto("/")
    skip = page.get_by_role("button", name="Skip the tour")
    if skip.is_visible():
        skip.click()
    return page


def _scrubbed(page: Page, dish: str, frames: int) -> list[Figure]:
    wells = page.request.get(f"/api/dishes/{dish}/").json()["profiles"]
    page.goto(f"/dishes/{dish}/wells/{wells[0]['name']}")
    expect(page.get_by_test_id("stage")).to_have_attribute("data-shown-frame", "0", timeout=SLOW_MS)
    page.evaluate(SCRUB, [2 * SWEEP, SWEEP])  # fetches what is not at hand yet
    page.wait_for_load_state("networkidle")
    near = min((page.evaluate(SCRUB, [SHOWN, SWEEP]) for _ in range(GOES)), key=lambda go: _p95(_waited(go)))
    page.keyboard.press("Home")
    page.evaluate(SCRUB, [frames - 1, frames])  # through all of it once, so that the browser has it
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Home")
    through = page.evaluate(SCRUB, [frames - 1, frames])
    return [
        Figure("scrubbing: frames at hand", sum(one["cached"] for one in near["shown"]), f"of {SHOWN}"),
        Figure("scrubbing, at hand: key to picture, median", statistics.median(_waited(near)), "ms", "target <= 17"),
        Figure("scrubbing, at hand: key to picture, p95", _p95(_waited(near)), "ms", "target <= 50"),
        Figure("scrubbing, at hand: picture to picture, median", statistics.median(near["between"]), "ms", "target <= 17"),
        Figure("scrubbing, at hand: picture to picture, p95", _p95(near["between"]), "ms", "target <= 50"),
        Figure("scrubbing through all: frames that came in time", len(through["shown"]), f"of {frames - 1}"),
        Figure("scrubbing through all: key to picture, median", statistics.median(_waited(through)), "ms"),
        Figure("scrubbing through all: key to picture, p95", _p95(_waited(through)), "ms"),
    ]


def _compared(page: Page, dishes: list[str]) -> list[Figure]:
    items = []
    for dish in dishes:
        wells = page.request.get(f"/api/dishes/{dish}/").json()["wells"]
        items += [f"{dish}:{well['name']}" for well in wells[:8]]
    page.goto(f"/compare?items={','.join(items)}")
    expect(page.locator("[data-testid=tile][data-standing=within]")).to_have_count(len(items), timeout=SLOW_MS)
    page.evaluate(STEPS, 60)  # fetches what is not at hand yet
    page.wait_for_load_state("networkidle")
    go = min((page.evaluate(STEPS, 120) for _ in range(GOES)), key=lambda one: statistics.median(one["between"]))
    return [
        Figure("embryos compared", len(items), ""),
        Figure("comparing: drawing all of them, median", statistics.median(go["drawn"]), "ms"),
        Figure("comparing: pictures a second, median", 1000 / statistics.median(go["between"]), "1/s", "target >= 30"),
    ]


def _waited(go: dict[str, Any]) -> list[float]:
    """Of frames that were at hand where there are any, else of all."""
    cached = [one["ms"] for one in go["shown"] if one["cached"]]
    return cached or [one["ms"] for one in go["shown"]] or [float("inf")]


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]
