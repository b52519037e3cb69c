from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from PIL import Image
from rest_framework.test import APIClient

from backend.accounts.actor import Actor
from backend.audit.models import Entry
from backend.core.errors import Refused
from backend.core.files import ContentStore
from backend.datasets.freezing import execute
from backend.datasets.materialising import Manifest, materialise
from backend.datasets.models import DataSet, DataSetItem, Freezing
from backend.datasets.selectors import require_disjoint
from backend.datasets.services import cancel_freezing, change_data_set, freeze_data_set, remove_data_set
from backend.imaging.models import Stack
from backend.labels.models import LabelAnnotation, Picture
from backend.live.models import LoggedEvent
from tests.backend.conftest import ClientOf
from tests.backend.datasets.conftest import Label, correct, drawn, hash_of, phase, read, wells
from tests.cast import Cast

MakeSet = Callable[..., DataSet]
Frozen = Callable[[DataSet], DataSet]


def written(row: DataSet, folder: Path) -> Manifest:
    return materialise(row, folder, tell=lambda done, total: None)


def test_a_frozen_data_set_has_every_picture_once_and_tells_what_it_is(
    embryos: list[LabelAnnotation], make_set: MakeSet, frozen: Frozen, cast: Cast
) -> None:
    row = frozen(make_set())
    assert (row.state, row.counts["items"], row.items.count()) == ("frozen", 40, 40)
    assert len(row.hash) == 64
    assert {one["split"]: one["patients"] for one in row.counts["splits"]} == {"train": 3, "validation": 1, "test": 1}
    assert [one["count"] for one in row.counts["classes"]] == [10, 10, 10, 10]
    require_disjoint(row)
    actions = list(Entry.objects.filter(action__startswith="data_set").order_by("id").values_list("action", flat=True))
    assert actions == ["data_set.made", "data_set.freezing_requested"]
    assert Entry.objects.get(action="freezing.finished").after == {"data_set": str(row.id), "hash": row.hash, "items": 40}
    states = [event.payload["state"] for event in LoggedEvent.objects.filter(type="data_set.changed").order_by("seq")]
    assert states == ["draft", "freezing", "freezing", "frozen"]


def test_the_hash_says_the_content_and_nothing_else(embryos: list[LabelAnnotation], make_set: MakeSet, frozen: Frozen) -> None:
    first, again = frozen(make_set(name="A")), frozen(make_set(name="B"))
    assert first.hash == again.hash
    assert {frozen(make_set(name=f"C{seed}", seed=seed)).hash for seed in (7, 8, 9, 10)} != {first.hash}
    assert frozen(make_set(name="D", steps={"preprocessing": [{"step": "median"}]})).hash != first.hash
    LabelAnnotation.objects.filter(id=embryos[0].id).update(dish=phase(4))
    assert frozen(make_set(name="E")).hash != first.hash


def test_labels_that_change_later_change_no_frozen_data_set(embryos: list[LabelAnnotation], make_set: MakeSet, frozen: Frozen) -> None:
    row = frozen(make_set())
    before = list(row.items.values_list("number", "label", "split"))
    LabelAnnotation.objects.all().delete()
    assert list(row.items.values_list("number", "label", "split")) == before


def test_a_frozen_data_set_is_neither_changed_nor_removed_nor_frozen_again(
    embryos: list[LabelAnnotation], make_set: MakeSet, frozen: Frozen, admin: Actor, cast: Cast
) -> None:
    row = frozen(make_set())
    said: dict[str, Any] = {"actor": admin, "data_set_id": row.id, "by": cast.lab_admin}
    for do in (lambda: change_data_set(changes={"name": "x"}, **said), lambda: remove_data_set(**said), lambda: freeze_data_set(**said)):
        with pytest.raises(Refused) as refused:
            do()
        assert refused.value.code == "data_set_not_draft"
    with pytest.raises(IntegrityError), transaction.atomic():
        DataSet.objects.filter(id=row.id).update(hash="")


@pytest.mark.parametrize(
    ("make", "code"),
    [
        ({"filters": {"annotators": ["nobody"]}}, "data_set_empty"),
        ({"filters": {"patients": ["P1"]}}, "split_empty"),
    ],
)
def test_what_cannot_be_learned_from_is_not_frozen_and_says_why(
    embryos: list[LabelAnnotation], make_set: MakeSet, frozen: Frozen, make: dict[str, Any], code: str
) -> None:
    row = frozen(make_set(**make))
    assert (row.state, row.error["code"] if row.error else None, row.items.count()) == ("draft", code, 0)


