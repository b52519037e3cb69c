"""Weights on their way in over HTTP: taken, read, asked about, refused, given up; each step in the record and told to the lab."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from backend.accounts.models import User
from backend.admission import execution
from backend.admission.models import Admission, SandboxCheck
from backend.admission.sandbox import prove_sandbox
from backend.admission.services import MEANINGS, forget_questions, note_sandbox
from backend.audit.models import Entry
from backend.core.files import ContentStore
from backend.core.jobs.sweeping import sweep
from backend.imaging.models import Upload
from backend.live.models import LoggedEvent
from backend.registry.models import Weights
from tests.backend.imaging.tus_client import send
from tests.cast import Cast
from tests.detector.admission.building import call, checkpoint, finder, saved, text

pytestmark = pytest.mark.django_db(transaction=True)
ClientOf = Callable[[User | None], APIClient]
TINY = saved(finder(share=0.5))
NAMED = saved(finder(6, share=0.4, picture=(1, 3, 320, 320), names="{0: 'embryo', 1: 'dirt'}", answer_open=True))


@pytest.fixture(autouse=True)
def _own_places(settings: Any, tmp_path: Path) -> None:
    settings.ADMISSION_DIR = tmp_path / "admitting"
    settings.LAB_WEIGHTS_DIR = tmp_path / "labs"


@pytest.fixture
def admin(cast: Cast, client_of: ClientOf) -> APIClient:
    return client_of(cast.lab_admin)


def brought(client: APIClient, cast: Cast, data: bytes, name: str = "net.onnx", **more: Any) -> Any:
    send(client, cast.lab.id, data, name=name)
    upload = str(Upload.objects.latest("created_at").id)
    return client.post(f"/api/labs/{cast.lab.id}/admissions/", {"upload": upload, **more}, format="json")


def done(client: APIClient, made: Any) -> Any:
    execution.execute(UUID(made.data["id"]))
    return client.get(f"/api/admissions/{made.data['id']}/").data


def actions() -> list[str]:
    return [row.action for row in Entry.objects.order_by("id") if row.action.startswith(("admission.", "weights.", "sandbox."))]


def test_a_file_becomes_a_candidate_that_nobody_uses_and_is_not_kept(admin: APIClient, cast: Cast, settings: Any) -> None:
    made = brought(admin, cast, TINY, name="../../our net.onnx")
    assert (made.status_code, made.data["state"], made.data["name"]) == (201, "queued", "our net.onnx")
    assert not Upload.objects.exists()
    assert ContentStore().exists(made.data["sha256"])
    seen = done(admin, made)
    assert (seen["state"], seen["error"], seen["facts"]["how"], seen["facts"]["is_sandboxed"]) == ("finished", None, "as it was", True)
    candidate = Weights.objects.get(id=seen["candidate"])
    assert (candidate.lab, candidate.state, candidate.name) == (cast.lab, "candidate", "our-net")
    assert Path(candidate.folder).is_relative_to(settings.LAB_WEIGHTS_DIR)
    assert candidate.manifest["origin"]["sha256"] == seen["sha256"]
    assert not ContentStore().exists(seen["sha256"])
    assert list(Path(settings.ADMISSION_DIR).iterdir()) == []
    assert actions() == ["admission.requested", "weights.proposed", "admission.finished"]
    told = [event.payload["state"] for event in LoggedEvent.objects.order_by("id") if event.payload["type"] == "admission.changed"]
    assert (told[0], told[-1]) == ("queued", "finished")
    assert [row["id"] for row in admin.get(f"/api/labs/{cast.lab.id}/admissions/").data] == [made.data["id"]]


def test_a_hostile_file_is_refused_with_its_reason_and_leaves_nothing(admin: APIClient, cast: Cast, settings: Any, tmp_path: Path) -> None:
    made = brought(admin, cast, checkpoint(call("os", "system", text(f"touch {tmp_path}/touched"))), name="best.pt")
    seen = done(admin, made)
    assert (seen["state"], seen["error"]["code"], seen["candidate"]) == ("failed", "pickle_call", None)
    assert seen["error"]["hint"]
    assert not (tmp_path / "touched").exists()
    assert not ContentStore().exists(seen["sha256"])
    assert not Weights.objects.exists()
    assert not Path(settings.LAB_WEIGHTS_DIR).exists()
    assert list(Path(settings.ADMISSION_DIR).iterdir()) == []
    assert actions() == ["admission.requested", "admission.failed"]
    assert done(admin, brought(admin, cast, TINY))["state"] == "finished"


def test_classes_that_nobody_explained_are_asked_about_and_the_file_waits(admin: APIClient, cast: Cast) -> None:
    made = brought(admin, cast, NAMED)
    seen = done(admin, made)
    assert (seen["state"], seen["question"]) == ("asking", {"classes": ["embryo", "dirt"], "suggested": {"embryo": "embryo"}})
    assert ContentStore().exists(seen["sha256"])
    address = f"/api/admissions/{seen['id']}/answer/"
    refused = admin.post(address, {"mapping": {"embryo": "embryo"}}, format="json")
    assert (refused.status_code, refused.data["code"]) == (400, "mapping_incomplete")
    assert admin.post(address, {"mapping": {"embryo": "cat", "dirt": "nothing"}}, format="json").status_code == 400
    answered = admin.post(address, {"mapping": {"embryo": "embryo", "dirt": "nothing", "more": "gas"}}, format="json")
    assert (answered.status_code, answered.data["state"], answered.data["error"]) == (200, "queued", None)
    assert admin.post(address, {"mapping": {"embryo": "gas", "dirt": "gas"}}, format="json").data["mapping"]["embryo"] == "embryo"
    seen = done(admin, made)
    assert (seen["state"], seen["facts"]["family"], seen["question"]) == ("finished", "yolo-general", None)
    assert not ContentStore().exists(seen["sha256"])
    over = admin.post(address, {"mapping": {"embryo": "embryo", "dirt": "nothing"}}, format="json")
    assert (over.status_code, over.data["code"]) == (409, "admission_over")
    assert actions() == ["admission.requested", "admission.asking", "admission.answered", "weights.proposed", "admission.finished"]


def test_one_that_waits_can_be_given_up_and_its_file_goes(admin: APIClient, cast: Cast) -> None:
    waiting = brought(admin, cast, TINY)
    assert admin.post(f"/api/admissions/{waiting.data['id']}/cancel/").data["state"] == "cancelled"
    assert not ContentStore().exists(waiting.data["sha256"])
    asking = done(admin, brought(admin, cast, NAMED))
    assert admin.post(f"/api/admissions/{asking['id']}/cancel/").data["state"] == "cancelled"
    assert not ContentStore().exists(asking["sha256"])
    assert admin.post(f"/api/admissions/{asking['id']}/cancel/").data["state"] == "cancelled"


def test_a_question_that_nobody_answers_is_given_up_after_its_time_and_the_file_goes(admin: APIClient, cast: Cast, settings: Any) -> None:
    asking = done(admin, brought(admin, cast, NAMED))
    assert forget_questions() == 0
    assert ContentStore().exists(asking["sha256"])
    asked_at = timezone.now() - timedelta(days=settings.ADMISSION_ANSWER_DAYS, seconds=1)
    Admission.objects.filter(id=asking["id"]).update(finished_at=asked_at)
    assert forget_questions() == 1
    seen = admin.get(f"/api/admissions/{asking['id']}/").data
    assert (seen["state"], seen["error"]["code"], seen["sha256"]) == ("cancelled", "admission_unanswered", asking["sha256"])
    assert "30 days" in seen["error"]["detail"]
    assert not ContentStore().exists(asking["sha256"])
    late = admin.post(f"/api/admissions/{asking['id']}/answer/", {"mapping": {"embryo": "embryo", "dirt": "nothing"}}, format="json")
    assert (late.status_code, late.data["code"]) == (409, "admission_over")
    assert actions() == ["admission.requested", "admission.asking", "admission.cancelled"]
    assert forget_questions() == 0


def test_bytes_that_two_admissions_speak_of_stay_until_both_have_ended(admin: APIClient, cast: Cast) -> None:
    first, second = brought(admin, cast, TINY), brought(admin, cast, TINY)
    assert done(admin, first)["state"] == "finished"
    assert ContentStore().exists(first.data["sha256"])
    assert done(admin, second)["candidate"] == str(Weights.objects.get().id)
    assert not ContentStore().exists(first.data["sha256"])


def test_an_empty_unfinished_lost_or_foreign_upload_is_refused(admin: APIClient, cast: Cast, client_of: ClientOf, settings: Any) -> None:
    assert brought(admin, cast, b"").data["code"] == "file_empty"
    begun = Upload.objects.create(lab=cast.lab, by=cast.lab_admin, name="x", batch=UUID(int=1), length=5, expires_at="2100-01-01T00:00Z")
    address = f"/api/labs/{cast.lab.id}/admissions/"
    assert admin.post(address, {"upload": str(begun.id)}).data["code"] == "upload_unfinished"
    Upload.objects.filter(id=begun.id).update(finished_at="2026-01-01T00:00Z", offset=5)
    assert admin.post(address, {"upload": str(begun.id)}).data["code"] == "upload_lost"
    send(admin, cast.lab.id, b"1234", name="large.pt")
    large = Upload.objects.latest("created_at")
    with Path(settings.UPLOAD_DIR, str(large.id)).open("r+b") as file:
        file.truncate(512 * 1024**2 + 1)
    assert admin.post(address, {"upload": str(large.id)}).data["code"] == "file_too_large"
    assert client_of(cast.outsider).post(address, {"upload": str(large.id)}).status_code == 404
    assert client_of(cast.embryologist).post(address, {"upload": str(large.id)}).status_code == 403
    assert not Admission.objects.exists()


def test_a_file_that_is_gone_is_told_and_not_tried_again(admin: APIClient, cast: Cast) -> None:
    made = brought(admin, cast, TINY)
    ContentStore().delete(made.data["sha256"])
    seen = done(admin, made)
    assert (seen["state"], seen["error"]["code"]) == ("failed", "file_lost")


def test_an_attempt_whose_worker_died_is_made_again(admin: APIClient, cast: Cast) -> None:
    made = brought(admin, cast, TINY)
    gone = {"state": "running", "lease_token": UUID(int=9), "lease_until": "2020-01-01T00:00Z", "attempts": 1}
    Admission.objects.filter(id=made.data["id"]).update(**gone)
    assert sweep(Admission) == 1
    row = Admission.objects.get()
    assert (row.state, row.error["code"]) == ("queued", "reader_died")
    assert done(admin, made)["state"] == "finished"


def test_the_page_hears_whether_checkpoints_are_converted_and_why_not(admin: APIClient, cast: Cast) -> None:
    address = f"/api/labs/{cast.lab.id}/admissions/choices/"
    assert admin.get(address).data["conversion"]["is_on"] is None
    row = prove_sandbox()
    told = admin.get(address).data
    assert (row.is_whole, told["conversion"]["is_on"], told["conversion"]["faults"]) == (True, True, [])
    assert told["meanings"] == list(MEANINGS)
    note_sandbox(host=row.host, found={"is_whole": True, "faults": [], "landlock": 7})
    note_sandbox(host=row.host, found={"is_whole": False, "faults": ["write outside"], "landlock": 0})
    told = admin.get(address).data["conversion"]
    assert (told["is_on"], told["faults"]) == (False, ["write outside"])
    assert actions() == ["sandbox.holds", "sandbox.fails"]
    assert SandboxCheck.objects.count() == 1


def test_a_self_test_that_breaks_down_switches_conversion_off(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    row = prove_sandbox()
    assert not row.is_whole
    assert "did not end" in row.faults[0]


def test_meanings_are_those_that_the_detector_knows() -> None:
    from backend.admission.services import MOST_BYTES
    from detector.admission.meaning import MEANINGS as KNOWN
    from detector.admission.packed import LARGEST_BYTES

    assert (MEANINGS, MOST_BYTES) == (KNOWN, LARGEST_BYTES)
