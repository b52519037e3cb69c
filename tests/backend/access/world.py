"""One of everything, in one lab, and a valid request for every route."""

from __future__ import annotations

import base64
import io
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from PIL import Image

from backend.accounts.actor import actor_for
from backend.accounts.models import ApiToken, Membership, OneTimeLink, Role, User
from backend.accounts.services import create_token, invite_member
from backend.adaptation.models import Adaptation
from backend.admission.models import Admission
from backend.analysis.compact import Called, pack
from backend.analysis.models import Run, StageCalls
from backend.core.files import ContentStore
from backend.datasets.models import DataSet, DataSetItem
from backend.drift.models import Recalibration
from backend.imaging.models import Cycle, Dish, Patient, Stack, Upload
from backend.judging.models import Check, Difference, Shadow
from backend.labels.models import Connection, LabelConflict, LabelImport, LabelSync, LabelTask
from backend.labels.models import Picture as LabelPicture
from backend.labels.sealing import seal
from backend.readers.models import Assignment
from backend.registry.models import Use, Weights
from backend.review.models import Comment, Reading
from backend.selection.models import RuleSet
from backend.training.models import TrainingJob
from backend.worklist.models import Batch
from tests.backend.labels.exports import task
from tests.backend.labels.reports import report_of
from tests.backend.registry.rows import set_in_use
from tests.backend.worklist.rows import Recorded
from tests.cast import PASSWORD, Cast

TUS = {"Tus-Resumable": "1.0.0"}
LABEL_SERVER = "https://labels.example.org"
"""Allowed in the tests' settings; nothing answers there."""
CHUNK = "application/offset+octet-stream"