def test_given_splits_that_share_an_embryo_leave_a_draft_that_names_it(label: Label, make_set: MakeSet, frozen: Frozen) -> None:
    for number, split in enumerate(["train", "train", "dev"]):
        label(number, dish=phase(1 + number), data={"embryo": "e7", "split": split})
    row = frozen(make_set())
    assert row.state == "draft"
    assert row.error is not None
    assert "e7" in row.error["detail"]
    assert frozen(change_for(row, {"split": {"shares": [80, 20, 0], "seed": 1, "keep_given": False}})).error["code"] == "split_empty"


def change_for(row: DataSet, changes: dict[str, Any]) -> DataSet:
    from backend.accounts.actor import actor_for
    from backend.accounts.models import Membership

    admin = Membership.objects.get(lab=row.lab, role="admin").user
    return change_data_set(actor=actor_for(admin), data_set_id=row.id, by=admin, changes=changes)


def test_a_data_set_whose_splits_share_an_embryo_is_never_materialised(
    embryos: list[LabelAnnotation], make_set: MakeSet, frozen: Frozen, tmp_path: Path
) -> None:
    row = frozen(make_set())
    other = row.items.filter(split="test").first()
    assert other is not None
    row.items.filter(split="train").order_by("number")[:1].get()
    DataSetItem.objects.filter(id=row.items.filter(split="train").earliest("number").id).update(embryo=other.embryo)
    with pytest.raises(Refused, match=rf"embryo {other.embryo} is in train and in test"):
        written(row, tmp_path / "out")


def test_a_cancelled_freezing_leaves_a_draft(embryos: list[LabelAnnotation], make_set: MakeSet, admin: Actor, cast: Cast) -> None:
    row = make_set()
    freeze_data_set(actor=admin, data_set_id=row.id, by=cast.lab_admin)
    assert freeze_data_set(actor=admin, data_set_id=row.id, by=cast.lab_admin).state == "freezing"
    assert cancel_freezing(actor=admin, data_set_id=row.id, by=cast.lab_admin).state == "draft"
    assert Entry.objects.get(action="freezing.cancelled").actor == cast.lab_admin
    freezing = Freezing.objects.get()
    execute(freezing.id)
    row.refresh_from_db()
    assert (row.state, row.items.count()) == ("draft", 0)


def test_phases_are_written_as_the_trainer_reads_them(
    embryos: list[LabelAnnotation], make_set: MakeSet, frozen: Frozen, tmp_path: Path
) -> None:
    from detector.training.stages_folders import read_labels, read_picture

    row = frozen(make_set(steps={"augmentation": [{"step": "flip"}], "copies": 1}))
    manifest = written(row, tmp_path / "out")
    rows = read_labels(tmp_path / "out")
    assert len(rows) == manifest.pictures == 40
    assert manifest.splits == {"train": 24, "dev": 8, "test": 8}
    assert {one.split for one in rows} == {"train", "dev", "test"}
    item = row.items.get(number=1)
    first = next(one for one in rows if one.path.stem == "000001")
    assert (first.embryo, first.phase, first.frame) == (item.embryo, item.label["phase"] - 1, item.label["frame"])
    assert item.picture is not None
    assert first.path.read_bytes() == ContentStore().path_of(item.picture.sha256).read_bytes()
    assert read_picture(first.path).shape == (90, 120)
    assert json.loads((tmp_path / "out" / "steps.json").read_text())["copies"] == 1


def test_frames_of_recordings_are_cut_losslessly(
    recording: Callable[..., Stack], make_set: MakeSet, frozen: Frozen, cast: Cast, tmp_path: Path
) -> None:
    for dish, patient in (("D1", "P-1"), ("D2", "P-2")):
        read(recording(dish, patient=patient), cast.embryologist, "A2", tPNa=0, t2=3, t4=5, t9plus=8)
    row = frozen(make_set(shares=[80, 20, 0]))
    assert row.state == "frozen", row.error
    written(row, tmp_path / "out")
    with (tmp_path / "out" / "labels.csv").open() as file:
        files = [line["file"] for line in csv.DictReader(file)]
    for item, name in zip(row.items.order_by("number"), files, strict=True):
        frame = drawn(hash_of(item.dish.rpartition(" ")[2]) + (item.frame_index or 0))
        x0, y0, x1, y1 = (round(side) for side in item.cut or [])
        assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / name)), frame[y0:y1, x0:x1])


