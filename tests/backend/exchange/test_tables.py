"""Reports as tables: the same figures for spreadsheets and programs, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from rest_framework.test import APIClient

from backend.accounts.actor import Actor, actor_for
from backend.analysis.models import Run
from backend.audit.models import Entry
from backend.exchange.serializers import ReportOut
from backend.exchange.words import LANGUAGES, WORDS
from backend.imaging.models import Dish
from backend.readers.services import assign
from backend.review.services import change_reading
from backend.review.signing import sign_reading
from backend.review.values import FieldChange
from backend.selection.services import decide, tell_fate
from tests.backend.exchange.conftest import Get, text_of
from tests.backend.exchange.dishes import ONSETS, hour
from tests.cast import Cast

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def lines(content: bytes) -> dict[str, dict[str, str]]:
    return {line["well"]: line for line in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))}


def cells(workbook: bytes) -> set[str]:
    """Every text of a workbook, and its formulas marked as such."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        texts = {text.text or "" for text in ElementTree.fromstring(parts.read("xl/sharedStrings.xml")).iter(f"{MAIN}t")}
        for name in parts.namelist():
            if name.startswith("xl/worksheets/"):
                texts |= {f"FORMULA {formula.text}" for formula in ElementTree.fromstring(parts.read(name)).iter(f"{MAIN}f")}
    return texts


def test_every_kind_of_file_holds_the_same_figures(get: Get, read: Callable[..., None], actor: Actor) -> None:
    read(actor, onsets__t2={"frame_index": 6, "source": "own"}, grades__icm="B")
    told = json.loads(get("json", "A1").content)["dishes"][0]["embryos"][0]
    line = lines(get("csv", "A1").content)["A1"]
    assert [onset["phase"] for onset in told["onsets"]] == list(ONSETS)
    for onset in told["onsets"]:
        assert float(line[f"{onset['phase']}_hpi"]) == onset["hours"] == hour(onset["frame_index"])
        assert line[f"{onset['phase']}_source"] == onset["source"]
    assert {onset["phase"] for onset in told["onsets"] if onset["source"] == "human"} == {"t2"}
    assert (line["t2_by"], line["icm"], line["t2_low"]) == (actor.user.name, "B", "")
    (cc2,) = [interval for interval in told["intervals"] if interval["name"] == "cc2"]
    assert (cc2["value"], cc2["source"], line["cc2_value"]) == (2.0, "human", "2.0")


def test_what_only_the_machine_said_keeps_its_own_interval_with_its_bounds(get: Get) -> None:
    line = lines(get("csv").content)["B2"]
    assert (line["cc2_value"], line["cc2_low"], line["cc2_high"], line["cc2_source"]) == ("3.0", "2.25", "3.75", "machine")


