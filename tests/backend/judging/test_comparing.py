"""Two readings of one recording, and of many in sum."""

from __future__ import annotations

from typing import Any

from backend.analysis.aside import Embryo, Seen
from backend.core.concealment import Hidden
from backend.judging.comparing import compared, summed, without


def at(frame: int, hours: float | None) -> dict[str, Any]:
    return {"frame": frame, "hours": hours}


BEFORE = Seen(
    "3x3",
    {"A1": "embryo", "A2": "gas", "A3": "empty", "B1": "embryo"},
    {
        "A1": Embryo({"t2": at(10, 27.0), "t4": at(40, 38.0)}, [[0, 9, "tPNa"], [10, 39, "t2"], [40, 59, "t4"]]),
        "B1": Embryo({"t2": at(12, None)}, [[0, 11, "tPNa"], [12, 59, "t2"]]),
    },
)
AFTER = Seen(
    "4x3",
    {"A1": "embryo", "A2": "embryo_gas", "B1": "embryo", "C1": "empty"},
    {
        "A1": Embryo({"t2": at(13, 28.5), "t3": at(20, 31.0)}, [[0, 12, "tPNa"], [13, 59, "t2"]]),
        "B1": Embryo({"t2": at(10, None)}, [[0, 9, "tPNa"], [10, 59, "t2"]]),
        "C1": Embryo({}, []),
    },
)


def test_wells_differ_where_contents_do_or_where_only_one_found_them() -> None:
    wells = compared(BEFORE, AFTER)["wells"]
    assert {name: wells[name] for name in ("both", "same", "only_before", "only_after")} == {
        "both": 3,
        "same": 2,
        "only_before": 1,
        "only_after": 1,
    }
    assert wells["differences"] == [
        {"place": "A2", "before": "gas", "after": "embryo_gas"},
        {"place": "A3", "before": "empty", "after": None},
        {"place": "C1", "before": None, "after": "empty"},
    ]


def test_onsets_differ_in_hours_where_there_are_hours_and_else_in_frames() -> None:
    onsets = {(one["place"], one["phase"]): one for one in compared(BEFORE, AFTER)["embryos"]["onsets"]}
    assert (onsets["A1", "t2"]["difference_h"], onsets["A1", "t2"]["difference_frames"]) == (1.5, 3)
    assert (onsets["B1", "t2"]["difference_h"], onsets["B1", "t2"]["difference_frames"]) == (None, -2)
    assert (onsets["A1", "t3"]["before"], onsets["A1", "t4"]["after"]) == (None, None)


def test_stages_agree_over_frames_that_both_named() -> None:
    embryos = compared(BEFORE, AFTER)["embryos"]
    assert embryos["places"] == [
        {"place": "A1", "frames": 60, "same_stage": 37, "same_coarse": 57},
        {"place": "B1", "frames": 60, "same_stage": 58, "same_coarse": 58},
    ]
    assert (embryos["frames"], embryos["same_stage"], embryos["same_coarse"]) == (120, 95, 115)


def test_many_recordings_are_told_in_sum() -> None:
    report = summed([compared(BEFORE, AFTER), compared(BEFORE, BEFORE)])
    assert (report["runs"], report["other_layout"]) == (2, 1)
    assert report["wells"]["agreement"] == round(6 / 7, 4)
    assert {"before": "gas", "after": "embryo_gas", "count": 1} in report["wells"]["changes"]
    phases = {one["phase"]: one for one in report["onsets"]}
    assert list(phases) == ["t2", "t3", "t4"]
    assert phases["t2"] == {
        "phase": "t2",
        "embryos": 2,
        "mean_h": 0.75,
        "median_apart_h": 0.75,
        "most_apart_h": 1.5,
        "only_before": 0,
        "only_after": 0,
    }
    assert (phases["t3"]["only_after"], phases["t4"]["only_before"], phases["t4"]["embryos"]) == (1, 1, 1)
    assert report["stages"] == {"frames": 240, "agreement": round(215 / 240, 4), "coarse_agreement": round(235 / 240, 4)}


def test_nothing_at_all_is_no_agreement() -> None:
    report = summed([])
    assert (report["runs"], report["wells"]["agreement"], report["stages"]["agreement"], report["onsets"]) == (0, None, None, [])


def test_places_that_somebody_must_not_see_are_left_out() -> None:
    seen = without(compared(BEFORE, AFTER), Hidden(frozenset({"A1", "A2"})))
    assert [one["place"] for one in seen["wells"]["differences"]] == ["A3", "C1"]
    assert {one["place"] for one in seen["embryos"]["onsets"] + seen["embryos"]["places"]} == {"B1"}