@dataclass(frozen=True)
class World:
    cast: Cast
    patient: Patient
    dish: Dish
    stack: Stack
    recognised: Stack
    run: Run
    ended: Run
    candidate: Weights
    checked: Weights
    proposed: Use
    check: Check
    shadow: Shadow
    adaptation: Adaptation
    recalibration: Recalibration
    admission: Admission
    upload: Upload
    whole: Upload
    token: ApiToken
    invitation: OneTimeLink
    submitted: Reading
    assignment: Assignment
    comment: Comment
    rule_set: RuleSet
    waiting: Stack
    batch: Batch
    training: TrainingJob
    data_set: DataSet
    frozen: DataSet
    label_sync: LabelSync
    label_import: LabelImport
    label_conflict: LabelConflict
    label_task: LabelTask
    secrets: dict[str, str]

    def ids(self) -> dict[str, str]:
        member = Membership.objects.get(lab=self.cast.lab, user=self.cast.colleague)
        return {
            "<uuid:lab_id>": str(self.cast.lab.id),
            "<uuid:member_id>": str(member.id),
            "<uuid:invitation_id>": str(self.invitation.id),
            "<uuid:token_id>": str(self.token.id),
            "<uuid:comment_id>": str(self.comment.id),
            "<uuid:assignment_id>": str(self.assignment.id),
            "<uuid:rule_id>": str(self.rule_set.id),
            "<uuid:cycle_id>": str(self.dish.cycle_id),
            "<uuid:dish_id>": str(self.dish.id),
            "<uuid:run_id>": str(self.run.id),
            "<str:place>": "A1",
            "<uuid:adaptation_id>": str(self.adaptation.id),
            "<uuid:recalibration_id>": str(self.recalibration.id),
            "<uuid:admission_id>": str(self.admission.id),
            "<uuid:weights_id>": str(self.candidate.id),
            "<uuid:use_id>": str(self.proposed.id),
            "<uuid:check_id>": str(self.check.id),
            "<uuid:shadow_id>": str(self.shadow.id),
            "<int:number>": "0",
            "<uuid:stack_id>": str(self.stack.id),
            "<uuid:upload_id>": str(self.upload.id),
            "<uuid:data_set_id>": str(self.data_set.id),
            "<uuid:training_id>": str(self.training.id),
            "<str:reference>": f"s-{self.stack.id}-0-0",
            "<uuid:sync_id>": str(self.label_sync.id),
            "<uuid:import_id>": str(self.label_import.id),
            "<uuid:conflict_id>": str(self.label_conflict.id),
            "<slug:option>": self.label_conflict.options[0]["id"],
            "<uuid:task_id>": str(self.label_task.id),
            "<slug:sha16>": self.stack.sha256[:16],
            "<int:index>": "0",
            "<int:plane>": "0",
            "<int:width>": "0",
        }

    def address(self, method: str, route: str) -> str:
        if route == "page":
            return "/dishes"
        ids = self.ids()
        if route.endswith("confirm/") or (method, route) == ("DELETE", "api/stacks/<uuid:stack_id>/"):
            ids["<uuid:stack_id>"] = str(self.recognised.id)
        if route.endswith("retry/"):
            ids["<uuid:run_id>"] = str(self.ended.id)
        if route.endswith("sign/") or "/report." in route:
            ids["<str:place>"] = self.submitted.place
        if route.endswith("export/"):
            ids["<uuid:data_set_id>"] = str(self.frozen.id)
        for placeholder, value in ids.items():
            route = route.replace(placeholder, value)
        return "/" + route

    def request(self, method: str, route: str) -> dict[str, Any]:
        """What APIClient.generic takes beside method and address: a body that is right, so that only the role decides."""
        lab = str(self.cast.lab.id)
        if method in ("GET", "HEAD", "OPTIONS"):
            query = {"topic": f"lab.{lab}"} if route == "api/events/" else {"lab": lab}
            if route == "api/compare/":
                query = {"items": f"{self.dish.id}:A1,{self.dish.id}:A2"}
            if route == "api/data-sets/<uuid:data_set_id>/export/":
                query = {"form": "csv"}
            return {"data": query if method == "GET" else None, "headers": TUS}
        if route == "api/uploads/":
            metadata = {"filename": "a.png", "lab": lab, "batch": str(uuid.uuid4())}
            packed = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())
            return {"headers": {**TUS, "Upload-Length": "4", "Upload-Metadata": packed}}
        if route.startswith("api/uploads/"):
            chunk = {"data": b"1234", "content_type": CHUNK} if method == "PATCH" else {}
            return {**chunk, "headers": {**TUS, "Upload-Offset": "0"}}
        versions = {"If-Match": f'"{VERSIONS[method, route]}"'} if (method, route) in VERSIONS else {}
        return {"data": BODIES.get((method, route), lambda world, lab: None)(self, lab), "format": "json", "headers": versions}


VERSIONS: dict[tuple[str, str], int] = {
    # What has to be named in If-Match: the version at which the world keeps it.
    ("PATCH", "api/labs/<uuid:lab_id>/review-settings/"): 0,
    ("PATCH", "api/labs/<uuid:lab_id>/dish-geometry/"): 0,
    ("PATCH", "api/labs/<uuid:lab_id>/detector-settings/"): 0,
    ("PATCH", "api/readings/<uuid:stack_id>/<str:place>/"): 0,
    ("POST", "api/readings/<uuid:stack_id>/<str:place>/submit/"): 0,
    ("POST", "api/readings/<uuid:stack_id>/<str:place>/sign/"): 2,
    ("PATCH", "api/stacks/<uuid:stack_id>/corrections/"): 0,
    ("PATCH", "api/comments/<uuid:comment_id>/"): 1,
    ("PATCH", "api/dishes/<uuid:dish_id>/decisions/<str:place>/"): 0,
    ("PATCH", "api/dishes/<uuid:dish_id>/fates/<str:place>/"): 0,
    ("PATCH", "api/cycles/<uuid:cycle_id>/outcome/"): 0,
    ("PATCH", "api/rules/<uuid:rule_id>/"): 1,
    ("DELETE", "api/rules/<uuid:rule_id>/"): 1,
}


