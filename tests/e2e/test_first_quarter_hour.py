"""What a newcomer does first: the link, a recording of their own, and the wells that arrive."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import Opener, Product
from tests.e2e.recordings import zip_of
from tests.e2e.steps import SLOW_MS, confirm, upload, upload_and_analyse
from tests.running.ports import wait_until


def test_the_set_up_link_works_only_once(product: Product, browser: Browser, admin_state: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(product.setup_link)
    for label, value in {"Name of the lab": "Thief", "Your name": "M", "Email": "m@example.org", "Password": "another horse 12"}.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Create account and lab").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert "/setup" in page.url
    context.close()


@pytest.mark.real_data
def test_real_dishes_dropped_as_a_zip_become_named_and_classified_wells(open_page: Opener, real_data: Path, tmp_path: Path) -> None:
    dishes = real_data / "wow_dishes"
    truth = next(t for t in json.loads((dishes / "truth.json").read_text()) if t["file"] == "7.jpg")
    page = open_page("/")
    upload_and_analyse(page, zip_of(tmp_path, "dish.zip", [dishes / "7.jpg", dishes / "12.jpg"]), patient="P-0382", dish="real")
    rows = page.get_by_test_id("well-row")
    expect(rows).to_have_count(9, timeout=SLOW_MS)
    shown = {row.get_attribute("data-well"): row.get_attribute("data-content") for row in rows.all()}
    named = {f"{'ABC'[well['row']]}{well['column'] + 1}": well["content"] for well in truth["wells"]}
    assert shown.keys() == named.keys()
    # One embryo of this dish is so faint beside its bubble that the detector's own bar allows to miss it.
    assert sum(shown[name] == content for name, content in named.items()) >= 8
    expect(page.get_by_test_id("well-mark")).to_have_count(9)
    expect(page.get_by_text("Gas bubble in the first hours").first).to_be_visible()


def test_wells_appear_while_the_worker_is_still_reading(open_page: Opener, long_recording: Path) -> None:
    page = open_page("/")
    path = upload_and_analyse(page, long_recording, patient="P-0002", dish="long")
    page.get_by_test_id("well-mark").nth(8).wait_for(timeout=SLOW_MS)
    run = page.request.get(f"/api{path}/").json()["run"]
    assert run["state"] == "running"
    assert run["frames_done"] < run["frames_total"] == 1600
    page.get_by_role("button", name="Cancel").first.click()
    expect(page.get_by_text("Cancelled").first).to_be_visible(timeout=SLOW_MS)


def test_a_file_that_is_no_recording_is_refused_in_words_and_the_next_one_works(
    open_page: Opener, small_recording: Path, tmp_path: Path
) -> None:
    page = open_page("/")
    bad = tmp_path / "picture.tif"
    bad.write_bytes(b"%PDF-1.7 this is no picture")
    upload(page, bad)
    card = page.get_by_role("listitem").filter(has_text="picture.tif").last
    expect(card.get_by_text("Refused")).to_be_visible(timeout=SLOW_MS)
    expect(card.get_by_role("alert")).not_to_be_empty()
    page.get_by_test_id("file-input").set_input_files(str(small_recording))
    confirm(page, patient="P-0003", dish="after the refusal")
    expect(page.get_by_test_id("well-row")).to_have_count(9, timeout=SLOW_MS)


def test_the_slider_and_the_keys_move_through_time(open_page: Opener, analysed_dish: str) -> None:
    page = open_page(analysed_dish)
    slider = page.get_by_role("slider", name="Time")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", "1")
    page.keyboard.press("Shift+ArrowRight")
    expect(slider).to_have_attribute("aria-valuenow", "11")
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuenow", "23")
    expect(slider).to_have_attribute("aria-valuetext", "5 h 20 min after insemination, frame 24 of 24")
    expect(page.get_by_test_id("well-mark")).to_have_count(9)
    box = slider.bounding_box()
    assert box
    page.mouse.click(box["x"] + 1, box["y"] + box["height"] / 4)
    expect(slider).to_have_attribute("aria-valuenow", "0")
    expect(page.get_by_test_id("loaded-range").first).to_be_attached()


def test_an_upload_goes_on_where_it_stopped_after_a_restart_of_the_server_and_a_reload(
    open_page: Opener, product: Product, long_recording: Path
) -> None:
    page = open_page("/upload")
    # Slow enough to be cut off after the first chunks.
    line = page.context.new_cdp_session(page)
    quick = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    line.send("Network.emulateNetworkConditions", {**quick, "uploadThroughput": long_recording.stat().st_size / 10})
    page.get_by_test_id("file-input").set_input_files(str(long_recording))
    bar = page.get_by_role("progressbar").first
    wait_until(lambda: float(bar.get_attribute("aria-valuenow") or 0) >= 40, within_s=60, what="a good part of the upload")
    product.restart()
    line.send("Network.emulateNetworkConditions", quick)
    page.reload()
    offsets: list[int] = []
    page.on("request", lambda request: offsets.append(int(request.headers["upload-offset"])) if request.method == "PATCH" else None)
    expect(page.get_by_text(long_recording.name)).to_be_visible()
    page.get_by_test_id("file-input").set_input_files(str(long_recording))
    page.get_by_role("form", name="Confirm").first.wait_for(timeout=SLOW_MS)
    assert offsets[0] > 0
