"""Labels that a lab made elsewhere: dropped on the page, looked at, understood, brought in, and taken out again."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Opener, Product
from tests.e2e.exports import Awkward
from tests.e2e.labelling import AN_IMPORT, FINISHED, PREVIEWED, bring_in, figure, take_as_wow
from tests.e2e.people import invite, join
from tests.e2e.steps import SLOW_MS, choose

CONTENTS = ("empty", "embryo", "gas", "embryo_gas")


def wells_of(page: Page) -> dict[str, int]:
    """Wells by content, as the report counts them."""
    chips = {name: page.get_by_test_id("meanings").locator(f"li[data-content={name}] strong") for name in CONTENTS}
    return {name: int(chip.text_content() or "0") for name, chip in chips.items()}


def test_an_awkward_export_is_reported_mapped_settled_and_imported_in_one_sitting(open_page: Opener, awkward: Awkward) -> None:
    page = open_page("/labels")
    bring_in(page, awkward.file)
    report = page.get_by_test_id("import-report")
    expect(report).to_contain_text("Skipped by their annotator")
    expect(report).to_contain_text("annotator1@example.org")
    expect(report).to_contain_text("yolo-2024")
    expect(report).to_contain_text("magicwand3")
    expect(page.get_by_test_id("mapping")).to_contain_text("Хорошо видно")
    # What somebody skipped is kept too.
    assert figure(page, "annotations-created") + figure(page, "annotations-matched") == awkward.annotations + 1
    take_as_wow(page)
    # The second annotator of one task said the same wells again.
    counted, first = wells_of(page), awkward.contents
    assert all(counted[name] >= first[name] for name in CONTENTS), (counted, first)
    assert sum(counted.values()) == sum(first.values()) + 9
    page.keyboard.press("a")
    expect(page.locator(FINISHED)).to_be_visible(timeout=2 * SLOW_MS)
    expect(page.get_by_test_id("done")).to_be_visible()
    expect(page.get_by_role("link", name="Make a data set of them")).to_be_visible()


def test_pictures_of_one_name_are_seen_before_one_is_chosen_and_an_import_speaks_russian(open_page: Opener, awkward: Awkward) -> None:
    page = open_page("/settings", width=1024, height=768)
    choose(page, "Language", "ru")
    bring_in(page, awkward.file)
    question = page.get_by_test_id("conflict")
    expect(question).to_contain_text("dish-000005.png: так называются 2 снимка")
    expect(question).to_contain_text("задание 1 (id 4001)")
    pictures = question.locator("img")
    expect(pictures).to_have_count(2)
    pictures.first.scroll_into_view_if_needed()
    for number in range(2):
        expect(pictures.nth(number)).to_have_js_property("complete", True, timeout=SLOW_MS)
        assert pictures.nth(number).evaluate("image => image.naturalWidth") > 0
    # A click on a picture chooses it.
    pictures.nth(1).click()
    expect(question).to_have_attribute("data-settled", "true")
    expect(question.get_by_role("radio", name="images/dish-000005.png")).to_be_checked()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1024
    page.get_by_role("button", name="Отменить загрузку").click()
    expect(page.get_by_text("Эта загрузка отменена")).to_be_visible()
    page.goto("/settings")
    choose(page, "Язык", "en")


def test_importing_the_same_file_again_changes_nothing(open_page: Opener, awkward: Awkward, imported: str) -> None:
    page = open_page("/labels")
    bring_in(page, awkward.file)
    expect(page.get_by_text("Everything in this file is here already.")).to_be_visible()
    assert figure(page, "tasks-created") == figure(page, "annotations-created") == figure(page, "annotations-changed") == 0
    assert figure(page, "tasks-matched") == awkward.tasks
    page.get_by_role("button", name="Cancel the import").click()
    expect(page.get_by_text("This import was cancelled; nothing of it was kept.")).to_be_visible()
    page.goto("/labels?tab=history")
    states = page.get_by_test_id("label-imports")
    expect(states.get_by_text("imported", exact=True).first).to_be_visible()
    expect(states.get_by_text("cancelled", exact=True).first).to_be_visible()


def test_a_file_that_is_no_export_is_refused_with_its_reason(open_page: Opener, tmp_path: Path) -> None:
    page = open_page("/labels")
    file = tmp_path / "letter.json"
    file.write_text('{"dear": "colleague"')
    page.get_by_test_id("file-input").set_input_files(str(file))
    page.wait_for_url(AN_IMPORT, timeout=SLOW_MS)
    expect(page.locator("[data-testid=label-import][data-state=failed]")).to_be_visible(timeout=SLOW_MS)
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"\w{4}"))


def test_a_dropped_folder_is_packed_and_read_as_one_export(open_page: Opener, tmp_path: Path) -> None:
    folder = tmp_path / "yolo-export"
    (folder / "labels").mkdir(parents=True)
    (folder / "classes.txt").write_text("Лунка\n")
    for number in range(3):
        (folder / "labels" / f"кадр-{number}.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    page = open_page("/labels")
    page.get_by_test_id("folder-input").set_input_files(str(folder))
    page.wait_for_url(AN_IMPORT, timeout=SLOW_MS)
    page.locator(PREVIEWED).wait_for(timeout=2 * SLOW_MS)
    expect(page.get_by_role("heading", level=1)).to_have_text("yolo-export.zip")
    assert figure(page, "tasks-created") == 3
    expect(page.get_by_label("Meaning of Лунка")).to_have_value("well")
    page.get_by_role("button", name="Cancel the import").click()
    expect(page.get_by_text("This import was cancelled")).to_be_visible()


def test_what_came_in_goes_out_again_whole(open_page: Opener, awkward: Awkward, imported: str, tmp_path: Path) -> None:
    page = open_page("/labels?tab=export")
    expect(page.get_by_test_id("export-count")).to_contain_text("tasks")
    page.locator("summary", has_text="Imports").click()
    # The oldest: importing the same file again brought nothing new.
    page.get_by_role("checkbox", name=awkward.file.name).last.check()
    expect(page.get_by_test_id("export-count")).to_contain_text(f"{awkward.tasks} task")
    with page.expect_download() as started:
        page.get_by_role("link", name="Export").click()
    file = tmp_path / "out.zip"
    started.value.save_as(file)
    with zipfile.ZipFile(file) as archive:
        told = next(json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json"))
    with zipfile.ZipFile(awkward.file) as archive:
        brought = json.loads(archive.read("project-7.json"))
    results = {one["id"]: [done["result"] for done in one["annotations"]] for one in brought}
    again = {one["id"]: [done["result"] for done in one["annotations"]] for one in told if one["id"] in results}
    assert again == results


def test_only_an_address_that_the_installation_allows_can_be_connected(open_page: Opener) -> None:
    page = open_page("/labels?tab=connection")
    expect(page.get_by_role("heading", name="This installation allows no Label Studio server yet")).to_be_visible()
    expect(page.get_by_text("LABEL_STUDIO_ALLOWED")).to_be_visible()


def test_the_tabs_and_the_import_go_by_keys_also_on_a_cyrillic_layout(open_page: Opener, imported: str) -> None:
    page = open_page("/")
    expect(page.get_by_role("heading", name="Dishes", level=1)).to_be_visible(timeout=SLOW_MS)
    page.keyboard.press("Alt+9")
    expect(page.get_by_role("heading", name="Labels", level=1)).to_be_visible()
    page.get_by_role("tab", name=re.compile("Import")).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Export")).to_be_focused()
    expect(page).to_have_url(re.compile(r"tab=export"))
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="History")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Home")
    field = page.get_by_test_id("file-input")
    field.evaluate("field => field.addEventListener('click', event => { event.preventDefault(); field.dataset.asked = 'yes'; })")
    page.evaluate("dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyU', key: 'г', bubbles: true }))")
    expect(field).to_have_attribute("data-asked", "yes")


def test_a_viewer_is_told_whom_to_ask(open_page: Opener, product: Product, browser: Browser, tmp_path: Path) -> None:
    admin = open_page("/")
    lab = admin.request.get("/api/session/").json()["memberships"][0]["lab"]["id"]
    link = invite(admin, lab, "Vera Viewer", role="viewer")
    page = open_page("/", state=join(browser, product.url, link, "Vera Viewer", tmp_path))
    page.get_by_role("link", name="Labels").click()
    expect(page.get_by_role("heading", name="Labels are other people’s readings")).to_be_visible()
    page.goto("/data-sets")
    expect(page.get_by_role("heading", name="Data sets", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="New data set")).to_have_count(0)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_on_the_label_pages(open_page: Opener, awkward: Awkward, imported: str, theme: str, axe_file: Path) -> None:
    page = open_page("/settings")
    choose(page, "Theme", theme)
    waiting = bring_in(page, awkward.file)
    take_as_wow(page)
    for path in (waiting, imported, "/labels", "/labels?tab=export", "/labels?tab=connection", "/labels?tab=history"):
        if path != waiting:
            page.goto(path)
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_load_state("networkidle")
        found = Axe(axe_file.read_text()).run(page)
        assert found.violations_count == 0, f"{path} in {theme}:\n{found.generate_report()}"


def test_the_label_pages_fit_a_narrow_screen_and_speak_russian(open_page: Opener, imported: str) -> None:
    page = open_page("/settings", width=1024, height=768)
    choose(page, "Language", "ru")
    for path in (imported, "/labels", "/labels?tab=export", "/labels?tab=history"):
        page.goto(path)
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 1024, path
        expect(page.get_by_role("link", name="Настройки")).to_be_in_viewport()
    page.goto(imported)
    expect(page.get_by_role("heading", name="Что произошло")).to_be_visible()
    page.goto("/settings")
    choose(page, "Язык", "en")
