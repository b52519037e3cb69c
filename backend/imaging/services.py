"""Every change of patients, dishes and recordings; uploads have their own module, taking in as well."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Sum

from backend.accounts.actor import Actor
from backend.accounts.models import Lab, Role, User
from backend.core import queue
from backend.core.errors import Refused
from backend.imaging import intake, uploads
from backend.imaging.assembling import MOST_FILES
from backend.imaging.changes import dish_changed, stack_changed
from backend.imaging.models import Cycle, Dish, Patient, Stack, Upload
from backend.imaging.names import relative_name, text
from backend.imaging.serverfolder import path_in_server_folder

MOST_HOURS = 24 * 30
DELETABLE = (Stack.State.ASSEMBLING, Stack.State.PROBING, Stack.State.RECOGNISED, Stack.State.REFUSED)


@dataclass(frozen=True)
class _Confirmation:
    """What a person says about a recognised recording before it is analysed."""

    patient_code: str
    cycle_label: str
    method: str
    dish_label: str
    hpi_at_first_frame: float | None
    interval_minutes: float | None
    layout: str
    incubator: str


def register_stack(*, lab_id: UUID | str, batch: UUID, name: str, actor: Actor, by: User) -> Stack:
    """Make one recording of the files uploaded under `batch` and have a worker take it in; asking twice gives the same one."""
    lab = actor.require(lab_id, Role.EMBRYOLOGIST)
    with transaction.atomic():
        # The row lock keeps two requests for one batch apart.
        Lab.objects.select_for_update().get(id=lab.id)
        known = Stack.objects.filter(lab=lab, by=by, batch=batch).first()
        if known is not None:
            return known
        files = Upload.objects.filter(lab=lab, by=by, batch=batch, stack=None)
        _require_whole(files)
        stack = _new_stack(lab=lab, by=by, name=name, batch=batch)
        files.update(stack=stack)
    return stack


def import_from_server(*, path: str, lab_id: UUID | str, actor: Actor, by: User) -> Stack:
    """Have a worker take in a file or folder of the server's import folder."""
    lab = actor.require(lab_id, Role.EMBRYOLOGIST)
    place = path_in_server_folder(path)
    root = Path(settings.SERVER_FOLDER).resolve()
    with transaction.atomic():
        return _new_stack(lab=lab, by=by, name=place.name if place != root else lab.name, server_path=str(place.relative_to(root)))


def take_in_local_file(*, path: Path, lab: Lab, by: User | None, name: str = "") -> Stack:
    """Take in a file or folder that this process can read, at once; `stack.refusal` says why when it was refused."""
    path = path.resolve()
    if not (path.is_file() or path.is_dir()):
        raise Refused("file_missing", f"{path} does not exist.", "Check the path.")
    with transaction.atomic():
        stack = _new_stack(lab=lab, by=by, name=name or path.name, is_sent=False)
    if not intake.take_in_path(stack, path):
        raise Refused(
            "intake_failed",
            "The recording could not be taken in: the disk is full or it was deleted meanwhile.",
            "Make room and try again.",
        )
    return Stack.objects.get(id=stack.id)


