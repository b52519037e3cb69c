from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from backend.datasets.coarse import coarse_of
from backend.datasets.gathering import Gathered, gather
from backend.datasets.recorded import spans_of
from backend.datasets.values import Filters, SplitRule
from backend.imaging.models import Stack
from backend.labels.models import LabelAnnotation, Picture
from backend.review.values import PHASES
from tests.backend.datasets.conftest import Label, correct, emptied, phase, read, wells
from tests.cast import Cast

EVEN = SplitRule((80, 20, 0))


@pytest.fixture
def taken(cast: Cast) -> Callable[..., Gathered]:
    def take(task: Any = "wells", **filters: Any) -> Gathered:
        return gather(cast.lab.id, task, Filters(**filters), EVEN, reader_id=None)

    return take


def contents(gathered: Gathered) -> list[list[str]]:
    return sorted([well["content"] for well in one.label["wells"]] for one in gathered.candidates)


def test_only_what_people_said_is_a_label(label: Label, taken: Callable[..., Gathered]) -> None:
    label(1, dish=wells("embryo"))
    label(2, dish=wells("gas"), kind="prediction", annotator="", model_version="m1")
    label(3, dish=wells("gas"), kind="draft")
    label(4, dish=wells("gas"), was_cancelled=True)
    label(5, dish=wells("gas"), is_current=False)
    label(6, dish=wells())
    label(7, dish=wells(no_wells=True))
    assert contents(taken()) == [[], ["embryo"]]


def test_of_several_annotators_ground_truth_counts_then_the_latest(label: Label, taken: Callable[..., Gathered]) -> None:
    first = label(1, dish=wells("empty"), annotator="anna@lab.org", written_at="2026-01-01T00:00:00Z")
    label(1, dish=wells("embryo"), task=first.task, annotator="boris@lab.org", written_at="2026-02-01T00:00:00Z")
    assert contents(taken()) == [["embryo"]]
    assert contents(taken(annotators=("anna@lab.org",))) == [["empty"]]
    label(1, dish=wells("gas"), task=first.task, annotator="anna@lab.org", written_at="2025-01-01T00:00:00Z", ground_truth=True)
    assert contents(taken()) == [["gas"]]


def test_filters_take_what_they_name(label: Label, taken: Callable[..., Gathered], cast: Cast) -> None:
    label(1, dish=wells("embryo", "empty"), written_at="2026-01-05T23:00:00Z", data={"patient": "P-1"})
    label(2, dish=wells("gas"), written_at="2026-02-05T00:00:00Z", ground_truth=True, data={"patient": "P-2"})
    assert contents(taken(meanings=("gas",))) == [["gas"]]
    assert contents(taken(since=date(2026, 1, 6))) == [["gas"]]
    assert contents(taken(until=date(2026, 1, 5))) == [["embryo", "empty"]]
    assert contents(taken(ground_truth_only=True)) == [["gas"]]
    assert contents(taken(patients=("P-1",))) == [["embryo", "empty"]]
    assert contents(taken(sources=("people",))) == []


def test_another_labs_labels_are_never_taken(
    label: Label, taken: Callable[..., Gathered], picture: Callable[..., Picture], cast: Cast
) -> None:
    label(1, dish=wells("embryo"))
    assert not gather(cast.other_lab.id, "wells", Filters(), EVEN, reader_id=None).candidates


def test_an_embryo_is_known_by_its_column_or_the_folder_of_its_pictures(label: Label, picture: Callable[..., Picture], cast: Cast) -> None:
    label(1, dish=phase(1), data={"embryo": "e1", "dish": "D", "patient": "P", "frame": "17", "split": "dev"})
    label(2, dish=phase(2), data={"image": "/data/local-files/?d=wow%5Ce002%5C0033.png"})
    label(3, dish=phase(3), data={"image": "/data/upload/1/1234abcd-x.png"})
    found = {one.classes[0]: one for one in gather(cast.lab.id, "phases", Filters(), EVEN, reader_id=None).candidates}
    assert (found["1"].patient, found["1"].dish, found["1"].embryo) == ("P", "P D", "P D e1")
    assert (found["1"].label["frame"], found["1"].given_split) == (17, "validation")
    assert found["2"].embryo == "e002"
    assert found["3"].embryo == ""


