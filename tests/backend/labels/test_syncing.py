"""Exchanges with a lab's own server, from the request to its end; the server is a real one on loopback that plays Label Studio."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rest_framework.test import APIClient

from backend.accounts.actor import actor_for
from backend.audit.models import Entry
from backend.core.files import ContentStore
from backend.core.jobs import draining
from backend.imaging.models import Stack
from backend.labels import importing, syncing
from backend.labels.formats.writing import wow
from backend.labels.models import Connection, LabelImport, LabelSync, LabelTask, home_of
from backend.labels.services import confirm_import, take_file
from backend.registry.services import scan_weights
from tests.backend.imaging.pictures import jpeg
from tests.backend.labels.leaving import SIZE, analysed_stack, annotation, task, well
from tests.backend.labels.pretend_server import LEGACY, PERSONAL, PretendServer, pretending
from tests.cast import Cast
from tests.exact.recording import PLACES, content_at, picture
from tests.exact.weights import write_weights

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pretend(settings: Any, tmp_path: Path) -> Iterator[PretendServer]:
    settings.LABEL_STUDIO_PACE_S = 0
    settings.DATA_DIR = tmp_path
    with pretending() as server:
        settings.LABEL_STUDIO_ALLOWED = [server.address]
        server.config = wow.config()
        yield server


@pytest.fixture
def at(cast: Cast) -> str:
    return f"/api/labs/{cast.lab.id}/label-connection/"


@pytest.fixture
def connected(pretend: PretendServer, cast: Cast, client_of: Any, at: str) -> PretendServer:
    answer = client_of(cast.instance_admin).put(at, {"address": pretend.address, "token": LEGACY}, format="json")
    assert answer.status_code == 200, answer.data
    return pretend


def asked(client: APIClient, address: str, **said: Any) -> LabelSync:
    answer = client.post(address, said, format="json")
    assert answer.status_code == 202, answer.data
    return LabelSync.objects.get(id=answer.data["id"])


def worked_on(sync: LabelSync) -> LabelSync:
    syncing.execute(sync.id)
    sync.refresh_from_db()
    return sync


def test_a_token_is_kept_sealed_and_never_answered(connected: PretendServer, cast: Cast, client_of: Any, at: str) -> None:
    kept = Connection.objects.get()
    assert LEGACY not in kept.sealed_token
    for person in (cast.instance_admin, cast.lab_admin, cast.viewer):
        told = client_of(person).get(at)
        assert LEGACY not in told.content.decode()
        assert kept.sealed_token not in told.content.decode()
        assert told.json()["connection"]["token_kind"] == "legacy"
    assert LEGACY not in str(list(Entry.objects.values_list("after", "before")))


def test_only_an_administrator_of_the_installation_is_told_which_addresses_there_are(
    connected: PretendServer, cast: Cast, client_of: Any, at: str
) -> None:
    assert client_of(cast.instance_admin).get(at).json()["allowed"] == [connected.address]
    told = client_of(cast.lab_admin).get(at).json()
    assert (told["allowed"], told["may_set"]) == ([], False)


def test_an_address_that_the_environment_does_not_name_is_not_kept(pretend: PretendServer, cast: Cast, client_of: Any, at: str) -> None:
    answer = client_of(cast.instance_admin).put(at, {"address": "http://169.254.169.254", "token": LEGACY}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "address_not_allowed")
    assert not Connection.objects.exists()


def test_a_kept_token_is_never_sent_to_another_address(
    connected: PretendServer, cast: Cast, client_of: Any, at: str, settings: Any
) -> None:
    settings.LABEL_STUDIO_ALLOWED = [connected.address, "http://127.0.0.1:1"]
    browser = client_of(cast.instance_admin)
    answer = browser.put(at, {"address": "http://127.0.0.1:1"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "needs_token")
    assert browser.put(at, {"address": connected.address}, format="json").status_code == 200


@pytest.mark.parametrize("token", [LEGACY, PERSONAL])
def test_a_check_tells_the_version_and_the_projects(pretend: PretendServer, cast: Cast, client_of: Any, at: str, token: str) -> None:
    client_of(cast.instance_admin).put(at, {"address": pretend.address, "token": token}, format="json")
    pretend.tasks = [task(1, [])]
    ended = worked_on(asked(client_of(cast.lab_admin), f"{at}check/"))
    assert (ended.state, ended.error) == ("finished", None)
    told = client_of(cast.viewer).get(at).json()["connection"]
    assert (told["state"], told["server_version"]) == ("works", "1.23.2")
    assert told["projects"] == [{"id": 7, "title": "Dishes", "tasks": 1}]


@pytest.mark.parametrize(("token", "code"), [("e" * 40, "legacy_token_refused"), (PERSONAL[:-4] + "AAAA", "personal_token_refused")])
def test_a_check_says_which_kind_of_token_is_not_taken(
    pretend: PretendServer, cast: Cast, client_of: Any, at: str, token: str, code: str
) -> None:  # fmt: skip
    client_of(cast.instance_admin).put(at, {"address": pretend.address, "token": token}, format="json")
    ended = worked_on(asked(client_of(cast.lab_admin), f"{at}check/"))
    assert (ended.state, ended.error["code"], ended.attempts) == ("failed", code, 1)
    told = client_of(cast.viewer).get(at).json()["connection"]
    assert (told["state"], told["error"]["code"]) == ("fails", code)


def test_a_pull_becomes_an_import_that_waits_to_be_looked_at(connected: PretendServer, cast: Cast, client_of: Any, at: str) -> None:
    path = "/data/upload/7/0a1b2c3d-dish-1.jpg"
    connected.pictures[path] = jpeg(1, SIZE)
    of_the_moment = {"created_username": " somebody@example.org, 1", "created_ago": "3 minutes"}
    derived = {"annotations_results": "[...]", "annotators": [1], "completed_at": "2026-11-20T10:00:00Z", "draft_exists": False}
    first = task(1, [annotation(11, well(0, "E"), **of_the_moment)], **derived)
    connected.tasks = [
        first,
        task(2, [], data={"image": "http://169.254.169.254/x.jpg"}),
        *[task(n, [annotation(n, [])]) for n in range(3, 251)],
    ]
    ended = worked_on(asked(client_of(cast.embryologist), f"{at}pull/", project=7))
    assert (ended.state, ended.error) == ("finished", None)
    assert ended.report == {"tasks": 250, "annotations": 249, "predictions": 0, "pictures": 1}
    row = LabelImport.objects.get(id=ended.label_import_id)
    assert (row.instance, row.state) == (f"{connected.address}/projects/7", "queued")
    with zipfile.ZipFile(ContentStore().path_of(row.source_sha256)) as archive:
        told = json.loads(archive.read("tasks.json"))
        assert archive.read("upload/7/0a1b2c3d-dish-1.jpg") == connected.pictures[path]
    assert told[0] == task(1, [annotation(11, well(0, "E"))])
    importing.execute(row.id)
    row.refresh_from_db()
    assert row.state == "previewed", row.error
    confirm_import(actor=actor_for(cast.embryologist), row=row, mapping=None, choices={})
    importing.execute(row.id)
    assert LabelTask.objects.filter(instance=row.instance).count() == 250
    assert LabelTask.objects.get(external_id="1").picture is not None


def test_no_address_that_a_task_names_is_opened_by_a_pull(connected: PretendServer, cast: Cast, client_of: Any, at: str) -> None:
    with pretending() as other:
        connected.tasks = [task(1, [], data={"image": f"{other.address}/data/upload/7/0a1b2c3d-a.jpg"})]
        assert worked_on(asked(client_of(cast.embryologist), f"{at}pull/", project=7)).state == "finished"
        assert other.asked == []


def test_a_pull_that_was_cut_off_goes_on_after_the_last_whole_page(connected: PretendServer, cast: Cast, client_of: Any, at: str) -> None:
    connected.tasks = [task(n, []) for n in range(1, 251)]
    sync = asked(client_of(cast.embryologist), f"{at}pull/", project=7)
    pages: list[str] = []
    answer = connected.answer

    def cut_off(method: str, path: str, query: Any, sent: Any, authorization: str) -> Any:
        if path == "/api/tasks":
            pages.append(query["page"][0])
            if len(pages) == 3:
                draining.begin()
        return answer(method, path, query, sent, authorization)

    connected.answer = cut_off  # type: ignore[method-assign]
    try:
        assert worked_on(sync).state == "queued"
    finally:
        draining.end()
    ended = worked_on(sync)
    assert (ended.state, ended.attempts, ended.report["tasks"]) == ("finished", 1, 250)
    assert pages.count("1") == pages.count("2") == 1
    assert not home_of(sync.id).exists()


def test_a_pull_can_be_cancelled(connected: PretendServer, cast: Cast, client_of: Any, at: str) -> None:
    connected.tasks = [task(n, []) for n in range(1, 251)]
    browser = client_of(cast.embryologist)
    sync = asked(browser, f"{at}pull/", project=7)
    answer = connected.answer

    def cancelled(method: str, path: str, query: Any, sent: Any, authorization: str) -> Any:
        if path == "/api/tasks" and query["page"] == ["2"]:
            LabelSync.objects.filter(id=sync.id).update(cancel_requested=True)
        return answer(method, path, query, sent, authorization)

    connected.answer = cancelled  # type: ignore[method-assign]
    assert worked_on(sync).state == "cancelled"
    assert not LabelImport.objects.exists()


def test_only_one_exchange_of_a_lab_is_under_way(connected: PretendServer, cast: Cast, client_of: Any, at: str) -> None:
    browser = client_of(cast.lab_admin)
    sync = asked(browser, f"{at}check/")
    answer = browser.post(f"{at}pull/", {"project": 7}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "sync_under_way")
    assert browser.post(f"/api/label-syncs/{sync.id}/cancel/").json()["state"] == "cancelled"
    assert Entry.objects.get(action="label_sync.cancelled").actor == cast.lab_admin
    asked(browser, f"{at}pull/", project=7)


def test_an_exchange_does_not_go_on_with_another_server(connected: PretendServer, cast: Cast, client_of: Any, at: str) -> None:
    sync = asked(client_of(cast.lab_admin), f"{at}check/")
    Connection.objects.update(address="http://127.0.0.1:1")
    assert worked_on(sync).error["code"] == "connection_changed"
    assert connected.asked == []


def test_a_server_that_is_away_is_tried_again_and_then_said_to_be(connected: PretendServer, cast: Cast, client_of: Any, at: str) -> None:
    sync = asked(client_of(cast.embryologist), f"{at}pull/", project=7)
    connected.faults = [(500, {})] * 3
    assert [worked_on(sync).state for _ in range(3)] == ["queued", "queued", "failed"]
    assert sync.error["code"] == "server_refused"


def test_predictions_are_left_once_and_changed_where_the_machine_says_something_else(
    connected: PretendServer, cast: Cast, client_of: Any, at: str, tmp_path: Path
) -> None:
    stack, run = analysed_stack(cast.lab, tmp_path)
    admin = client_of(cast.lab_admin)
    dishes = [str(stack.dish_id)]
    first = worked_on(asked(admin, f"{at}push/", project=7, dishes=dishes, frames=2, stills=False))
    assert (first.state, first.error) == ("finished", None)
    assert (first.report["pictures"], first.report["created"], first.report["unknown"]) == (2, 2, 0)
    assert first.report["model_versions"] == ["wells-1-aaaaaaaa"]
    (prediction,) = connected.tasks[0]["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("wells-1-aaaaaaaa", 0.9)
    assert {one["from_name"] for one in prediction["result"]} == {"well", "content"}
    assert LabelTask.objects.filter(picture__stack=stack).count() == 2
    again = worked_on(asked(admin, f"{at}push/", project=7, dishes=dishes, frames=2, stills=False))
    assert (again.report["pictures"], again.report["created"], again.report["changed"], again.report["unchanged"]) == (0, 0, 0, 2)
    run.wells.filter(row=0, column=0).update(content="gas")
    changed = worked_on(asked(admin, f"{at}push/", project=7, dishes=dishes, frames=2, stills=False))
    assert (changed.report["created"], changed.report["changed"]) == (0, 2)
    assert [len(one["predictions"]) for one in connected.tasks] == [1, 1]
    assert Entry.objects.filter(action="label_tasks.linked").count() == 1


def test_a_push_that_was_cut_off_makes_no_task_and_no_prediction_twice(
    connected: PretendServer, cast: Cast, client_of: Any, at: str, tmp_path: Path
) -> None:
    stack, _ = analysed_stack(cast.lab, tmp_path)
    sync = asked(client_of(cast.lab_admin), f"{at}push/", project=7, dishes=[str(stack.dish_id)], frames=3, stills=False)
    answer = connected.answer

    def cut_off(method: str, path: str, query: Any, sent: Any, authorization: str) -> Any:
        if path == "/api/projects/7/import":
            draining.begin()
        return answer(method, path, query, sent, authorization)

    connected.answer = cut_off  # type: ignore[method-assign]
    try:
        for _ in range(4):
            draining.end()
            if worked_on(sync).state == "finished":
                break
    finally:
        draining.end()
    assert sync.state == "finished"
    assert len(connected.tasks) == 3
    assert [len(one["predictions"]) for one in connected.tasks] == [1, 1, 1]


def test_the_detector_in_use_looks_at_pictures_that_are_known_here_as_pictures_only(
    connected: PretendServer, cast: Cast, client_of: Any, at: str, tmp_path: Path, settings: Any
) -> None:
    settings.WEIGHTS_DIR = tmp_path / "weights"
    write_weights(settings.WEIGHTS_DIR)
    (weights,) = scan_weights()
    folder = tmp_path / "export"
    folder.mkdir()
    Image.fromarray(picture(content_at(0, {}))).save(folder / "dish-1.png")
    tasks = [task(1, [], data={"image": "/data/upload/7/0a1b2c3d-dish-1.png"}), task(2, [])]
    file = tmp_path / "labels.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("tasks.json", json.dumps(tasks))
        archive.write(folder / "dish-1.png", "images/dish-1.png")
    instance = f"{connected.address}/projects/7"
    row = take_file(path=file, name="labels.zip", lab=cast.lab, by=cast.embryologist, instance=instance, preset="wow")
    importing.execute(row.id)
    confirm_import(actor=actor_for(cast.embryologist), row=row, mapping=None, choices={})
    importing.execute(row.id)
    connected.tasks = tasks
    ended = worked_on(asked(client_of(cast.lab_admin), f"{at}push/", project=7))
    assert (ended.state, ended.error) == ("finished", None)
    assert (ended.report["created"], ended.report["unknown"]) == (1, 1)
    (prediction,) = connected.tasks[0]["predictions"]
    assert prediction["model_version"] == f"{weights.name}-{weights.sha256[:8]}"
    assert 0.5 < prediction["score"] <= 1
    shapes = [one for one in prediction["result"] if one["type"] == "ellipselabels"]
    contents = sorted("".join(one["value"]["choices"]) for one in prediction["result"] if one["type"] == "choices")
    assert (len(shapes), contents) == (len(PLACES), ["B", "E", "E", "E"])


def test_tasks_that_nobody_knows_here_are_counted_and_left_alone(connected: PretendServer, cast: Cast, client_of: Any, at: str) -> None:
    connected.tasks = [task(1, []), task(2, [])]
    ended = worked_on(asked(client_of(cast.lab_admin), f"{at}push/", project=7, stills=False))
    assert (ended.report["tasks"], ended.report["unknown"], ended.report["created"]) == (2, 2, 0)


def test_a_project_that_cannot_show_wells_is_refused_with_what_to_do(connected: PretendServer, cast: Cast, client_of: Any, at: str) -> None:
    connected.config = '<View><Image name="i" value="$i"/><RectangleLabels name="r" toName="i"><Label value="x"/></RectangleLabels></View>'
    ended = worked_on(asked(client_of(cast.lab_admin), f"{at}push/", project=7, stills=False))
    assert (ended.state, ended.error["code"]) == ("failed", "config_unsuited")
    assert client_of(cast.viewer).get(at).json()["connection"]["state"] == "unchecked"


def test_a_dish_of_another_lab_is_not_pushed(connected: PretendServer, cast: Cast, client_of: Any, at: str, tmp_path: Path) -> None:
    stack, _ = analysed_stack(cast.other_lab, tmp_path)
    answer = client_of(cast.lab_admin).post(f"{at}push/", {"project": 7, "dishes": [str(stack.dish_id)]}, format="json")
    assert answer.status_code == 404
    assert Stack.objects.count() == 1


def test_what_was_asked_of_a_server_is_on_the_record(connected: PretendServer, cast: Cast, client_of: Any, at: str) -> None:
    worked_on(asked(client_of(cast.lab_admin), f"{at}check/"))
    client_of(cast.instance_admin).delete(at)
    actions = list(Entry.objects.filter(action__startswith="label_").order_by("id").values_list("action", flat=True))
    assert actions == ["label_connection.set", "label_sync.check_requested", "label_sync.finished", "label_connection.removed"]
