"""What a person does with an open dish beside looking at it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.e2e.conftest import Opener


def test_a_dish_is_renamed_from_the_keyboard_and_everybody_who_looks_at_it_sees_it(open_page: Opener, analysed_dish: str) -> None:
    page, colleague = open_page(analysed_dish), open_page(analysed_dish)
    title, theirs = (one.get_by_role("heading", level=1) for one in (page, colleague))
    expect(theirs).to_have_text("seeded")
    for button, name in ((False, "seeded anew"), (True, "seeded")):
        expect(title).to_be_visible()
        if button:
            page.get_by_role("button", name="Rename the dish").press("Enter")
        else:
            page.keyboard.press("F2")
        field = page.get_by_label("Name of the dish")
        expect(field).to_be_focused()
        field.fill(name)
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(title).to_have_text(name)
        expect(theirs).to_have_text(name)


def test_a_name_that_is_no_name_is_refused_in_words(open_page: Opener, analysed_dish: str) -> None:
    page = open_page(analysed_dish)
    page.get_by_role("button", name="Rename the dish").click()
    page.get_by_label("Name of the dish").fill("a\u202eb")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_contain_text("The dish's label must be 1 to 60 plain characters")
    expect(page.get_by_role("heading", level=1)).to_have_text("seeded")


def test_the_original_recording_is_downloaded_as_it_came(open_page: Opener, analysed_dish: str, small_recording: Path) -> None:
    page = open_page(analysed_dish)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the original recording").click()
    assert Path(download.value.path()).read_bytes() == small_recording.read_bytes()