BODIES: dict[tuple[str, str], Any] = {
    ("POST", "api/session/"): lambda world, lab: {"email": world.cast.viewer.email, "password": PASSWORD},
    ("POST", "api/session/step-up/"): lambda world, lab: {"password": PASSWORD},
    ("POST", "api/queue/accept/"): lambda world, lab: {"stack": str(world.waiting.id), "versions": {"A1": 0}},
    ("POST", "api/queue/reject/"): lambda world, lab: {"stack": str(world.waiting.id), "versions": {"A1": 0}},
    ("POST", "api/queue/accept-above/"): lambda world, lab: {"lab": lab, "threshold": 0, "dry_run": False},
    ("POST", "api/queue/undo/"): lambda world, lab: {"batch": str(world.batch.id)},
    ("POST", "api/setup/"): lambda world, lab: {
        "token": "x",
        "email": "a@example.org",
        "name": "A",
        "password": PASSWORD,
        "lab_name": "New",
    },
    ("POST", "api/invitations/accept/"): lambda world, lab: {"token": "x", "name": "A", "password": PASSWORD},
    ("PATCH", "api/me/"): lambda world, lab: {"theme": "light"},
    ("POST", "api/me/password/"): lambda world, lab: {"current": PASSWORD, "new": "another good one"},
    ("POST", "api/tokens/"): lambda world, lab: {"name": "t", "lab": lab, "scope": "read"},
    ("POST", "api/labs/"): lambda world, lab: {"name": "New clinic"},
    ("PATCH", "api/labs/<uuid:lab_id>/"): lambda world, lab: {"name": "Renamed clinic"},
    ("PATCH", "api/labs/<uuid:lab_id>/members/<uuid:member_id>/"): lambda world, lab: {"role": "viewer"},
    ("POST", "api/labs/<uuid:lab_id>/invitations/"): lambda world, lab: {"email": "new@example.org", "role": "viewer"},
    ("POST", "api/stacks/"): lambda world, lab: {"lab": lab, "batch": str(world.whole.batch), "name": "recording"},
    ("POST", "api/stacks/<uuid:stack_id>/confirm/"): lambda world, lab: {
        "patient_code": "P2",
        "cycle_label": "1",
        "method": "icsi",
        "dish_label": "D2",
        "hpi_at_first_frame": None,
        "interval_minutes": None,
        "layout": "",
        "analyse": True,
    },
    ("POST", "api/server-folder/import/"): lambda world, lab: {"lab": lab, "path": "a.png"},
    ("PATCH", "api/dishes/<uuid:dish_id>/"): lambda world, lab: {"label": "D9"},
    ("POST", "api/runs/"): lambda world, lab: {"stack": str(world.stack.id)},
    ("PATCH", "api/readings/<uuid:stack_id>/<str:place>/"): lambda world, lab: {
        "changes": [{"field": "onsets.t2", "value": {"frame_index": 0}}]
    },
    ("POST", "api/readings/<uuid:stack_id>/<str:place>/submit/"): lambda world, lab: {"seconds_spent": 20},
    ("POST", "api/readings/<uuid:stack_id>/<str:place>/sign/"): lambda world, lab: {
        "meaning": "reviewed",
        "reader_id": str(world.cast.embryologist.id),
    },
    ("PATCH", "api/stacks/<uuid:stack_id>/corrections/"): lambda world, lab: {"changes": [{"field": "layout", "value": "3x3"}]},
    ("POST", "api/stacks/<uuid:stack_id>/comments/"): lambda world, lab: {"place": "A1", "text": "Look at this."},
    ("PATCH", "api/comments/<uuid:comment_id>/"): lambda world, lab: {"is_resolved": True},
    ("POST", "api/stacks/<uuid:stack_id>/presence/"): lambda world, lab: {"place": "A1", "doing": "looking"},
    ("PATCH", "api/labs/<uuid:lab_id>/review-settings/"): lambda world, lab: {"blind_first": True},
    ("PATCH", "api/labs/<uuid:lab_id>/dish-geometry/"): lambda world, lab: {"layouts": {"3x3": {"pitch_um": 420}}},
    ("POST", "api/stacks/<uuid:stack_id>/assignments/"): lambda world, lab: {
        "places": ["A2"],
        "reader_id": str(world.cast.colleague.id),
        "is_blind": True,
    },
    ("PATCH", "api/dishes/<uuid:dish_id>/decisions/<str:place>/"): lambda world, lab: {"value": "freeze", "reason": "spare"},
    ("PATCH", "api/dishes/<uuid:dish_id>/fates/<str:place>/"): lambda world, lab: {"fate": "frozen"},
    ("PATCH", "api/cycles/<uuid:cycle_id>/outcome/"): lambda world, lab: {"hcg": True},
    ("POST", "api/labs/<uuid:lab_id>/rules/"): lambda world, lab: {"template": "campbell"},
    ("PATCH", "api/rules/<uuid:rule_id>/"): lambda world, lab: {"is_on": False, "name": "Renamed rule"},
    ("POST", "api/rules/<uuid:rule_id>/validate/"): lambda world, lab: {},
    ("POST", "api/labs/<uuid:lab_id>/data-sets/"): lambda world, lab: {"name": "Another", "task": "wells"},
    ("POST", "api/labs/<uuid:lab_id>/label-counts/"): lambda world, lab: {"task": "phases"},
    ("POST", "api/labs/<uuid:lab_id>/step-previews/"): lambda world, lab: {
        "reference": f"s-{world.stack.id}-0-0",
        "steps": [{"step": "median"}],
    },
    ("POST", "api/weights/<uuid:weights_id>/checks/"): lambda world, lab: {"lab": lab},
    ("POST", "api/labs/<uuid:lab_id>/shadows/"): lambda world, lab: {"weights": str(world.run.weights_id), "runs": 2},
    ("POST", "api/labs/<uuid:lab_id>/uses/"): lambda world, lab: {"task": "stages", "weights": str(world.checked.id)},
    ("POST", "api/labs/<uuid:lab_id>/uses/roll-back/"): lambda world, lab: {"task": "wells"},
    ("POST", "api/weights/<uuid:weights_id>/retire/"): lambda world, lab: {},
    ("POST", "api/uses/<uuid:use_id>/withdraw/"): lambda world, lab: {},
    ("PATCH", "api/labs/<uuid:lab_id>/detector-settings/"): lambda world, lab: {"retries_on_previous": True},
    ("POST", "api/labs/<uuid:lab_id>/trainings/"): lambda world, lab: {"data_set": str(world.training.dataset_id), "recipe": "wells"},
    ("PATCH", "api/data-sets/<uuid:data_set_id>/"): lambda world, lab: {"name": "Renamed set"},
    ("PUT", "api/labs/<uuid:lab_id>/label-connection/"): lambda world, lab: {"address": LABEL_SERVER, "token": "0" * 40},
    ("POST", "api/labs/<uuid:lab_id>/label-connection/pull/"): lambda world, lab: {"project": 1},
    ("POST", "api/labs/<uuid:lab_id>/label-connection/push/"): lambda world, lab: {"project": 1, "dishes": [str(world.dish.id)]},
    ("POST", "api/labs/<uuid:lab_id>/label-imports/"): lambda world, lab: {"upload": str(world.whole.id)},
    ("POST", "api/labs/<uuid:lab_id>/admissions/"): lambda world, lab: {"upload": str(world.whole.id)},
    ("POST", "api/admissions/<uuid:admission_id>/answer/"): lambda world, lab: {"mapping": {"blob": "embryo"}},
    ("POST", "api/labs/<uuid:lab_id>/adaptations/"): lambda world, lab: {"dishes": [str(world.dish.id)]},
}