def confirm_stack(
    *,
    stack: Stack,
    patient_code: str,
    cycle_label: str,
    dish_label: str,
    actor: Actor,
    by: User,
    method: str = Cycle.Method.UNKNOWN,
    hpi_at_first_frame: float | None = None,
    interval_minutes: float | None = None,
    layout: str = "",
    incubator: str = "",
) -> Stack:
    """Give a recognised recording its patient, cycle and dish, and the times a person corrected."""
    lab = actor.require(stack.lab_id, Role.EMBRYOLOGIST)
    said = _checked(_Confirmation(patient_code, cycle_label, method, dish_label, hpi_at_first_frame, interval_minutes, layout, incubator))
    with transaction.atomic():
        row = Stack.objects.select_for_update().get(id=stack.id)
        if row.state != Stack.State.RECOGNISED:
            raise Refused(
                "not_recognised",
                f"This recording is {row.get_state_display()}.",
                "Only a recognised recording can be confirmed.",
                http_status=409,
            )
        patient, _ = Patient.objects.get_or_create(lab=lab, code=said.patient_code)
        cycle, _ = Cycle.objects.get_or_create(patient=patient, label=said.cycle_label, defaults={"method": said.method})
        if said.method not in (cycle.method, Cycle.Method.UNKNOWN):
            cycle.method = said.method
            cycle.save(update_fields=["method"])
        dish, is_new = Dish.objects.get_or_create(
            cycle=cycle, label=said.dish_label, defaults={"lab": lab, "layout": said.layout, "incubator": said.incubator}
        )
        if said.layout and dish.layout != said.layout:
            dish.layout = said.layout
            dish.save(update_fields=["layout"])
        if said.incubator and dish.incubator != said.incubator:
            dish.incubator = said.incubator
            dish.save(update_fields=["incubator"])
        before = {"state": row.state, "interval_minutes": row.interval_minutes, "hpi_at_first_frame": row.hpi_at_first_frame}
        _correct_times(row, said)
        row.dish, row.state = dish, Stack.State.READY
        row.save()
        dish_changed(
            dish,
            by=by,
            action="dish.created" if is_new else "dish.recording_added",
            before=None,
            after={"label": dish.label, "stack": str(row.id)},
        )
        stack_changed(row, by=by, action="stack.confirmed", before=before, after={**asdict(said), "dish": str(dish.id)})
    return row


def delete_stack(*, stack: Stack, actor: Actor, by: User) -> None:
    """Forget a recording that was never confirmed; its bytes go unless another recording has the same."""
    actor.require(stack.lab_id, Role.EMBRYOLOGIST)
    with transaction.atomic():
        row = Stack.objects.select_for_update().filter(id=stack.id).first()
        if row is None:
            return
        if row.state not in DELETABLE:
            raise Refused(
                "stack_confirmed",
                "This recording belongs to a dish.",
                "Only unconfirmed or refused recordings can be deleted.",
                http_status=409,
            )
        intake.forget_uploads(row)
        before = {"name": row.name, "state": row.state, "sha256": row.sha256, "refusal": row.refusal}
        stack_changed(row, by=by, action="stack.deleted", before=before)
        sha256, kept_apart = row.sha256, intake.quarantined(row.id)
        row.delete()
        transaction.on_commit(lambda: kept_apart.unlink(missing_ok=True))
    if sha256:
        intake.release_content(sha256)


@transaction.atomic
def change_dish(*, dish: Dish, actor: Actor, by: User, label: str | None = None, incubator: str | None = None) -> Dish:
    """Change what is said and leave the rest: both or neither."""
    actor.require(dish.lab_id, Role.EMBRYOLOGIST)
    if label is not None:
        dish = rename_dish(dish=dish, label=label, actor=actor, by=by)
    if incubator is not None:
        dish = place_dish(dish=dish, incubator=incubator, actor=actor, by=by)
    return dish


def place_dish(*, dish: Dish, incubator: str, actor: Actor, by: User) -> Dish:
    """Say which incubator a dish was filmed in; empty where nobody knows."""
    actor.require(dish.lab_id, Role.EMBRYOLOGIST)
    incubator = text(incubator, "The incubator", 40) if incubator.strip() else ""
    with transaction.atomic():
        row = Dish.objects.select_for_update().get(id=dish.id)
        before, row.incubator = {"incubator": row.incubator}, incubator
        row.save(update_fields=["incubator"])
        dish_changed(row, by=by, action="dish.placed", before=before, after={"incubator": incubator})
    return row


def rename_dish(*, dish: Dish, label: str, actor: Actor, by: User) -> Dish:
    """Give a dish another label, unique within its cycle."""
    actor.require(dish.lab_id, Role.EMBRYOLOGIST)
    label = text(label, "The dish's label", 60)
    with transaction.atomic():
        row = Dish.objects.select_for_update().get(id=dish.id)
        if Dish.objects.filter(cycle_id=row.cycle_id, label=label).exclude(id=row.id).exists():
            raise Refused("label_taken", f"This cycle has another dish called {label}.", "Choose another label.", http_status=409)
        before, row.label = {"label": row.label}, label
        row.save(update_fields=["label"])
        dish_changed(row, by=by, action="dish.renamed", before=before, after={"label": label})
    return row