def test_a_picture_that_got_two_phases_says_so(label: Label, taken: Callable[..., Gathered]) -> None:
    first = label(1, dish=phase(1), data={"embryo": "e"})
    label(1, dish=phase(2), task=first.task, annotator="boris@lab.org")
    label(2, dish=phase(2), data={"embryo": "e", "in_two_phases": "1"})
    label(3, dish=phase(2), data={"embryo": "e", "in_two_phases": "0"})
    assert [bool(one.label.get("in_two_phases")) for one in taken("phases").candidates].count(True) == 2


def test_a_phase_over_time_labels_the_frames_within_it(known: Callable[..., Stack], label: Label, cast: Cast) -> None:
    stack = known()
    facts = {"name": "frame", "width": 120, "height": 90, "sha256": stack.sha256, "lab": cast.lab, "plane": 0}
    for frame in (0, 4, 5):
        shown = Picture.objects.create(stack=stack, frame_index=frame, **facts)
        label(0, of=shown, phases=[{"phase": "t2", "first_frame": 2, "last_frame": 5, "embryo": "r1"}])
    found = gather(cast.lab.id, "phases", Filters(), EVEN, reader_id=None).candidates
    assert [(one.frame_index, one.label["phase"]) for one in found] == [(4, 2)]
    assert found[0].patient == "P-1"


def test_a_corrected_dish_is_a_label_only_where_people_said_what_every_well_holds(
    known: Callable[..., Stack], taken: Callable[..., Gathered]
) -> None:
    whole, half = known("D1"), known("D2")
    content = {"content": [{"from_frame": 3, "content": "gas"}]}
    correct(whole, A1=content, A2={"content": [{"from_frame": 0, "content": "embryo"}, {"from_frame": 7, "content": "empty"}]})
    correct(half, A1=content)
    found = {one.frame_index: one for one in taken().candidates}
    # At frame 0 nobody had said yet what A1 holds.
    assert {frame: [well["content"] for well in one.label["wells"]] for frame, one in found.items()} == {
        3: ["gas", "embryo"],
        7: ["gas", "empty"],
    }
    assert found[7].label["wells"][0] == {"box": [17.0, 10.0, 47.0, 40.0], "content": "gas", "row": 0, "column": 0}
    assert found[7].stack_id == whole.id


def test_a_drawn_box_counts_and_a_removed_well_is_none(known: Callable[..., Stack], taken: Callable[..., Gathered]) -> None:
    drawn = {"content": [{"from_frame": 2, "content": "embryo"}], "box": {"frame_index": 2, "box": [1.0, 2.0, 33.0, 44.0]}}
    correct(known(), A1=drawn, A2={"is_removed": True, "content": [{"from_frame": 0, "content": "gas"}]})
    (found,) = taken().candidates
    assert found.label["wells"] == [{"box": [1.0, 2.0, 33.0, 44.0], "content": "embryo", "row": 0, "column": 0}]


def test_submitted_readings_label_the_frames_between_two_marked_onsets(
    known: Callable[..., Stack], taken: Callable[..., Gathered], cast: Cast
) -> None:
    stack = known()
    read(stack, cast.embryologist, "A1", tPNa=0, t2=3, t4=5, t9plus=8)
    read(stack, cast.colleague, "A2", state="draft", tPNa=0, t2=3)
    found = taken("phases", frames_a_phase=50).candidates
    frames = {coarse: sorted(one.frame_index or 0 for one in found if one.label["phase"] == coarse) for coarse in (1, 2, 3, 4)}
    assert frames == {1: [0, 1, 2], 2: [3, 4, 5, 6, 7], 3: [], 4: []}
    assert {one.cut for one in found if one.frame_index == 2} == {(12, 10, 42, 40)}
    assert {one.embryo for one in found} == {"P-1 C1 D1 A1"}
    assert len(taken("phases", frames_a_phase=2).candidates) == 4