def make_world(cast: Cast, folder: Path) -> World:
    """Rows as the product makes them, and one small picture as every recording's bytes."""
    lab, by = cast.lab, cast.embryologist
    picture = folder / "a.png"
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((64, 48)).save(buffer, "PNG")
    picture.write_bytes(buffer.getvalue())
    sha256 = ContentStore().put(picture)
    patient = Patient.objects.create(lab=lab, code="P1")
    dish = Dish.objects.create(lab=lab, cycle=Cycle.objects.create(patient=patient, label="1"), label="D1")
    facts = {"lab": lab, "by": by, "sha256": sha256, "width_px": 64, "height_px": 48, "frame_count": 1, "planes": [0.0], "format": "image"}
    stack = Stack.objects.create(name="a.png", dish=dish, state=Stack.State.READY, **facts)
    recognised = Stack.objects.create(name="b.png", state=Stack.State.RECOGNISED, **facts)
    weights = set_in_use(
        Weights.objects.create(name="w", task="wells", family="yolo", sha256="0" * 64, folder="w", state=Weights.State.CHECKED)
    )
    others = Weights.objects.create(name="v", task="wells", family="yolo", sha256="1" * 64, folder="v", state=Weights.State.CHECKED)
    run = Run.objects.create(stack=stack, weights=others, by=by)
    StageCalls.objects.create(run=run, row=0, column=0, first_frame=0, calls=pack([Called(0, "t2", 0.9, ())]))
    learned = {"name": "c", "task": "stages", "family": "convnextv2", "folder": "c"}
    candidate = Weights.objects.create(lab=lab, sha256="2" * 64, state=Weights.State.CANDIDATE, **learned)
    adaptation = Adaptation.objects.create(lab=lab, by=by, start=weights, stack_ids=[str(stack.id)])
    # Two admins, two tasks: one waits for confirmation, of the other something could be gone back to.
    checked = Weights.objects.create(lab=lab, sha256="3" * 64, state=Weights.State.CHECKED, **{**learned, "name": "k"})
    other_admin = User.objects.create_user(email="second.admin@example.org", password=PASSWORD, name="second admin", has_seen_tour=True)
    Membership.objects.create(user=other_admin, lab=lab, role=Role.ADMIN)
    set_in_use(weights, lab=lab)
    check = Check.objects.create(lab=lab, by=by, weights=candidate)
    differs = {"set": "hard", "picture": "p", "truth": "gas", "before": "gas", "after": None, "verdict": "worse"}
    Difference.objects.create(check_made=check, number=0, sha256=sha256, **differs)
    shadow = Shadow.objects.create(lab=lab, by=by, weights=candidate, task="stages", runs_wanted=3)
    proposed = Use.objects.create(lab=lab, task="wells", weights=others, state=Use.State.PROPOSED, asked_by=other_admin)
    ended = Run.objects.create(stack=stack, weights=weights, by=by, state=Run.State.FAILED)
    expires = timezone.now() + timedelta(hours=1)
    upload = Upload.objects.create(lab=lab, by=by, name="c.png", batch=uuid.uuid4(), length=4, expires_at=expires)
    Path(settings.UPLOAD_DIR).mkdir(parents=True, exist_ok=True)
    Path(settings.UPLOAD_DIR, str(upload.id)).touch()
    whole = Upload.objects.create(
        lab=lab, by=by, name="d.png", batch=uuid.uuid4(), length=4, offset=4, expires_at=expires, finished_at=timezone.now()
    )
    Path(settings.UPLOAD_DIR, str(whole.id)).write_bytes(b"1234")
    for person in (cast.lab_admin,):
        Upload.objects.create(
            lab=lab, by=person, name="d.png", batch=whole.batch, length=4, offset=4, expires_at=expires, finished_at=timezone.now()
        )
    made = {scope: create_token(actor=actor_for(by), lab_id=lab.id, name=scope, scope=ApiToken.Scope(scope)) for scope in ("read", "write")}
    invitation, _ = invite_member(actor=actor_for(cast.lab_admin), lab_id=lab.id, email="asked@example.org", role=Role.VIEWER)
    # The embryologist's own and not blind: what others of this world show is not hidden from anybody.
    assigned = {"row": 1, "column": 0, "is_blind": False, "by_name": by.name}
    assignment = Assignment.objects.create(stack=stack, reader=by, by=by, **assigned)
    read = {"row": 2, "column": 2, "version": 2, "state": Reading.State.SUBMITTED, "updated_at": timezone.now()}
    submitted = Reading.objects.create(stack=stack, reader=by, submitted_at=timezone.now(), onsets={}, **read)
    served = {"lab": lab, "address": LABEL_SERVER}
    Connection.objects.create(sealed_token=seal("0" * 40), token_kind="legacy", **served)
    # Ended: only one exchange of a lab may be under way.
    label_sync = LabelSync.objects.create(by=by, direction="pull", project=1, state="finished", **served)
    read_once = {"name": "labels.json", "source_sha256": "5" * 64, "size_bytes": 2, "report": report_of(folder / "labels.json", task())}
    label_import = LabelImport.objects.create(lab=lab, by=by, state="previewed", **read_once)
    label_picture = LabelPicture.objects.create(lab=lab, sha256=sha256, name="a.png", width=64, height=48)
    option = {"id": f"picture-{label_picture.id}", "kind": "picture", "text": "a.png", "name": "a.png"}
    asked = {"place": "labels.json, task 1", "detail": "Which?", "options": [option], "choice": "none"}
    labelled = {"lab": lab, "instance": "export", "external_id": "1", "data": {"image": "a.png"}, "place": "labels.json, task 1"}
    return World(
        cast=cast,
        patient=patient,
        dish=dish,
        stack=stack,
        recognised=recognised,
        run=run,
        ended=ended,
        candidate=candidate,
        checked=checked,
        check=check,
        shadow=shadow,
        proposed=proposed,
        adaptation=adaptation,
        recalibration=Recalibration.objects.create(lab=lab, by=by, start=weights),
        admission=Admission.objects.create(
            lab=lab,
            by=by,
            name="net.onnx",
            source_sha256="6" * 64,
            size_bytes=4,
            state="asking",
            question={"classes": ["blob"], "suggested": {}},
        ),
        upload=upload,
        whole=whole,
        token=made["read"][0],
        invitation=invitation,
        submitted=submitted,
        waiting=Recorded(lab, "Waiting").embryo().stack,
        batch=Batch.objects.create(lab=lab, by=by),
        assignment=assignment,
        comment=Comment.objects.create(stack=stack, row=0, column=0, text="Is this t2?", by=by),
        rule_set=RuleSet.objects.create(
            lab=lab,
            name="Fifth cell",
            kind="weighted",
            criteria=[{"field": "t5", "operator": "<=", "low": None, "high": 56.6, "score": 1.0, "weight": 1.0, "is_required": False}],
            is_on=True,
            updated_at=timezone.now(),
        ),
        training=TrainingJob.objects.create(lab=lab, by=by, dataset=_learnable(stack), recipe="wells", start=weights),
        data_set=DataSet.objects.create(lab=lab, by=by, name="Draft", task="wells"),
        frozen=DataSet.objects.create(lab=lab, by=by, name="Frozen", task="wells", state="frozen", hash="3" * 64, frozen_at=timezone.now()),
        label_sync=label_sync,
        label_import=label_import,
        label_conflict=LabelConflict.objects.create(label_import=label_import, number=0, kind="picture", key="1", **asked),
        label_task=LabelTask.objects.create(brought_by=label_import, picture=label_picture, **labelled),
        secrets={f"{scope}_token": secret for scope, (_, secret) in made.items()},
    )


def _learnable(stack: Stack) -> DataSet:
    """Frozen, with something to learn from and something to judge on."""
    row = DataSet.objects.create(lab=stack.lab, name="Learnable", task="wells", state="frozen", hash="4" * 64)
    for number, split in enumerate(("train", "test"), start=1):
        facts = {"frame_index": 0, "width_px": 64, "height_px": 48, "label": {"wells": []}, "classes": " no_wells "}
        DataSetItem.objects.create(dataset=row, number=number, stack=stack, split=split, content_key=f"{number:064x}", **facts)
    return row
