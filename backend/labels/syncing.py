"""Exchanges with a lab's own Label Studio server, worked on by the worker: a try, labels in, predictions out."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from backend.core.errors import Refused, refusal
from backend.core.jobs.draining import Draining
from backend.core.jobs.models import UNDER_WAY
from backend.core.jobs.scratch import Scratch, forget_homes
from backend.core.jobs.working import Attempt, Failure, work_on
from backend.labels import pushing
from backend.labels.formats.references import references_in
from backend.labels.models import Connection, LabelSync, home_of
from backend.labels.sealing import unseal
from backend.labels.server import Server
from backend.labels.services import take_file
from backend.labels.sync_selectors import connection_of, instance_of

PAGE = 100
LOOK_EVERY_S = 0.3
PASSING = {"server_unreachable", "server_refused", "tasks_moved"}
# What the page of tasks says beyond the tasks themselves: summaries of their annotations, and the names of people.
DERIVED = frozenset(
    {
        "agreement",
        "annotations_ids",
        "annotations_results",
        "annotators",
        "avg_lead_time",
        "completed_at",
        "draft_exists",
        "predictions_model_versions",
        "predictions_results",
        "predictions_score",
        "storage_filename",
    }
)
OF_THE_MOMENT = frozenset({"created_ago", "created_username"})


def execute(sync_id: UUID | str) -> None:
    """Work on a waiting exchange to its end; safe to call any number of times, at once or again."""
    work_on(LabelSync, sync_id, _exchange, explain=_explain)


def forget_scratch() -> int:
    """Remove what ended exchanges left on this host."""
    kept = LabelSync.objects.filter(state__in=UNDER_WAY).values_list("id", flat=True)
    return forget_homes(Path(settings.DATA_DIR, "label-syncs"), kept)


def _exchange(attempt: Attempt[LabelSync]) -> None:
    sync = attempt.job()
    try:
        connection = connection_of(sync.lab)
        if connection.address != sync.address:
            detail = f"The lab is connected to {connection.address} by now; this was asked of {sync.address}."
            raise Refused("connection_changed", detail, "Ask again.", http_status=409)
        with Server(sync.address, unseal(connection.sealed_token), wait=_waiting(attempt)) as server:
            _DIRECTIONS[LabelSync.Direction(sync.direction)](attempt, sync, server)
    except Refused as refused:
        _note_failure(sync, refused)
        raise
    _note(sync, Connection.State.WORKS, None)


def _waiting(attempt: Attempt[LabelSync]) -> Callable[[float], None]:
    """Sleeps in small pieces and notices when nobody wants this any more."""

    def wait(seconds: float) -> None:
        end = time.monotonic() + seconds
        attempt.check()
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_EVERY_S))
            attempt.check()

    return wait


def _note_failure(sync: LabelSync, refused: Refused) -> None:
    """Show at the connection what is wrong with it; what is wrong with a project is told by the exchange alone."""
    if refused.code in {"no_such_project", "config_unsuited", "connection_changed", "tasks_moved", "not_connected"}:
        return
    _note(sync, Connection.State.FAILS, refused.as_dict())


def _note(sync: LabelSync, state: Connection.State, error: dict[str, Any] | None) -> None:
    Connection.objects.filter(lab=sync.lab, address=sync.address).update(state=state, error=error, checked_at=timezone.now())


def _explain(problem: Exception) -> Failure:
    if isinstance(problem, Refused):
        return Failure(refusal(problem.code, str(problem.detail), problem.hint), may_pass=problem.code in PASSING)
    detail = f"The exchange met an unforeseen {type(problem).__name__}."
    return Failure(refusal("exchange_failed", detail, "Ask again; if it happens again, report it."), may_pass=True)


def _check(attempt: Attempt[LabelSync], sync: LabelSync, server: Server) -> None:
    version, projects = server.version(), server.projects()
    with attempt.finishing() as job:
        Connection.objects.filter(lab=sync.lab, address=sync.address).update(server_version=version, projects=projects)
        job.report = {"tasks": sum(project["tasks"] for project in projects)}


@dataclass
class _Pull:
    """Pages lie in the folder of the attempt, each written whole; another attempt goes on after the last one."""

    attempt: Attempt[LabelSync]
    sync: LabelSync
    server: Server
    folder: Path
    seen: dict[str, int] = field(default_factory=lambda: {"tasks": 0, "annotations": 0, "predictions": 0, "pictures": 0})

    def fetch(self) -> None:
        """Every page, and every picture where they are wanted too."""
        project = self._project()
        for _ in range(2):
            total = int(self.server.project(project).get("task_number") or 0)
            self._pages(project, total)
            if len({task["id"] for task in self.tasks()}) >= total:
                break
            # Tasks were removed while pages were turned, so that others slipped by between two of them.
            self._forget()
        else:
            detail = f"Tasks of the project {project} come and go faster than they can be read."
            raise Refused("tasks_moved", detail, "Ask again when nobody imports or removes tasks.", http_status=409)
        if self.sync.options.get("pictures"):
            self._pictures()

    def tasks(self) -> Iterator[dict[str, Any]]:
        for page in sorted(self.folder.glob("page-*.json")):
            yield from json.loads(page.read_bytes())

    def write(self) -> Path:
        """What was fetched, as Label Studio itself exports it: one file, or an archive with the pictures."""
        file = self.folder / "tasks.json.tmp"
        ids: set[Any] = set()
        with file.open("w", encoding="utf-8") as out:
            out.write("[")
            for task in self.tasks():
                if task["id"] in ids:
                    continue
                out.write((",\n" if ids else "\n") + json.dumps(_as_exported(task), ensure_ascii=False))
                ids.add(task["id"])
                self.seen["tasks"] += 1
                self.seen["annotations"] += len(task.get("annotations") or ())
                self.seen["predictions"] += len(task.get("predictions") or ())
            out.write("\n]\n")
        pictures = sorted((self.folder / "pictures").glob("*/*"))
        self.seen["pictures"] = sum(1 for picture in pictures if picture.stat().st_size)
        if not self.seen["pictures"]:
            return file
        archive = self.folder / "tasks.zip.tmp"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED, allowZip64=True) as whole:
            whole.write(file, "tasks.json", zipfile.ZIP_DEFLATED)
            for picture in pictures:
                if picture.stat().st_size:
                    whole.write(picture, f"upload/{picture.parent.name}/{picture.name}")
        return archive

    def _project(self) -> int:
        if self.sync.project is None:
            raise Refused("no_such_project", "No project was named.", "Choose one of the server's projects.", http_status=409)
        return self.sync.project

    def _pages(self, project: int, total: int) -> None:
        number = len(list(self.folder.glob("page-*.json")))
        while True:
            self.attempt.note({"done": min(number * PAGE, total), "total": total}, at_once=number == 0)
            rows = self.server.tasks(project, number + 1, PAGE)
            if not rows:
                return
            number += 1
            draft = self.folder / f"page-{number:06d}.tmp"
            draft.write_text(json.dumps(rows), encoding="utf-8")
            draft.replace(draft.with_suffix(".json"))
            if len(rows) < PAGE:
                return

    def _pictures(self) -> None:
        """Those that were uploaded to that very server; no other address that a task names is ever opened."""
        paths = [one.written for task in self.tasks() for one in references_in(task.get("data") or {}) if one.scheme == "upload"]
        base = self.server.base_path
        wanted = [path.removeprefix(base) for path in dict.fromkeys(paths) if path.startswith(f"{base}/data/upload/")]
        for number, path in enumerate(wanted):
            self.attempt.note({"done": number, "total": len(wanted)}, at_once=number == 0)
            _, _, _, folder, name = path.split("/", 4)
            kept = self.folder / "pictures" / folder / name
            if not _is_plain(folder, name) or kept.exists():
                continue
            kept.parent.mkdir(parents=True, exist_ok=True)
            draft = kept.with_name(f"{name}.tmp")
            # An empty file says that the server has no such picture.
            draft.write_bytes(self.server.picture(path) or b"")
            draft.replace(kept)

    def _forget(self) -> None:
        for page in self.folder.glob("page-*.json"):
            page.unlink()


def _pull(attempt: Attempt[LabelSync], sync: LabelSync, server: Server) -> None:
    scratch = Scratch.opened(home_of(sync.id), attempt.lease.token, is_crash_safe=True)
    is_kept = False
    try:
        pull = _Pull(attempt, sync, server, scratch.folder)
        pull.fetch()
        file = pull.write()
        with attempt.finishing() as job:
            job.label_import = _handed_over(job, file)
            job.report = dict(pull.seen)
    except Draining:
        scratch.hand_back()
        raise
    except Exception as problem:
        # What was fetched before the server went away need not be fetched again.
        is_kept = isinstance(problem, Refused) and problem.code in PASSING
        raise
    finally:
        if not is_kept:
            scratch.remove()


def _handed_over(job: LabelSync, file: Path) -> Any:
    """An import like any other: read, shown, and written once somebody has confirmed it."""
    name = f"{job.address.split('://', 1)[-1]} project {job.project}"
    return take_file(path=file, name=name, lab=job.lab, by=job.by, instance=instance_of(job.address, job.project or 0), preset="")


def _as_exported(task: dict[str, Any]) -> dict[str, Any]:
    """As the server's own export says it; what changes by itself would look like a change of the labels."""
    kept = {key: value for key, value in task.items() if key not in DERIVED}
    for name in ("annotations", "predictions", "drafts"):
        rows = kept.get(name)
        if isinstance(rows, list):
            kept[name] = [{k: v for k, v in row.items() if k not in OF_THE_MOMENT} if isinstance(row, dict) else row for row in rows]
    return kept


def _is_plain(folder: str, name: str) -> bool:
    return (
        folder.isdigit()
        and "/" not in name
        and "\\" not in name
        and name not in ("", ".", "..")
        and "\0" not in name
        and len(name.encode()) < 200
    )


_DIRECTIONS: dict[LabelSync.Direction, Callable[[Attempt[LabelSync], LabelSync, Server], None]] = {
    LabelSync.Direction.CHECK: _check,
    LabelSync.Direction.PULL: _pull,
    LabelSync.Direction.PUSH: pushing.push,
}
