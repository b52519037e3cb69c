"""Leaves our predictions on a project's tasks, so that people correct instead of drawing; asking again changes only what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.jobs.working import Attempt
from backend.imaging.decoding import DecodingRefused
from backend.imaging.frames import Picture as Rendering
from backend.imaging.frames import jpeg_of
from backend.imaging.models import Stack
from backend.labels.formats.references import picture_reference
from backend.labels.formats.writing.wow import Controls, controls_in
from backend.labels.models import LabelSync, LabelTask, Picture
from backend.labels.outgoing import frame_source, frames_of
from backend.labels.prelabels import Predictor, PreLabel
from backend.labels.server import Server
from backend.labels.sync_selectors import instance_of
from backend.review.machine import latest_finished

PAGE = 50
COUNTED = ("tasks", "pictures", "created", "changed", "unchanged", "unknown", "without")
Report = dict[str, Any]


def push(attempt: Attempt[LabelSync], sync: LabelSync, server: Server) -> None:
    """Make tasks of frames that have none yet, then leave a prediction on every task whose picture is known here."""
    if sync.project is None:
        raise Refused("no_such_project", "No project was named.", "Choose one of the server's projects.", http_status=409)
    described = server.project(sync.project)
    controls = controls_in(str(described.get("label_config") or ""))
    if controls is None:
        raise Refused(
            "config_unsuited",
            f"The project {sync.project} has no ellipses with contents E and B, so our wells cannot be shown in it.",
            "Use the config.xml of an export of our dishes as its labelling configuration, or choose another project.",
            http_status=409,
        )
    work = _Push(attempt, sync, server, sync.project, controls)
    work.make_tasks()
    work.predict()
    with attempt.finishing() as job:
        job.report = work.report


class _Push:
    """One push; what was done is kept page by page, so that another attempt goes on from there."""

    def __init__(self, attempt: Attempt[LabelSync], sync: LabelSync, server: Server, project: int, controls: Controls) -> None:
        self._attempt, self._sync, self._server, self._project = attempt, sync, server, project
        self._instance = instance_of(sync.address, project)
        self._predictor = Predictor(controls, looks_at_stills=bool(sync.options.get("stills")))
        self.report: Report = dict.fromkeys(COUNTED, 0) | {"model_versions": []} | sync.cursor.get("report", {})
        self._page = int(sync.cursor.get("page", 0))

    def make_tasks(self) -> None:
        """A task for each wanted frame, known again by its picture's name, so that one cut off in between makes no second one."""
        wanted = {frame_source(stack, frame).name: (stack, frame) for stack, frame in self._wanted()}
        if not wanted or self._page:
            return
        there = self._tasks_by_name(set(wanted))
        for number, (name, (stack, frame)) in enumerate(wanted.items()):
            self._attempt.note({"done": number, "total": len(wanted)}, at_once=number == 0)
            if name not in there and (jpeg := _jpeg(stack, frame)) is not None:
                self._server.add_picture(self._project, name, jpeg)
                self.report["pictures"] += 1
        there = self._tasks_by_name(set(wanted))
        self._know({name: (there[name], *wanted[name]) for name in wanted if name in there})

    def predict(self) -> None:
        """Page by page, in the order of the server."""
        total = int(self._server.project(self._project).get("task_number") or 0)
        while rows := self._server.tasks(self._project, self._page + 1, PAGE):
            self._attempt.note({"done": min(self._page * PAGE, total), "total": total}, at_once=self._page == 0)
            self._predict_for(rows)
            self._page += 1
            with self._attempt.transaction() as job:
                job.cursor = {"page": self._page, "report": self.report}
                job.save(update_fields=["cursor"])
            if len(rows) < PAGE:
                return

    def _predict_for(self, rows: list[dict[str, Any]]) -> None:
        pictures = self._pictures([str(row["id"]) for row in rows])
        self._predictor.known(list(pictures.values()))
        for row in rows:
            self._attempt.check()
            self.report["tasks"] += 1
            picture = pictures.get(str(row["id"]))
            if picture is None:
                self.report["unknown"] += 1
                continue
            said = self._predictor.of(picture)
            self.report["without" if said is None else self._leave(row, said)] += 1

    def _leave(self, row: Mapping[str, Any], said: PreLabel) -> str:
        """Whether the prediction was created, changed, or there already."""
        if said.model_version not in self.report["model_versions"]:
            self.report["model_versions"].append(said.model_version)
        known = [one for one in row.get("predictions") or () if isinstance(one, dict) and one.get("model_version") == said.model_version]
        if not known:
            self._server.predict(int(row["id"]), result=said.result, score=said.score, model_version=said.model_version)
            return "created"
        if known[0].get("result") == said.result and known[0].get("score") == said.score:
            return "unchanged"
        self._server.predict_anew(int(known[0]["id"]), result=said.result, score=said.score)
        return "changed"

    def _pictures(self, task_ids: list[str]) -> dict[str, Picture]:
        tasks = LabelTask.objects.filter(lab=self._sync.lab, instance=self._instance, external_id__in=task_ids)
        found = tasks.exclude(picture=None).select_related("picture__stack")
        return {task.external_id: task.picture for task in found if task.picture is not None}

    def _wanted(self) -> Iterator[tuple[Stack, int]]:
        """Frames of the named dishes' analysed recordings."""
        ready = Stack.objects.filter(lab=self._sync.lab, dish__in=self._sync.options.get("dishes", ()), state=Stack.State.READY)
        stacks = list(ready.order_by("created_at", "id"))
        analysed = latest_finished([stack.id for stack in stacks])
        for stack in stacks:
            if stack.id in analysed:
                for frame in frames_of(stack, int(self._sync.options.get("frames", 1))):
                    yield stack, frame

    def _tasks_by_name(self, wanted: set[str]) -> dict[str, dict[str, Any]]:
        """The project's tasks whose picture bears one of these names."""
        found: dict[str, dict[str, Any]] = {}
        page = 1
        while rows := self._server.tasks(self._project, page, 10 * PAGE, is_brief=True):
            for row in rows:
                reference = picture_reference(row.get("data") or {})
                if reference is not None and reference.bare_name in wanted:
                    found.setdefault(reference.bare_name, row)
            page += 1
            if len(rows) < 10 * PAGE:
                break
        return found

    def _know(self, made: Mapping[str, tuple[dict[str, Any], Stack, int]]) -> None:
        """Remember which task is which frame, so that its annotations find it when they are pulled."""
        with self._attempt.transaction() as job:
            new = 0
            for name, (row, stack, frame) in made.items():
                picture, _ = Picture.objects.get_or_create(
                    stack=stack,
                    frame_index=frame,
                    plane=stack.default_plane,
                    defaults={
                        "lab": job.lab,
                        "sha256": stack.sha256,
                        "name": name,
                        "width": stack.width_px,
                        "height": stack.height_px,
                    },
                )
                _, is_new = LabelTask.objects.get_or_create(
                    lab=job.lab,
                    instance=self._instance,
                    external_id=str(row["id"]),
                    defaults={"data": row["data"], "place": f"{self._instance}, task {row['id']}"[:300], "picture": picture},
                )
                new += is_new
            if new:
                after = {"instance": self._instance, "tasks": new}
                record(actor=job.by, lab_id=job.lab_id, action="label_tasks.linked", subject=job.subject, after=after)


def _jpeg(stack: Stack, frame: int) -> bytes | None:
    """The frame as pages show it; None for one that cannot be read, which then has no task."""
    try:
        return jpeg_of(Rendering(stack.sha256, frame, stack.default_plane, 0), owner=str(stack.lab_id), name=stack.name)
    except (DecodingRefused, FileNotFoundError):
        return None