def collect_expired_uploads() -> int:
    """Forget abandoned uploads, and what lay in quarantine for QUARANTINE_KEEP_DAYS."""
    oldest = time.time() - settings.QUARANTINE_KEEP_DAYS * 86400
    folder = Path(settings.QUARANTINE_DIR)
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.stat().st_ctime < oldest:
            file.unlink(missing_ok=True)
    return uploads.collect_expired_uploads()


def resend_lost_intakes() -> int:
    """For the sweeper: recordings whose message was lost or whose worker died are asked for again."""
    return intake.resend_lost_intakes()


def _new_stack(*, lab: Lab, by: User | None, name: str, batch: UUID | None = None, server_path: str = "", is_sent: bool = True) -> Stack:
    stack = Stack.objects.create(lab=lab, by=by, name=relative_name(name)[-255:], batch=batch, server_path=server_path)
    stack_changed(stack, by=by, action="stack.registered", after={"name": stack.name, "server_path": server_path})
    if is_sent:
        queue.send(intake.TASK, str(stack.id))
    return stack


def _require_whole(files: QuerySet[Upload]) -> None:
    count, total = files.count(), files.aggregate(total=Sum("length"))["total"] or 0
    if not count:
        raise Refused("no_uploads", "Nothing was uploaded under this batch.", "Upload the files first.", http_status=404)
    if unfinished := files.filter(finished_at=None).count():
        raise Refused(
            "uploads_unfinished", f"{unfinished} of {count} files are still on their way.", "Finish the upload first.", http_status=409
        )
    if count > MOST_FILES or total > settings.UPLOAD_MAX_BYTES:
        raise Refused(
            "recording_too_large",
            f"{count} files with {total} bytes are more than one recording may have.",
            "Upload it in parts.",
            http_status=413,
        )


def _checked(said: _Confirmation) -> _Confirmation:
    """Typed by a person, so each field is judged; layouts and methods must be known ones."""
    if said.method not in Cycle.Method.values:
        raise Refused("bad_method", f"The method must be one of {', '.join(Cycle.Method.values)}.")
    rows, _, columns = said.layout.partition("x")
    if said.layout and not (rows.isdecimal() and columns.isdecimal() and 1 <= int(rows) <= 10 and 1 <= int(columns) <= 10):
        raise Refused("bad_layout", "A layout looks like 4x3: rows x columns.", "Leave it empty, and the detector decides.")
    hpi, interval = said.hpi_at_first_frame, said.interval_minutes
    if hpi is not None and not (math.isfinite(hpi) and -24 <= hpi <= MOST_HOURS):
        raise Refused("bad_hours", f"{hpi} hours post insemination are out of range.", f"Give -24 to {MOST_HOURS}.")
    if interval is not None and not (math.isfinite(interval) and 0 < interval <= 24 * 60):
        raise Refused("bad_interval", f"An interval of {interval} minutes is out of range.", "Give more than 0 and at most a day.")
    return _Confirmation(
        patient_code=text(said.patient_code, "The patient code", 40),
        cycle_label=text(said.cycle_label, "The cycle", 40),
        method=said.method,
        dish_label=text(said.dish_label, "The dish's label", 60),
        hpi_at_first_frame=hpi,
        interval_minutes=interval,
        layout=said.layout,
        incubator=text(said.incubator, "The incubator", 40) if said.incubator.strip() else "",
    )


def _correct_times(row: Stack, said: _Confirmation) -> None:
    """An interval that differs from the recognised one overrules the recording's own clock."""
    row.hpi_at_first_frame = said.hpi_at_first_frame
    if said.interval_minutes is None or (
        row.interval_minutes is not None and math.isclose(said.interval_minutes, row.interval_minutes, rel_tol=0.01)
    ):
        return
    row.interval_minutes, row.hours_since_start, row.times_from = said.interval_minutes, None, "person"
