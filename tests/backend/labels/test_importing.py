"""From an uploaded file to labels of a lab: shown first, written once confirmed, the same however often it is done."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.accounts.actor import Actor, actor_for
from backend.audit.models import Entry
from backend.core.errors import Refused
from backend.core.files import ContentStore
from backend.core.jobs import draining
from backend.imaging.intake import release_content
from backend.labels import importing, services, writing
from backend.labels.formats.interpreting import dish_of_json
from backend.labels.models import LabelAnnotation, LabelImport, LabelTask, Picture
from backend.live.models import LoggedEvent
from tests.backend.imaging.pictures import everything_below
from tests.backend.labels.exports import REAL, annotation, box, dish, jpeg, packed, result, task, well, written
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
Bring = Callable[..., LabelImport]


def worked(row: LabelImport) -> LabelImport:
    importing.execute(row.id)
    row.refresh_from_db()
    return row


@pytest.fixture
def previewed(cast: Cast) -> Bring:
    """The dry run of a file."""

    def make(path: Path, *, preset: str = "wow", instance: str = "") -> LabelImport:
        return worked(services.take_file(path=path, name=path.name, lab=cast.lab, by=cast.embryologist, instance=instance, preset=preset))

    return make


@pytest.fixture
def brought(previewed: Bring, actor: Actor) -> Bring:
    """A file read, confirmed and written."""

    def make(path: Path, *, choices: dict[str, str] | None = None, **more: Any) -> LabelImport:
        row = previewed(path, **more)
        assert row.error is None
        return worked(services.confirm_import(actor=actor, row=row, mapping=None, choices=choices or {}))

    return make


def everything() -> list[Any]:
    """All that labels are made of, without keys and times of rows."""
    tasks = LabelTask.objects.order_by("instance", "external_id").values_list("instance", "external_id", "data", "extra", "picture__sha256")
    said = LabelAnnotation.objects.order_by("task__external_id", "external_id", "content_hash").values_list(
        "task__external_id", "kind", "external_id", "is_current", "annotator", "result", "extra", "dish", "phases", "content_hash"
    )
    return [*tasks, *said]


NINE: list[tuple[str, ...]] = [("E",), (), ("E", "B"), ("B",), ("E",), ("E",), (), ("E",), ("E",)]


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(tmp_path: Path, previewed: Bring) -> None:
    row = previewed(written(tmp_path / "export.json", dish(NINE), task(id_=2), task(annotation(was_cancelled=True), id_=3)))
    assert (row.state, row.step, row.format) == ("previewed", "reading", "json")
    report = row.report or {}
    assert report["plan"]["tasks"] == {"created": 3, "matched": 0, "changed": 0}
    assert report["plan"]["annotations"] == {"created": 2, "matched": 0, "changed": 0}
    assert (report["summary"]["skipped_tasks"], report["summary"]["unlabelled_tasks"], report["summary"]["regions"]) == (1, 1, 9)
    assert report["wells"] == {"embryo": 5, "empty": 2, "embryo_gas": 1, "gas": 1}
    assert report["pictures"] == {"in_file": 0, "here": 0, "several": 0, "missing": 3}
    assert {(word["text"], word["meaning"]) for word in row.words} == {("Well", "well"), ("E", "content.embryo"), ("B", "content.gas")}
    assert everything() == []


def test_confirmed_labels_are_written_with_what_they_mean_and_recorded(tmp_path: Path, brought: Bring, cast: Cast) -> None:
    row = brought(written(tmp_path / "export.json", dish(NINE, "U")))
    assert (row.state, row.error, (row.report or {})["done"]["annotations"]) == ("finished", None, 1)
    assert (row.report or {})["plan"]["tasks"] == {"created": 1, "matched": 0, "changed": 0}
    said = LabelAnnotation.objects.get()
    found = dish_of_json(said.dish)  # type: ignore[arg-type]
    assert [one.content for one in found.wells].count("embryo") == 5
    assert found.gas_outside
    assert said.imported_by == row
    assert said.task.instance == "project 7"
    actions = Entry.objects.filter(lab_id=cast.lab.id, action__startswith="label").order_by("id").values_list("action", flat=True)
    assert list(actions) == [
        "label_import.requested",
        "label_import.previewed",
        "label_import.confirmed",
        "labels.imported",
        "label_import.finished",
    ]
    states = [event.payload["state"] for event in LoggedEvent.objects.filter(type="label_import.changed").order_by("seq")]
    assert [states[0], states[-1]] == ["queued", "finished"]
    assert "previewed" in states


def test_importing_the_same_again_changes_nothing(tmp_path: Path, brought: Bring) -> None:
    path = packed(
        tmp_path / "export.zip",
        {
            "tasks.json": json.dumps(
                [
                    dish(NINE, predictions=[{"id": 4, "model_version": "m1", "score": 0.5, "result": well(0, "E")}]),
                    task(id_=2, drafts=[{"id": 1, "result": well(0)}]),
                    {"data": {"text": "no number"}, "annotations": [{"result": []}, {"result": []}]},
                ]
            ),
            "images/dish-1.jpg": jpeg(),
        },
    )
    brought(path)
    before = everything()
    renamed = tmp_path / "export at another hour.zip"
    renamed.write_bytes(path.read_bytes())
    row = brought(renamed)
    assert everything() == before
    plan = (row.report or {})["plan"]
    assert plan["tasks"] == {"created": 0, "matched": 3, "changed": 0}
    assert plan["annotations"] == {"created": 0, "matched": 3, "changed": 0}
    assert set((row.report or {})["done"].values()) == {0}


def test_several_annotators_stay_several_and_a_machines_run_stays_a_machines(tmp_path: Path, brought: Bring) -> None:
    raw = task(
        annotation(*well(0, "E"), id_=1, completed_by=3),
        annotation(*well(0, "B"), id_=2, completed_by={"id": 4, "email": "anna@example.org"}),
        predictions=[{"id": 1, "model_version": "wells 3", "score": 0.25, "result": well(0, "E")}],
    )
    row = brought(written(tmp_path / "export.json", raw))
    rows = LabelAnnotation.objects.order_by("kind", "number")
    assert [(one.kind, one.annotator, one.model_version, one.score) for one in rows] == [
        ("annotation", "3", "", None),
        ("annotation", "anna@example.org", "", None),
        ("prediction", "", "wells 3", 0.25),
    ]
    assert rows[2].dish is None
    assert (row.report or {})["runs"] == [{"name": "wells 3", "count": 1}]


def test_a_changed_annotation_is_followed_by_its_newer_version_and_the_older_stays(tmp_path: Path, brought: Bring) -> None:
    first = task(annotation(*well(0, "E"), updated_at="2026-01-01T00:00:00Z"))
    brought(written(tmp_path / "a.json", first))
    second = task(annotation(*well(0, "B"), updated_at="2026-02-01T00:00:00Z"))
    row = brought(written(tmp_path / "b.json", second))
    assert (row.report or {})["plan"]["annotations"] == {"created": 0, "matched": 0, "changed": 1}
    versions = LabelAnnotation.objects.order_by("created_at")
    assert [(one.is_current, one.dish["wells"][0]["content"]) for one in versions if one.dish] == [(False, "embryo"), (True, "gas")]
    # The older export once more: what is newer here stays.
    brought(written(tmp_path / "a.json", first))
    assert LabelAnnotation.objects.get(is_current=True).dish["wells"][0]["content"] == "gas"  # type: ignore[index]


def test_which_of_two_versions_counts_can_be_chosen_on_screen(tmp_path: Path, brought: Bring, previewed: Bring, actor: Actor) -> None:
    brought(written(tmp_path / "a.json", task(annotation(*well(0, "E")))))
    row = previewed(written(tmp_path / "b.json", task(annotation(*well(0, "B")))))
    (question,) = row.conflicts.all()
    assert (question.kind, [option["id"] for option in question.options], question.choice) == ("changed", ["keep", "take"], "take")
    with pytest.raises(Refused, match="belongs to no question"):
        services.confirm_import(actor=actor, row=row, mapping=None, choices={str(question.id): "both"})
    worked(services.confirm_import(actor=actor, row=row, mapping=None, choices={str(question.id): "keep"}))
    assert LabelAnnotation.objects.get().dish["wells"][0]["content"] == "embryo"  # type: ignore[index]


@pytest.mark.real_data
def test_a_poorer_form_of_an_export_never_replaces_a_fuller_one(brought: Bring) -> None:
    brought(REAL / "wow_preset" / "json.json", instance="lab")
    before = everything()
    row = brought(REAL / "wow_preset" / "json_min.json", instance="lab")
    assert (row.report or {})["plan"]["annotations"]["changed"] == 4
    assert everything() == before


def test_equal_numbers_of_two_projects_are_two_tasks(tmp_path: Path, brought: Bring) -> None:
    brought(written(tmp_path / "a.json", task(annotation(*well(0)), name="one.jpg")))
    brought(written(tmp_path / "b.json", task(annotation(*well(0)), name="two.jpg")))
    brought(written(tmp_path / "b.json", task(annotation(*well(0)), name="two.jpg")))
    brought(written(tmp_path / "c.json", {**task(annotation(*well(0)), name="one.jpg"), "project": 8}))
    assert LabelTask.objects.count() == 3
    assert LabelTask.objects.filter(instance="project 7", external_id="1").count() == 1


def test_another_meaning_of_the_words_is_given_to_the_labels_that_are_here(
    tmp_path: Path, brought: Bring, previewed: Bring, actor: Actor
) -> None:
    path = written(tmp_path / "export.json", task(annotation(*well(0, "E"))))
    brought(path)
    row = previewed(path, preset="none")
    assert (row.report or {})["wells"] == {}
    mapping = {"words": {"Well": "well", "E": "content.gas"}, "wells_without_label": False}
    worked(services.confirm_import(actor=actor, row=row, mapping=mapping, choices={}))
    assert LabelAnnotation.objects.get().dish["wells"][0]["content"] == "gas"  # type: ignore[index]


def test_words_that_can_mean_one_thing_only_are_guessed_and_the_reading_can_be_asked_anew(
    tmp_path: Path, previewed: Bring, actor: Actor
) -> None:
    rows = [result("rectanglelabels", box(10, 10, 20, 20, rectanglelabels=["Лунка"])), result("choices", {"choices": ["Эмбрион"]})]
    row = previewed(written(tmp_path / "export.json", task(annotation(*rows))), preset="")
    assert row.mapping["words"] == {"лунка": "well", "эмбрион": "content.embryo"}
    assert (row.report or {})["wells"] == {"embryo": 1}
    again = worked(services.preview_again(actor=actor, row=row, preset="", mapping={"words": {"Лунка": "well"}}))
    assert (again.state, (again.report or {})["wells"]) == ("previewed", {"empty": 1})
    with pytest.raises(Refused, match="no meaning"):
        services.preview_again(actor=actor, row=again, preset="", mapping={"words": {"Лунка": "moon"}})


# --- faults ---


def test_a_fault_in_task_nine_thousand_is_told_with_its_place_and_loses_nothing(tmp_path: Path, brought: Bring) -> None:
    path = tmp_path / "export.json"
    rows = [json.dumps(task(annotation(), id_=number)) for number in range(1, 10_001)]
    rows[8_999] = '{"id": 9000, "data": {"image": "x.jpg"}, "annotations": [{"result": "broken"}]}'
    path.write_text("[" + ",".join(rows) + "]")
    row = brought(path)
    report = row.report or {}
    assert (row.state, report["done"]["tasks"], report["skipped_count"]) == ("finished", 9_999, 1)
    assert report["skipped"][0]["place"] == "export.json, task 9000 (id 9000)"
    assert LabelTask.objects.filter(external_id__in=["8999", "9001", "10000"]).count() == 3


def test_a_task_that_the_database_refuses_is_left_out_alone(tmp_path: Path, brought: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    real = writing.Writer.write

    def refusing(self: Any, batch: Any) -> Any:
        if any(one.external_id == "2" for one in batch):
            raise ValueError("out of range")
        return real(self, batch)

    monkeypatch.setattr(writing.Writer, "write", refusing)
    row = brought(written(tmp_path / "export.json", *[task(annotation(), id_=number) for number in (1, 2, 3)]))
    assert [remark["code"] for remark in (row.report or {})["skipped"]] == ["not_written"]
    assert list(LabelTask.objects.order_by("external_id").values_list("external_id", flat=True)) == ["1", "3"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("[{", "file_truncated"),
        ('{"hello": 1}', "not_an_export"),
        ('[{"data": {"x": NaN}, "annotations": []}]', "not_a_number"),
        ("[]", "no_tasks"),
    ],
)
def test_a_file_that_cannot_be_read_fails_with_its_reason_and_nothing_is_written(
    tmp_path: Path, previewed: Bring, data: str, code: str, actor: Actor, settings: Any
) -> None:
    path = tmp_path / "export.json"
    path.write_text(data)
    row = previewed(path)
    assert (row.state, (row.error or {})["code"], row.attempts) == ("failed", code, 1)
    assert everything() == []
    assert everything_below(Path(settings.CONTENT_DIR)) == []
    assert Entry.objects.filter(action="label_import.failed").count() == 1
    with pytest.raises(Refused, match="has ended"):
        services.confirm_import(actor=actor, row=row, mapping=None, choices={})
    good = previewed(written(tmp_path / "good.json", dish([("E",)])))
    assert good.state == "previewed"


def test_an_import_that_is_cancelled_keeps_what_was_written_and_goes_on_from_there(
    tmp_path: Path, previewed: Bring, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    path = written(tmp_path / "export.json", *[task(annotation(), id_=number) for number in range(1, 9)])
    row = previewed(path)
    services.confirm_import(actor=actor, row=row, mapping=None, choices={})
    real, calls = writing.Writer.write, []

    def cancelling(self: Any, batch: Any) -> Any:
        calls.append(batch)
        if len(calls) == 2:
            LabelImport.objects.filter(id=row.id).update(cancel_requested=True)
        return real(self, batch)

    monkeypatch.setattr(writing.Writer, "write", cancelling)
    assert worked(row).state == "cancelled"
    assert 2 <= LabelTask.objects.count() < 8
    monkeypatch.setattr(writing.Writer, "write", real)
    worked(services.confirm_import(actor=actor, row=previewed(path), mapping=None, choices={}))
    assert LabelTask.objects.count() == 8


def test_an_import_whose_worker_has_to_go_is_taken_up_by_the_next(tmp_path: Path, previewed: Bring, actor: Actor) -> None:
    row = previewed(written(tmp_path / "export.json", task(annotation())))
    services.confirm_import(actor=actor, row=row, mapping=None, choices={})
    draining.begin()
    try:
        assert worked(row).state == "queued"
    finally:
        draining.end()
    assert worked(row).state == "finished"


def test_a_waiting_or_previewed_import_is_cancelled_at_once_and_confirming_twice_imports_once(
    tmp_path: Path, previewed: Bring, actor: Actor
) -> None:
    path = written(tmp_path / "export.json", task(annotation()))
    row = services.cancel_import(actor=actor, row=previewed(path))
    assert row.state == "cancelled"
    again = previewed(path)
    first = services.confirm_import(actor=actor, row=again, mapping=None, choices={})
    second = services.confirm_import(actor=actor, row=again, mapping=None, choices={})
    assert (first.id, second.state) == (second.id, "queued")


# --- pictures ---


def zipped(path: Path, *tasks: Any, **pictures: bytes) -> Path:
    members: dict[str, bytes | str] = {"tasks.json": json.dumps(list(tasks))}
    return packed(path, members | {f"images/{name.replace('__', '/')}.jpg": data for name, data in pictures.items()})


def test_pictures_that_come_with_labels_are_kept_once_under_their_hash_with_their_real_size(tmp_path: Path, brought: Bring) -> None:
    one = {**task(annotation(), id_=1), "data": {"image": "/data/upload/1/0123abcd-a.jpg"}}
    two = {**task(annotation(), id_=2), "data": {"image": "/data/upload/1/4567cdef-a.jpg"}}
    row = brought(zipped(tmp_path / "export.zip", one, two, a=jpeg(120, 60)))
    picture = Picture.objects.get()
    assert (picture.name, picture.width, picture.height, len(picture.dhash)) == ("a.jpg", 120, 60, 16)
    assert ContentStore().exists(picture.sha256)
    assert picture.label_tasks.count() == 2
    assert (row.report or {})["done"]["pictures"] == 1
    release_content(picture.sha256)
    assert ContentStore().exists(picture.sha256)


def test_a_picture_is_found_by_its_path_before_its_name_and_two_of_one_name_are_a_question(
    tmp_path: Path, previewed: Bring, actor: Actor
) -> None:
    local = "/data/local-files/?d=images/monday/a.jpg"
    tasks = [{**task(annotation(), id_=1), "data": {"image": local}}, {**task(annotation(), id_=2), "data": {"image": "s3://bucket/a.jpg"}}]
    row = previewed(zipped(tmp_path / "export.zip", *tasks, monday__a=jpeg(shade=10), tuesday__a=jpeg(shade=90)))
    assert (row.report or {})["pictures"] == {"in_file": 1, "here": 0, "several": 1, "missing": 0}
    (question,) = row.conflicts.all()
    assert (question.kind, question.choice, [option["text"] for option in question.options]) == (
        "picture",
        "none",
        ["images/monday/a.jpg", "images/tuesday/a.jpg", ""],
    )
    worked(services.confirm_import(actor=actor, row=row, mapping=None, choices={str(question.id): question.options[1]["id"]}))
    first, second = LabelTask.objects.order_by("external_id")
    assert first.picture
    assert second.picture
    assert first.picture != second.picture


def test_labels_that_come_alone_find_the_pictures_that_are_here_and_never_those_of_another_lab(
    tmp_path: Path, brought: Bring, cast: Cast
) -> None:
    brought(zipped(tmp_path / "export.zip", {**task(annotation(), id_=1), "data": {"image": "a.jpg"}}, a=jpeg(100, 50)))
    row = brought(
        written(tmp_path / "alone.json", {**task(annotation(*well(0)), id_=5), "data": {"image": "/data/upload/9/89abcdef-a.jpg"}})
    )
    assert (row.report or {})["pictures"]["here"] == 1
    said = LabelTask.objects.get(external_id="5")
    assert said.picture == Picture.objects.get()
    # Labelled on 1000 x 500 and kept as 100 x 50: the same percent of a smaller picture.
    assert said.annotations.get().dish["wells"][0]["box_px"] == pytest.approx([15, 5, 25, 15])  # type: ignore[index]
    there = services.take_file(
        path=tmp_path / "alone.json", name="alone.json", lab=cast.other_lab, by=cast.outsider, instance="", preset="wow"
    )
    there = worked(there)
    worked(services.confirm_import(actor=actor_for(cast.outsider), row=there, mapping=None, choices={}))
    assert LabelTask.objects.get(lab=cast.other_lab).picture is None


def test_a_picture_of_another_shape_than_was_labelled_is_told_and_its_wells_are_not_used(tmp_path: Path, brought: Bring) -> None:
    raw = {**task(annotation(*well(0, "E"))), "data": {"image": "a.jpg"}}
    row = brought(zipped(tmp_path / "export.zip", raw, a=jpeg(50, 100)))
    assert {"size_differs", "wells_without_extent"} <= {remark["code"] for remark in (row.report or {})["warnings"]}
    said = LabelAnnotation.objects.get()
    assert said.dish is not None
    assert said.dish["wells"] == []
    assert said.result == raw["annotations"][0]["result"]


def test_a_picture_that_is_none_or_is_cut_off_is_told_and_its_labels_are_kept(tmp_path: Path, brought: Bring) -> None:
    tasks = [{**task(annotation(), id_=number), "data": {"image": f"{name}.jpg"}} for number, name in enumerate("abc")]
    row = brought(zipped(tmp_path / "export.zip", *tasks, a=jpeg()[:-200], b=b"<svg onload=alert(1)>", c=jpeg()))
    assert [remark["code"] for remark in (row.report or {})["warnings"]] == ["picture_refused", "picture_refused"]
    assert (LabelTask.objects.count(), Picture.objects.count()) == (3, 1)