def test_wells_are_written_as_the_evaluation_reads_them(
    recording: Callable[..., Stack], label: Label, make_set: MakeSet, frozen: Frozen, tmp_path: Path
) -> None:
    from detector.evaluation.truth import read_folder

    correct(
        recording("D1"), A1={"content": [{"from_frame": 2, "content": "gas"}]}, A2={"content": [{"from_frame": 0, "content": "embryo"}]}
    )
    label(1, dish=wells("embryo", "empty", gas_outside=True))
    row = frozen(make_set("wells", shares=[80, 20, 0]))
    assert row.state == "frozen", row.error
    written(row, tmp_path / "out")
    told = {len(one.wells): one for one in read_folder(tmp_path / "out")}
    assert len(list(read_folder(tmp_path / "out"))) == 2
    entries = json.loads((tmp_path / "out" / "truth.json").read_text())
    assert {entry["split"] for entry in entries} == {"train", "dev"}
    assert {well.content.value for one in read_folder(tmp_path / "out") for well in one.wells} == {"gas", "embryo", "empty"}
    assert any(one.gas_outside_wells for one in told.values()) or len(told) == 1


def test_an_export_holds_pictures_and_labels_in_each_form(
    label: Label, make_set: MakeSet, frozen: Frozen, client_of: ClientOf, cast: Cast
) -> None:
    for number in range(6):
        label(number, dish=wells("embryo", "gas"), data={"patient": f"=P{number}"}, annotator="=cmd()")
    row = frozen(make_set("wells"))
    client = client_of(cast.lab_admin)
    yolo, coco, table = (exported(client, row, form) for form in ("yolo", "coco", "csv"))
    assert sum(name.startswith("images/") for name in yolo) == 6
    assert yolo["labels/000001.txt"].decode().split() == [
        "1",
        "0.16666667",
        "0.22222222",
        "0.16666667",
        "0.22222222",
        "2",
        "0.37500000",
        "0.22222222",
        "0.16666667",
        "0.22222222",
    ]
    assert yolo["classes.txt"].decode().split() == ["empty", "embryo", "gas", "embryo_gas"]
    assert len(yolo["train.txt"].splitlines()) == 4
    assert len(json.loads(coco["result.json"])["annotations"]) == 12
    lines = list(csv.DictReader(io.StringIO(table["labels.csv"].decode())))
    assert len(lines) == 12
    assert lines[0]["annotator"] == "'=cmd()"
    assert json.loads(table["about.json"])["hash"] == row.hash
    item = row.items.select_related("picture").get(number=1)
    assert item.picture is not None
    assert table["images/000001.png"] == ContentStore().path_of(item.picture.sha256).read_bytes()
    assert Entry.objects.filter(action="data_set.exported").count() == 3


def exported(client: APIClient, row: DataSet, form: str) -> dict[str, bytes]:
    answer = client.get(f"/api/data-sets/{row.id}/export/", {"form": form})
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:  # type: ignore[attr-defined]
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_an_export_names_a_picture_whose_bytes_are_gone(
    label: Label, make_set: MakeSet, frozen: Frozen, client_of: ClientOf, cast: Cast
) -> None:
    for number in range(6):
        label(number, dish=wells("embryo"), data={"patient": f"P{number}"})
    row = frozen(make_set("wells"))
    item = row.items.select_related("picture").get(number=2)
    assert item.picture is not None
    ContentStore().delete(item.picture.sha256)
    members = exported(client_of(cast.lab_admin), row, "csv")
    assert json.loads(members["about.json"])["left_out"] == ["000002.png"]
    assert "images/000002.png" not in members


def test_a_draft_shows_what_it_would_hold_and_a_frozen_one_what_it_holds(
    embryos: list[LabelAnnotation], make_set: MakeSet, frozen: Frozen, embryologist_client: APIClient
) -> None:
    row = make_set()
    draft = embryologist_client.get(f"/api/data-sets/{row.id}/items/", {"page_size": 200}).json()
    kept = embryologist_client.get(f"/api/data-sets/{frozen(row).id}/items/", {"page_size": 200}).json()
    assert draft == kept
    assert draft["count"] == 40
    some = embryologist_client.get(f"/api/data-sets/{row.id}/items/", {"split": "test", "meaning": "3", "page_size": 1, "page": 2}).json()
    assert (some["count"], len(some["results"]), some["results"][0]["phase"]) == (2, 1, 3)
    shown = embryologist_client.get(some["results"][0]["picture"], {"width": 96})
    assert (shown.status_code, Image.open(io.BytesIO(shown.content)).width) == (200, 96)


