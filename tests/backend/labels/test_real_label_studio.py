"""The same against Label Studio itself: what it takes from us, what it gives back, and both kinds of its tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.accounts.actor import actor_for
from backend.labels import importing, syncing
from backend.labels.formats.writing import wow
from backend.labels.models import LabelImport, LabelSync, LabelTask
from backend.labels.services import confirm_import
from tests.backend.labels.leaving import PRESET, analysed_stack, annotation, bring, export_of, task, tasks_in, well
from tests.cast import Cast
from tests.honesty import REAL_DATA
from tests.running.label_studio import LabelStudioServer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudioServer]:
    server = LabelStudioServer(tmp_path_factory.mktemp("label-studio"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def _allowed(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> None:
    settings.LABEL_STUDIO_PACE_S = 0
    settings.DATA_DIR = tmp_path
    settings.LABEL_STUDIO_ALLOWED = [request.getfixturevalue("studio").address]


def connect(studio: LabelStudioServer, cast: Cast, client_of: Any, token: str) -> str:
    at = f"/api/labs/{cast.lab.id}/label-connection/"
    answer = client_of(cast.instance_admin).put(at, {"address": studio.address, "token": token}, format="json")
    assert answer.status_code == 200, answer.data
    return at


def exchanged(client: Any, address: str, **said: Any) -> LabelSync:
    answer = client.post(address, said, format="json")
    assert answer.status_code == 202, answer.data
    syncing.execute(answer.data["id"])
    sync = LabelSync.objects.get(id=answer.data["id"])
    assert sync.state == "finished", sync.error
    return sync


def said_by(tasks: list[dict[str, Any]]) -> list[Any]:
    """What tasks say, without the numbers and times that every server gives anew."""
    kept = ("result", "was_cancelled", "ground_truth", "lead_time")
    return [
        (one["data"], sorted(json.dumps({key: said.get(key) for key in kept}, sort_keys=True) for said in one["annotations"]))
        for one in tasks
    ]


@pytest.mark.real_data
def test_label_studio_takes_our_export_and_exports_the_same_again(
    studio: LabelStudioServer, cast: Cast, client_of: Any, tmp_path: Path
) -> None:
    assert REAL_DATA.is_dir()
    bring(cast.lab, cast.embryologist, json.loads((PRESET / "json.json").read_text()), folder=tmp_path)
    members = export_of(client_of(cast.embryologist), cast.lab)
    ours = tasks_in(members)
    project = studio.new_project("ours", members["config.xml"].decode())
    assert studio.imported(project, ours)["annotation_count"] == 5
    theirs = studio.exported(project)
    assert said_by(theirs) == said_by(ours)
    # And in again here: another project of another server, so other tasks, which say the same.
    brought = bring(cast.lab, cast.embryologist, theirs, folder=tmp_path)
    again = tasks_in(export_of(client_of(cast.embryologist), cast.lab, label_import=str(brought.id)))
    assert said_by(again) == said_by(ours)


@pytest.mark.real_data
@pytest.mark.parametrize(
    "example",
    [
        "image_bbox",
        "image_ellipses",
        "image_keypoints",
        "image_polygons",
        "image_segmentation",
        "image_magic_wand",
        "image_ocr",
        "taxonomy",
        "nested_choices",
        "classification_mixed",
        "video_bboxes",
    ],
)
def test_label_studio_takes_every_type_of_result_with_the_configuration_we_wrote(
    studio: LabelStudioServer, cast: Cast, client_of: Any, tmp_path: Path, example: str
) -> None:
    folder = REAL_DATA / "label_studio/frontend_examples" / example
    raw = json.loads((folder / "tasks.json").read_text())
    raw = raw if isinstance(raw, list) else [raw]
    said = json.loads(next(iter(sorted(folder.glob("annotations/*.json")))).read_text())
    annotations = said.get("annotations", [said]) if isinstance(said, dict) else said
    one = {"id": 1, "data": raw[0].get("data", raw[0]), "annotations": [{"id": 1, "result": each["result"]} for each in annotations]}
    bring(cast.lab, cast.embryologist, [one], preset="", folder=tmp_path)
    members = export_of(client_of(cast.embryologist), cast.lab, annotators="false")
    project = studio.new_project(example, members["config.xml"].decode())
    studio.imported(project, tasks_in(members))
    (theirs,) = studio.exported(project)
    # Label Studio renders what a task shows into its results on the way out; what was labelled stays.
    assert [row["value"] for row in theirs["annotations"][0]["result"] if "value" in row] == [
        row["value"] for row in one["annotations"][0]["result"] if "value" in row
    ]


def test_label_studio_takes_dishes_and_onsets_as_we_say_them(studio: LabelStudioServer, cast: Cast, client_of: Any, tmp_path: Path) -> None:
    analysed_stack(cast.lab, tmp_path)
    for source, count in (("dishes", 1), ("onsets", 8)):
        members = export_of(client_of(cast.embryologist), cast.lab, source=source)
        project = studio.new_project(source, members["config.xml"].decode())
        told = studio.imported(project, tasks_in(members))
        assert (told["task_count"], told["prediction_count"]) == (count, count)


@pytest.mark.parametrize("kind", ["legacy", "personal"])
def test_both_kinds_of_token_check_pull_and_push(
    studio: LabelStudioServer, cast: Cast, client_of: Any, tmp_path: Path, kind: str
) -> None:  # fmt: skip
    stack, _ = analysed_stack(cast.lab, tmp_path)
    at = connect(studio, cast, client_of, studio.legacy_token if kind == "legacy" else studio.personal_token())
    admin = client_of(cast.lab_admin)
    exchanged(admin, f"{at}check/")
    told = admin.get(at).json()["connection"]
    assert (told["state"], told["token_kind"], told["server_version"]) == ("works", kind, "1.23.2")
    project = studio.new_project(f"pushed, {kind}", wow.config())

    pushed = exchanged(admin, f"{at}push/", project=project, dishes=[str(stack.dish_id)], frames=2, stills=False)
    assert {name: count for name, count in pushed.report.items() if count} == {
        "tasks": 2,
        "pictures": 2,
        "created": 2,
        "model_versions": ["wells-1-aaaaaaaa"],
    }
    again = exchanged(admin, f"{at}push/", project=project, dishes=[str(stack.dish_id)], frames=2, stills=False)
    assert (again.report["pictures"], again.report["created"], again.report["changed"], again.report["unchanged"]) == (0, 0, 0, 2)
    predictions = studio.call("GET", f"/api/predictions/?project={project}")
    assert [(one["model_version"], one["score"]) for one in predictions] == [("wells-1-aaaaaaaa", 0.9)] * 2

    # Somebody there corrects what we said of the first picture.
    number = int(LabelTask.objects.order_by("created_at").values_list("external_id", flat=True)[0])
    studio.call("POST", f"/api/tasks/{number}/annotations/", json={"result": well(0, "EB", (384, 288)), "lead_time": 3.5})
    pulled = exchanged(client_of(cast.embryologist), f"{at}pull/", project=project)
    assert pulled.report == {"tasks": 2, "annotations": 1, "predictions": 2, "pictures": 2}
    row = LabelImport.objects.get(id=pulled.label_import_id)
    importing.execute(row.id)
    confirm_import(actor=actor_for(cast.embryologist), row=row, mapping=None, choices={})
    importing.execute(row.id)
    row.refresh_from_db()
    assert row.state == "finished", row.error
    # It is the task that the push made, and its picture is still the recording's frame.
    labelled = LabelTask.objects.get(external_id=str(number))
    assert labelled.picture is not None
    assert (labelled.picture.stack_id, labelled.picture.frame_index) == (stack.id, 0)
    said = labelled.annotations.get(kind="annotation", is_current=True)
    assert said.dish["wells"][0]["content"] == "embryo_gas"
    second = exchanged(client_of(cast.embryologist), f"{at}pull/", project=project)
    again_row = LabelImport.objects.get(id=second.label_import_id)
    importing.execute(again_row.id)
    again_row.refresh_from_db()
    assert (again_row.state, again_row.conflicts.count()) == ("previewed", 0)


def test_a_pull_turns_pages_on_the_real_server(studio: LabelStudioServer, cast: Cast, client_of: Any) -> None:
    project = studio.new_project("many", wow.config())
    studio.imported(project, [{**task(n, [annotation(n, well(0, "E"), completed_by=1)])} for n in range(1, 231)])
    at = connect(studio, cast, client_of, studio.legacy_token)
    pulled = exchanged(client_of(cast.embryologist), f"{at}pull/", project=project, pictures=False)
    assert (pulled.report["tasks"], pulled.report["annotations"]) == (230, 230)


@pytest.mark.parametrize(("token", "code"), [("e" * 40, "legacy_token_refused"), ("personal", "personal_token_refused")])
def test_the_real_server_refuses_a_wrong_token_and_we_say_which_kind(
    studio: LabelStudioServer, cast: Cast, client_of: Any, token: str, code: str
) -> None:  # fmt: skip
    if token == "personal":
        token = studio.personal_token()[:-6] + "AAAAAA"
    at = connect(studio, cast, client_of, token)
    answer = client_of(cast.lab_admin).post(f"{at}check/")
    syncing.execute(answer.data["id"])
    assert LabelSync.objects.get().error["code"] == code