@pytest.mark.parametrize("label", ["=1+1", "+A1", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_a_spreadsheet_would_run_is_kept_from_it(
    label: str, get: Get, dish: Dish, read: Callable[..., None], actor: Actor
) -> None:
    dish.label = label
    dish.save()
    actor.user.name = "=cmd|' /C calc'!A0"
    actor.user.save()
    read(actor, grades__icm="A")
    rows = list(csv.DictReader(io.StringIO(get("csv").content.decode("utf-8-sig"), newline="")))
    assert {row["dish"] for row in rows} == {f"'{label}"}
    texts = cells(get("xlsx").content)
    assert f"'{label}".replace("\r", "_x000D_") in {text.replace("\r", "_x000D_") for text in texts}
    assert "'=cmd|' /C calc'!A0" in texts
    assert not [text for text in texts if text.startswith(("FORMULA", "=", "+", "-", "@", "\t", "\r"))]


def test_a_workbook_counts_frames_from_one_as_the_pages_do_and_data_files_from_zero_as_the_api_does(get: Get) -> None:
    with zipfile.ZipFile(io.BytesIO(get("xlsx", "A1").content)) as parts:
        onsets = ElementTree.fromstring(parts.read("xl/worksheets/sheet2.xml"))
    frames = [cell.findtext(f"{MAIN}v") for cell in onsets.iter(f"{MAIN}c") if str(cell.get("r")).startswith("E")][1:]
    assert [int(str(frame)) for frame in frames] == [frame + 1 for frame in ONSETS.values()]
    told = get("json", "A1").json()["dishes"][0]["embryos"][0]["onsets"]
    assert [onset["frame_index"] for onset in told] == list(ONSETS.values())


def test_a_workbook_speaks_the_language_that_was_asked_for(get: Get) -> None:
    assert {"Лунка", "машина", "Часы после оплодотворения"} <= cells(get("xlsx", language="ru").content)
    assert "machine" in cells(get("xlsx", language="en").content)


def test_the_languages_have_the_same_words() -> None:
    english, *others = (WORDS[language] for language in LANGUAGES)
    for other in others:
        assert other.keys() == english.keys()
        for key, text in english.items():
            assert {part.split("}")[0] for part in text.split("{")[1:]} == {part.split("}")[0] for part in other[key].split("{")[1:]}


def test_json_has_the_shape_that_the_contract_says(get: Get, read: Callable[..., None], actor: Actor) -> None:
    read(actor, grades__icm="A")
    told = json.loads(get("json").content)
    assert told == json.loads(json.dumps(ReportOut(told).data))


def test_what_is_hidden_from_a_blind_reader_is_left_out_with_a_note(get: Get, run: Run, cast: Cast, client_of: Any) -> None:
    assign(actor=actor_for(cast.colleague), stack=run.stack, places=["A1", "B2"], reader_id=cast.embryologist.id, is_blind=True)
    told = json.loads(get("json").content)["dishes"][0]
    assert told["hidden"] == ["A1", "B2"]
    assert {"A1", "B2"}.isdisjoint(embryo["place"] for embryo in told["embryos"])
    text = text_of(get("pdf", language="en").content)
    assert "have not submitted your own reading yet: A1, B2." in text
    alone = text_of(get("pdf", "A1", language="en").content)
    assert "Left out" in alone
    assert "t2" not in alone
    assert "A1" in lines(get("csv", client=client_of(cast.lab_admin)).content)


def test_decisions_and_what_became_of_an_embryo_are_told(get: Get, dish: Dish, actor: Actor) -> None:
    decide(actor=actor, dish_id=dish.id, place="A1", version=0, value="freeze", reason="second best")
    tell_fate(actor=actor, dish_id=dish.id, place="A1", version=0, fate="frozen")
    line = lines(get("csv").content)["A1"]
    assert (line["decision"], line["decision_reason"], line["decision_by"], line["fate"]) == (
        "freeze", "second best", actor.user.name, "frozen",
    )  # fmt: skip
    text = text_of(get("pdf", "A1", language="ru").content)
    assert f"заморозить ({actor.user.name}," in text
    assert "second best" in text


def test_a_signature_is_shown_valid_and_after_a_change_invalid(get: Get, run: Run, read: Callable[..., None], actor: Actor) -> None:
    read(actor, grades__icm="A")
    sign = {"stack_id": run.stack_id, "place": "A1", "reader_id": None, "version": 2, "meaning": "approved", "has_stepped_up": True}
    signature = sign_reading(actor=actor, **sign)
    assert "approved: embryologist" in text_of(get("pdf", "A1", language="en").content)
    assert signature.content_hash in text_of(get("pdf", "A1", language="en").content).replace(" ", "")
    assert lines(get("csv").content)["A1"]["signed_by"].endswith("valid)")
    change = [FieldChange("grades.icm", "B", "")]
    change_reading(actor=actor, stack_id=run.stack_id, place="A1", version=2, changes=change)
    assert "INVALID: the reading was changed after it was signed" in text_of(get("pdf", "A1", language="en").content)
    assert lines(get("csv").content)["A1"]["signed_by"].endswith("INVALID)")


def test_a_viewer_may_take_a_report_away_and_the_record_says_so(get: Get, cast: Cast, client_of: Any, dish: Dish) -> None:
    answer = get("csv", "A1", client=client_of(cast.viewer), language="ru")
    assert answer["Content-Disposition"].startswith('attachment; filename="D1-A1-report.csv"')
    entry = Entry.objects.get(action="report.exported")
    assert (entry.actor, entry.lab_id, entry.subject) == (cast.viewer, cast.lab.id, f"dish {dish.id} A1")
    assert entry.after == {"format": "csv", "language": "ru", "embryos": ["D1 A1"], "left_out": []}


@pytest.mark.parametrize("suffix", ["pdf", "xlsx", "csv", "json"])
def test_an_outsider_is_told_that_there_is_nothing(suffix: str, dish: Dish, outsider_client: APIClient) -> None:
    for below in (f"dishes/{dish.id}", f"dishes/{dish.id}/embryos/A1", f"cycles/{dish.cycle_id}"):
        assert outsider_client.get(f"/api/{below}/report.{suffix}").status_code == 404
    assert not Entry.objects.filter(action="report.exported").exists()


def test_a_well_without_an_embryo_has_no_report(dish: Dish, embryologist_client: APIClient) -> None:
    for place in ("C3", "E9", "x"):
        answer = embryologist_client.get(f"/api/dishes/{dish.id}/embryos/{place}/report.json")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_embryo")


def test_a_table_costs_the_same_queries_however_many_embryos_it_has(get: Get, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(45):
        assert len(lines(get("csv").content)) == 8


LINE = {"kind": "line", "frame_index": 10, "plane": 0, "points": [[10, 10], [40, 50]], "label": "=zona"}
CIRCLE = {"kind": "circle", "frame_index": 4, "plane": 0, "points": [[100, 100], [130, 140]], "label": ""}


def test_measurements_and_added_events_are_in_every_kind_of_file(
    get: Get, read: Callable[..., None], actor: Actor, client_of: Callable[[Any], APIClient], cast: Cast
) -> None:
    added = {"kind": "multinucleation", "first_frame": 4, "last_frame": 9, "verdict": "added"}
    read(actor, **{"measurements__m1": LINE, "measurements__m2": CIRCLE, "events__multinucleation@4": added})
    (circle, line) = json.loads(get("json", "A1").content)["dishes"][0]["embryos"][0]["measurements"]
    assert (line["px"], line["um"], line["calibration"], line["hours"]) == (50, None, None, hour(10))
    assert (circle["kind"], circle["px"], circle["by_name"]) == ("circle", 100, actor.user.name)
    told = lines(get("csv", "A1").content)["A1"]
    assert told["measurements"] == "circle 100.0 px, 7853.98 px2 at frame 4; =zona line 50.0 px at frame 10"
    assert "multinucleation frames 4-9 (added)" in told["events"]
    assert {"'=zona", "circle: diameter, area", "none: pixels only", "Multinucleation"} <= cells(get("xlsx", "A1").content)
    text = text_of(get("pdf", "A1").content)
    assert "50.0 px" in text
    assert "Multinucleation" in text


def test_what_was_measured_by_the_labs_own_wells_is_told_in_micrometres_with_its_calibration(
    get: Get, read: Callable[..., None], actor: Actor, client_of: Callable[[Any], APIClient], cast: Cast
) -> None:
    headers = {"If-Match": '"0"'}
    address = f"/api/labs/{cast.lab.id}/dish-geometry/"
    assert client_of(cast.lab_admin).patch(address, {"layouts": {"3x3": {"pitch_um": 400}}}, headers=headers).status_code == 200
    read(actor, measurements__m1=LINE)
    (line,) = json.loads(get("json", "A1").content)["dishes"][0]["embryos"][0]["measurements"]
    assert line["um"] == pytest.approx(line["px"] * line["calibration"]["um_per_px_x"], rel=0.02)
    assert f"{line['um']} um at frame 10" in lines(get("csv", "A1").content)["A1"]["measurements"]
    assert "wells of 3x3 lie 400 µm apart" in text_of(get("pdf", "A1").content).replace("\n", " ")