def test_pictures_of_cuts_are_shown_and_taken_through_steps(
    recording: Callable[..., Stack], make_set: MakeSet, cast: Cast, embryologist_client: APIClient
) -> None:
    stack = recording()
    read(stack, cast.embryologist, "A1", tPNa=0, t2=3)
    row = make_set()
    (item, *_) = embryologist_client.get(f"/api/data-sets/{row.id}/items/").json()["results"]
    assert item["reference"] == f"s-{stack.id}-{item['frame']}-0-{10 + item['frame']}-10-{40 + item['frame']}-40"
    assert Image.open(io.BytesIO(embryologist_client.get(item["picture"]).content)).size == (30, 30)
    asked = {
        "reference": item["reference"],
        "boxes": [[0, 0, 10, 10], [20, 0, 30, 10]],
        "steps": [{"step": "crop", "keep": 0.5}, {"step": "flip"}],
    }
    told = embryologist_client.post(f"/api/labs/{cast.lab.id}/step-previews/", asked, format="json").json()
    assert (told["width_px"], told["height_px"], told["kept"]) == (15, 15, [])
    wrong = {**asked, "steps": [{"step": "median", "size_px": 4}]}
    refused = embryologist_client.post(f"/api/labs/{cast.lab.id}/step-previews/", wrong, format="json")
    assert (refused.status_code, refused.json()["code"]) == (400, "wrong_steps")


@pytest.mark.parametrize("reference", ["p-0", "s-0", "../../x", "p-00000000-0000-0000-0000-000000000000"])
def test_a_reference_to_nothing_is_not_found(reference: str, cast: Cast, embryologist_client: APIClient) -> None:
    assert embryologist_client.get(f"/api/labs/{cast.lab.id}/item-pictures/{reference}/").status_code == 404


def test_another_labs_pictures_are_not_found_through_ones_own_lab(
    picture: Callable[..., Picture], cast: Cast, embryologist_client: APIClient
) -> None:
    theirs = picture(1, lab=cast.other_lab)
    assert embryologist_client.get(f"/api/labs/{cast.lab.id}/item-pictures/p-{theirs.id}/").status_code == 404


def test_who_reads_blind_sees_neither_items_nor_counts_of_it(
    known: Callable[..., Stack], make_set: MakeSet, frozen: Frozen, cast: Cast, client_of: ClientOf, is_blind: Callable[..., None]
) -> None:
    for dish, patient in (("D1", "P-1"), ("D2", "P-2")):
        for place in ("A1", "A2"):
            read(known_or(known, dish, patient), cast.colleague, place, tPNa=0, t2=3, t4=5, t9plus=8)
    row = frozen(make_set(shares=[80, 20, 0]))
    is_blind(cast.embryologist, Stack.objects.get(name="D1.zip"), "A1")
    reader, other = client_of(cast.embryologist), client_of(cast.viewer)
    assert reader.get(f"/api/data-sets/{row.id}/").json()["counts"] is None
    assert other.get(f"/api/data-sets/{row.id}/").json()["counts"]["items"] == 32
    seen = reader.get(f"/api/data-sets/{row.id}/items/", {"page_size": 200}).json()
    assert {(one["dish"], one["place"]) for one in seen["results"]} == {("P-1 C1 D1", "A2"), ("P-2 C1 D2", "A1"), ("P-2 C1 D2", "A2")}
    counts = reader.post(
        f"/api/labs/{cast.lab.id}/label-counts/", {"task": "phases", "split": {"shares": [80, 20, 0]}}, format="json"
    ).json()
    assert counts["items"] == 24
    choices = reader.get(f"/api/labs/{cast.lab.id}/label-choices/").json()
    assert [one["name"] for one in choices["dishes"]] == ["P-2 D2"]


def known_or(known: Callable[..., Stack], dish: str, patient: str) -> Stack:
    return Stack.objects.filter(name=f"{dish}.zip").first() or known(dish, patient=patient)


def test_choices_tell_what_there_is_to_filter_by(embryos: list[LabelAnnotation], embryologist_client: APIClient, cast: Cast) -> None:
    told = embryologist_client.get(f"/api/labs/{cast.lab.id}/label-choices/").json()
    assert told["annotators"] == [{"key": "anna@lab.org", "name": "anna@lab.org", "count": 40}]
    assert told["meanings"]["phases"] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    "said",
    [
        {"split": {"shares": [80, 10, 20]}},
        {"split": {"shares": [100, 0, 0]}},
        {"filters": {"sources": ["machine"]}},
        {"filters": {"meanings": ["embryo"]}},
        {"steps": {"augmentation": [{"step": "melt"}]}},
        {"steps": {"augmentation": [{"step": "crop", "keep": 2}]}},
        {"steps": {"copies": 21}},
        {"name": ""},
        {"task": "outcome"},
    ],
)
def test_a_wrong_choice_is_refused_and_nothing_is_kept(said: dict[str, Any], client_of: ClientOf, cast: Cast) -> None:
    answer = client_of(cast.lab_admin).post(f"/api/labs/{cast.lab.id}/data-sets/", {"name": "n", "task": "phases", **said}, format="json")
    assert answer.status_code == 400
    assert not DataSet.objects.exists()


def test_two_data_sets_of_a_lab_have_two_names(make_set: MakeSet) -> None:
    make_set()
    with pytest.raises(Refused) as refused:
        make_set()
    assert refused.value.code == "name_taken"
