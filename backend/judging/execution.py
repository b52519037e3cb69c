"""Works on a check: the check set, the lab's held-out labels, the detector's judgement in a process of its own, and what came of it."""

from __future__ import annotations

import errno
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from backend.adaptation.execution import verified
from backend.adaptation.learning import CommandFailed, Said, run_detector
from backend.core.errors import refusal
from backend.core.files import ContentStore
from backend.core.jobs.working import Attempt, Failure, work_on
from backend.datasets.materialising import materialise
from backend.judging.models import Check, Difference
from backend.judging.scratch import Scratch
from backend.registry.services import note_checked

# What a second attempt may get over; any other refusal is the weights' or the labels' own and final.
PASSING = {"decoder_crashed", "decoder_timeout", "decoder_out_of_memory", "check_set_changed", "measuring_failed"}
TELL_EVERY_S = 1.0
HASH_SHOWN = 64


def execute(check_id: UUID | str) -> None:
    """Work on a waiting check to its end; safe to call any number of times, at once or again."""
    work_on(Check, check_id, _attempt, explain=_explain)


def _attempt(attempt: Attempt[Check]) -> None:
    scratch = Scratch.open(attempt.lease.job_id, attempt.lease.token)
    try:
        _Work(attempt, scratch).do()
    finally:
        scratch.remove()


def _explain(problem: Exception) -> Failure:
    code = getattr(problem, "code", None)
    if code is not None:
        told = refusal(
            "weights_tampered" if code == "weights_changed" else code,
            str(getattr(problem, "detail", "")),
            str(getattr(problem, "hint", "")),
        )
        return Failure(told, may_pass=code in PASSING)
    if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure(refusal("check_disk_full", "The server's disk is full.", "Make room on it, then check again."), may_pass=True)
    if isinstance(problem, CommandFailed):
        hint = "Check that the server has memory enough, then check again."
        return Failure(refusal("check_failed", f"The check broke off. {problem}", hint), may_pass=True)
    what = f"The check met an unforeseen {type(problem).__name__}."
    return Failure(refusal("check_failed", what, "Check again; if it happens again, report it."), may_pass=True)


class _Work:
    """One attempt, step by step."""

    def __init__(self, attempt: Attempt[Check], scratch: Scratch) -> None:
        self._attempt, self._scratch = attempt, scratch
        self._check = attempt.job()
        self._told_at = 0.0
        self._progress: dict[str, Any] = {"stage": "preparing", "done": 0, "total": 0}

    def do(self) -> None:
        self._tell()
        weights = verified(self._check.weights)
        against = verified(self._check.against) if self._check.against is not None else None
        home = self._prepared_set()
        labels = self._prepared_labels()
        self._finish(self._judged(weights, against, home, labels))

    def _prepared_set(self) -> Path:
        """The frozen check set: the same for every check of this installation, rendered by the first."""
        task = self._check.weights.task
        count = settings.CHECK_DISHES if task == "wells" else settings.CHECK_EMBRYOS
        words = ["check", "--task", task, "--make-set", str(settings.CHECK_SET_DIR), "--count", str(count)]
        said = self._command(words)
        return Path(str(said["folder"]))

    def _prepared_labels(self) -> Path | None:
        """Only what the lab's data set holds back, as it came: what is served sees no steps either."""
        data_set = self._check.data_set
        if data_set is None or data_set.hash != self._check.data_set_hash:
            return None
        materialise(data_set, self._scratch.labels, tell=lambda done, total: self._at("preparing", done, total), only="test")
        return self._scratch.labels

    def _judged(self, weights: Path, against: Path | None, home: Path, labels: Path | None) -> Said:
        self._at("judging", 0, 0)
        words = ["check", "--task", self._check.weights.task, "--weights", str(weights), "--set", str(home)]
        words += ["--against", str(against)] if against is not None else []
        words += ["--labels", str(labels)] if labels is not None else []
        return self._command([*words, "--out", str(self._scratch.pictures), "--threads", str(settings.RUN_THREADS)])

    def _finish(self, answer: Said) -> None:
        """The figures, every difference and the end of the job: all, or nothing that anybody sees."""
        shown = answer["differences"].pop("shown")
        # Bytes first: a row never speaks of what is not there.
        store = ContentStore()
        kept = [store.put(self._scratch.pictures / Path(str(one["file"])).name) for one in shown]
        with self._attempt.finishing() as job:
            job.result, job.set_hash = answer, str(answer["set"])[:HASH_SHOWN]
            Difference.objects.bulk_create(
                _difference(job, number, one, sha256) for number, (one, sha256) in enumerate(zip(shown, kept, strict=True))
            )
            note_checked(weights=job.weights, against=job.against, lab=job.lab, by=job.by)

    def _command(self, words: list[str]) -> Said:
        return run_detector(words, self._scratch.folder, check=self._look_up, hear=self._hear)

    def _hear(self, said: Said) -> None:
        if {"rendered", "of"} <= said.keys():
            self._at("preparing", int(said["rendered"]), int(said["of"]))
        elif {"done", "of"} <= said.keys():
            self._at("judging", int(said["done"]), int(said["of"]))

    def _at(self, stage: str, done: int, total: int) -> None:
        is_new = self._progress["stage"] != stage
        self._progress = {"stage": stage, "done": done, "total": total}
        self._look_up(at_once=is_new)

    def _look_up(self, *, at_once: bool = False) -> None:
        """Stop where nobody wants this any more; now and then, show how far it is."""
        self._attempt.check()
        if at_once or time.monotonic() - self._told_at >= TELL_EVERY_S:
            self._tell()

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        with self._attempt.transaction() as job:
            if job.progress != self._progress:
                job.progress = self._progress
                job.save(update_fields=["progress"])
                job.announce()


def _difference(job: Check, number: int, one: dict[str, Any], sha256: str) -> Difference:
    said = {name: one[name] for name in ("truth", "before", "after")}
    where = {"set": str(one["set"])[:16], "picture": str(one["picture"])[:120], "place": str(one["place"])[:8]}
    return Difference(check_made=job, number=number, verdict=one["verdict"], sha256=sha256, **said, **where)