def test_what_a_machine_marked_is_no_label(known: Callable[..., Stack], taken: Callable[..., Gathered]) -> None:
    known()
    assert taken("phases").candidates == []
    assert taken("wells").candidates == []


def test_an_emptied_well_shows_no_phase(known: Callable[..., Stack], taken: Callable[..., Gathered], cast: Cast) -> None:
    stack = known()
    read(stack, cast.embryologist, "A1", tB=1, tEB=4)
    assert max(one.frame_index or 0 for one in taken("phases", frames_a_phase=50).candidates) == 11
    emptied(stack, 0, 9)
    assert max(one.frame_index or 0 for one in taken("phases", frames_a_phase=50).candidates) == 8


def test_frames_that_could_be_of_two_phases_belong_to_none() -> None:
    assert spans_of({"t8": {"frame_index": 3}, "tM": {"frame_index": 9}}, 20) == {}
    assert spans_of({"t8": {"frame_index": 3}, "t9+": {"frame_index": 9}}, 20) == {2: [(3, 9)]}
    assert spans_of({"tEB": {"frame_index": 12}, "tB": {"frame_index": 9}, "t2": {"is_absent": True}}, 20) == {3: [(9, 12)], 4: [(12, 20)]}


def test_coarse_phases_are_the_detectors_own() -> None:
    from detector.stages.looks import COARSE_OF
    from detector.training.stages_lessons import COARSE_PHASES
    from detector.types import Phase

    assert [coarse_of(name) for name in PHASES] == [COARSE_PHASES.index(COARSE_OF[Phase(name)]) + 1 for name in PHASES]
    assert [coarse_of(coarse.value) for coarse in COARSE_PHASES] == [1, 2, 3, 4]
    assert (coarse_of("4"), coarse_of("5"), coarse_of("empty"), coarse_of(None)) == (4, None, None, None)


def test_the_steps_that_are_offered_are_those_that_the_detector_takes() -> None:
    from backend.datasets import steps
    from detector.training import steps as taken_steps

    def plain(parameters: Any) -> Any:
        return {
            name: {key: [one.low, one.high, one.usual, one.is_odd, one.is_amount] for key, one in of.items()}
            for name, of in parameters.items()
        }

    assert plain(steps.PARAMETERS) == plain(taken_steps.PARAMETERS)
    assert steps.MOVING == taken_steps.MOVING
    assert steps.MOST_STEPS == taken_steps.MOST_STEPS


def test_annotations_of_a_recording_are_left_out_for_who_reads_it_blind(
    known: Callable[..., Stack], label: Label, cast: Cast, is_blind: Callable[..., None]
) -> None:
    stack = known()
    facts = {"name": "frame", "width": 120, "height": 90, "sha256": stack.sha256, "lab": cast.lab, "plane": 0}
    label(0, of=Picture.objects.create(stack=stack, frame_index=1, **facts), dish=wells("embryo"))
    correct(stack, A1={"content": [{"from_frame": 0, "content": "gas"}]}, A2={"content": [{"from_frame": 0, "content": "gas"}]})
    read(stack, cast.colleague, "A1", tPNa=0, t2=3)
    read(stack, cast.colleague, "A2", tPNa=0, t2=3)
    is_blind(cast.embryologist, stack, "A1")
    assert gather(cast.lab.id, "wells", Filters(), EVEN, reader_id=cast.embryologist.id).candidates == []
    assert {one.place for one in gather(cast.lab.id, "phases", Filters(), EVEN, reader_id=cast.embryologist.id).candidates} == {"A2"}
    assert len(gather(cast.lab.id, "wells", Filters(), EVEN, reader_id=cast.colleague.id).candidates) == 2
    assert LabelAnnotation.objects.count() == 1
