"""Profiles to be saved: every figure with what it rests on, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from backend.analysis.models import Run
from tests.backend.analysis.embryos import decoded
from tests.backend.analysis.test_profiles import run, write

__all__ = ["run"]


def saved(client: APIClient, run: Run, suffix: str, **headers: Any) -> Any:
    answer = client.get(f"/api/runs/{run.id}/profiles.{suffix}", **headers)
    assert answer.status_code == 200, answer.content
    return answer


def lines(client: APIClient, run: Run) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(saved(client, run, "csv").content.decode("utf-8-sig"))))


def test_a_table_has_one_line_an_embryo_with_hours_frames_bounds_and_confidence(run: Run, embryologist_client: APIClient) -> None:
    write(run, decoded([3, 9], is_final=True), decoded([4, 8], column=1))
    first, second = lines(embryologist_client, run)
    assert (first["well"], first["is_final"], second["well"], second["is_final"]) == ("A1", "yes", "A2", "no")
    assert {name: value for name, value in first.items() if name.startswith("t2_")} == {
        "t2_hpi": "26.5", "t2_low": "26.0", "t2_high": "26.75", "t2_confidence": "0.97", "t2_frame": "3", "t2_is_censored": "no",
    }  # fmt: skip
    assert (first["cc2_value"], first["cc2_low"], first["cc2_high"], first["cc2_confidence"]) == ("11.25", "9.5", "12.75", "0.81")
    assert (first["t3_hpi"], first["s2_value"]) == ("", "")
    assert first["events"] == "direct_cleavage frames 3-9 (0.70): t3 - t2 is 1 h"


def test_every_line_names_the_weights_their_hashes_and_the_code(run: Run, embryologist_client: APIClient) -> None:
    write(run, decoded([0]), decoded([0], column=1))
    for line in lines(embryologist_client, run):
        assert line["run"] == str(run.id)
        assert (line["wells_weights"], line["wells_sha256"]) == (run.weights.name, run.weights.sha256)
        assert (line["stages_weights"], line["stages_sha256"], line["code_version"]) == ("s", "5" * 64, "1.2.3")


def test_bounds_in_frames_are_not_passed_off_as_hours(run: Run, embryologist_client: APIClient) -> None:
    write(run, decoded([3, 9], hours=None), decoded([3, 9], column=1))
    first, second = lines(embryologist_client, run)
    assert (first["bounds_in"], first["t2_hpi"], first["t2_low"], first["t2_high"]) == ("frames", "", "3.0", "9.0")
    assert second["bounds_in"] == "hours"


@pytest.mark.parametrize("label", ["=1+1", "+A1", "-2", "@SUM(A1)", "  =1", "|calc", "＝1+1"])
def test_text_that_a_spreadsheet_would_run_is_kept_from_it(label: str, run: Run, embryologist_client: APIClient) -> None:
    dish = run.stack.dish
    assert dish
    dish.label = label
    dish.save()
    write(run, decoded([0], hours=-1.5))
    (line,) = lines(embryologist_client, run)
    assert line["dish"] == f"'{label}"
    assert line["t2_hpi"] == "-1.5", "a number is no formula"


def test_files_are_saved_under_the_dishs_name(run: Run, embryologist_client: APIClient) -> None:
    dish = run.stack.dish
    assert dish
    dish.label = 'Чашка 5/"a"'
    dish.save()
    write(run, decoded([0]))
    answer = saved(embryologist_client, run, "csv", HTTP_ACCEPT="text/csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    named = "filename=\"5-a-profiles.csv\"; filename*=UTF-8''%D0%A7%D0%B0%D1%88%D0%BA%D0%B0%205-%22a%22-profiles.csv"
    assert answer["Content-Disposition"] == f"attachment; {named}"


def test_programs_get_the_same_as_json(run: Run, embryologist_client: APIClient) -> None:
    write(run, decoded([0, 5], is_final=True))
    answer = saved(embryologist_client, run, "json")
    assert answer["Content-Disposition"].startswith("attachment; ")
    (row,) = json.loads(answer.content)
    assert (row["dish"], row["patient_code"], row["bounds_in"], row["code_version"]) == ("D1", "P-1", "hours", "1.2.3")
    assert row["stages_by"] == {"name": "s", "sha256": "5" * 64}
    shown = embryologist_client.get(f"/api/dishes/{run.stack.dish_id}/").data["profiles"]
    assert row["profile"] == shown[0]


def test_a_run_without_embryos_is_an_empty_table(run: Run, embryologist_client: APIClient) -> None:
    assert lines(embryologist_client, run) == []
    assert json.loads(saved(embryologist_client, run, "json").content) == []


def test_a_table_costs_the_same_queries_however_many_embryos_it_has(
    run: Run, embryologist_client: APIClient, django_assert_max_num_queries: Any
) -> None:
    write(run, *(decoded([0], row=row, column=column) for row in range(5) for column in range(5)))
    # session, user, memberships; the run, its names, its profiles, what is hidden
    with django_assert_max_num_queries(7):
        assert len(lines(embryologist_client, run)) == 25
