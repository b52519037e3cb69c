"""Works on a training: writes the data set's pictures, has the detector learn from them, and leaves a candidate with its one judgement."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.conf import settings

from backend.adaptation.execution import kept, verified
from backend.adaptation.learning import CommandFailed, Said, run_detector
from backend.core.errors import refusal
from backend.core.files import ContentStore
from backend.core.jobs.transitions import end
from backend.core.jobs.working import Attempt, Failure, work_on
from backend.datasets.materialising import materialise
from backend.live.publish import publish
from backend.live.topics import lab_topic
from backend.registry.selectors import weights_in_use
from backend.registry.services import register_candidate
from backend.training import news
from backend.training.models import TrainingJob
from backend.training.preparing import through_steps
from backend.training.scratch import Scratch
from backend.training.selectors import TASK_OF_RECIPE

RECIPES = {"wells": "wells-from-labels", "phases": "phases-from-labels"}
# What a second attempt may get over; any other refusal is the data set's own and final.
PASSING = {"decoder_crashed", "decoder_timeout", "decoder_out_of_memory"}
IN_OUR_WORDS = {
    # The command's own hints name its files and options.
    "labels_too_few": (
        "The data set holds too few labelled pictures of too few kinds to learn from.",
        "Add more labels, and freeze it anew.",
    ),
    "pictures_unreadable": ("None of the data set's pictures can be read.", "Look at its pictures, and make another data set."),
    "splits_overlap": ("Two splits of the data set share an embryo.", "Freeze a data set anew; the figures would flatter."),
}
FACTS = ("pictures", "validation_pictures", "steps", "best_step", "stopped_early", "minutes")
TELL_EVERY_S = 1.0


class StopAsked(Exception):
    """Somebody stopped the training; it keeps its last checkpoint."""


def execute(training_id: UUID | str) -> None:
    """Work on a waiting training to its end; safe to call any number of times, at once or again."""
    work_on(TrainingJob, training_id, _attempt, explain=_explain)


def _attempt(attempt: Attempt[TrainingJob]) -> None:
    """Whatever ends it but a result, a stop or a cancellation leaves its folder to the next attempt."""
    scratch = Scratch.open(attempt.lease.job_id, attempt.lease.token)
    try:
        _Work(attempt, scratch).do()
    except StopAsked:
        sha256 = ContentStore().put(scratch.checkpoint) if scratch.checkpoint.exists() else ""
        with attempt.lease.transaction() as job:
            job.keep_checkpoint(sha256)
            job.stop_requested = False
            end(job, TrainingJob.State.STOPPED)


def _explain(problem: Exception) -> Failure:
    """What the data set or weights are refused for is final; what may pass is tried again."""
    code = getattr(problem, "code", None)
    if code is None:
        return Failure(_unforeseen(problem), may_pass=True)
    detail, hint = IN_OUR_WORDS.get(code, (str(getattr(problem, "detail", "")), str(getattr(problem, "hint", ""))))
    return Failure(refusal("weights_tampered" if code == "weights_changed" else code, detail, hint), may_pass=code in PASSING)


def _unforeseen(problem: Exception) -> dict[str, Any]:
    if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return refusal("training_disk_full", "The server's disk is full.", "Make room on it, then let the training go on.")
    if isinstance(problem, CommandFailed):
        hint = "Check that the server has memory enough, then let the training go on."
        return refusal("learner_failed", f"Learning broke off. {problem}", hint)
    what = f"Learning met an unforeseen {type(problem).__name__}."
    return refusal("learner_failed", what, "Let it go on; if it happens again, report it.")


class _Work:
    """One attempt, step by step."""

    def __init__(self, attempt: Attempt[TrainingJob], scratch: Scratch) -> None:
        self._attempt, self._scratch = attempt, scratch
        self._job = attempt.job()
        self._began = time.monotonic()
        self._told_at = 0.0
        self._progress: dict[str, Any] = {"stage": "preparing", "done": 0, "total": 0, "estimate_s": None}
        self._points: list[dict[str, Any]] = []
        self._pace: tuple[int, float] | None = None
        """The first step of the stage that this attempt told of, and when."""

    def do(self) -> None:
        self._tell()
        start = verified(self._job.start)
        in_use = weights_in_use(TASK_OF_RECIPE[self._job.recipe], self._job.lab_id)
        against = ["--against", str(verified(in_use))] if in_use is not None else []
        self._prepare()
        answer = self._learn(["--start", str(start), *against])
        self._finish(answer)

    def _prepare(self) -> None:
        """The data set's pictures, once for all attempts on this host, and the checkpoint of one that was stopped."""
        whole = self._scratch.folder / "materialised"
        if not whole.exists():
            shutil.rmtree(self._scratch.data, ignore_errors=True)
            manifest = materialise(self._job.dataset, self._scratch.data, tell=lambda done, total: self._at("preparing", done, total))
            if manifest.steps:
                words = ["prepare", "--data", str(self._scratch.data)]
                through_steps(
                    self._scratch.data, lambda: run_detector(words, self._scratch.folder, check=self._check, hear=self._hear_steps)
                )
            whole.touch()
        self._scratch.work.mkdir(exist_ok=True)
        if not self._scratch.checkpoint.exists():
            self._fetch_checkpoint()

    def _fetch_checkpoint(self) -> None:
        """The one that a stop kept; without one all is learned anew, and what an attempt on another host told of is over."""
        if not self._job.checkpoint:
            with self._wanted() as job:
                job.curve = []
                job.save(update_fields=["curve"])
            return
        draft = self._scratch.checkpoint.with_suffix(".tmp")
        shutil.copyfile(ContentStore().path_of(self._job.checkpoint), draft)
        draft.rename(self._scratch.checkpoint)

    def _learn(self, more: list[str]) -> Said:
        self._at("learning", 0, 0)
        said, scratch = self._job.settings, self._scratch
        steps = said.get("steps") or settings.TRAIN_STEPS
        words = ["train", RECIPES[self._job.recipe], "--data", str(scratch.data), "--out", str(scratch.out), "--work", str(scratch.work)]
        words += ["--seed", str(said.get("seed", 1)), "--patience", str(settings.TRAIN_PATIENCE), "--threads", str(settings.RUN_THREADS)]
        words += ["--steps", str(steps)] if steps else []
        if self._job.recipe == "phases":
            words += ["--only"]
        elif settings.TRAIN_RENDERINGS:
            words += ["--renderings", str(settings.TRAIN_RENDERINGS)]
        words += ["--mark", f"data_set={self._job.dataset.hash}", "--mark", f"product={settings.CODE_VERSION}"]
        shutil.rmtree(scratch.out, ignore_errors=True)
        return run_detector([*words, *more], scratch.folder, check=self._check, hear=self._hear)

    def _finish(self, answer: Said) -> None:
        """The candidate's folder, its row and the end of the job: all, or nothing that anybody sees."""
        with self._attempt.finishing() as job:
            folder = kept(self._scratch.out, job.lab)
            job.candidate = register_candidate(folder=folder, lab=job.lab, by=job.by)
            job.facts = {name: answer[name] for name in FACTS}
            job.final = answer["final"]
            job.curve = answer["curve"]

    def _hear_steps(self, said: Said) -> None:
        if {"done", "of"} <= said.keys():
            self._at("preparing", int(said["done"]), int(said["of"]))

    def _hear(self, said: Said) -> None:
        if "curve" in said:
            # It went on from a checkpoint: what was told beyond that is learned anew.
            with self._wanted() as job:
                job.curve = said["curve"]
                job.save(update_fields=["curve"])
        elif said.get("again"):
            self._at("learning_again", int(said["step"]), int(said["of"]))
        elif {"step", "of", "loss"} <= said.keys():
            self._points.append({name: said.get(name) for name in ("step", "loss", "validation")})
            self._at("learning", int(said["step"]), int(said["of"]))
        elif {"judged", "of"} <= said.keys():
            self._at("judging", int(said["judged"]), int(said["of"]))

    def _at(self, stage: str, done: int, total: int) -> None:
        if self._progress["stage"] != stage:
            self._pace = None
        # A look is rare and worth telling at once; the second learning's have no points of the curve.
        is_new = self._progress["stage"] != stage or bool(self._points) or stage == "learning_again"
        self._progress |= {"stage": stage, "done": done, "total": total, "estimate_s": self._estimate(stage, done, total)}
        self._check(at_once=is_new)

    def _estimate(self, stage: str, done: int, total: int) -> int | None:
        """Seconds to the last step at most, at the pace of this attempt; the judgement after it takes a few more."""
        if stage not in ("learning", "learning_again") or not done:
            return None
        left = total - done + (total if stage == "learning" else 0)
        now = time.monotonic()
        if self._pace is None:
            self._pace = (done, now)
        first, since = self._pace
        return round((now - since) / (done - first) * left) if done > first else None

    def _check(self, *, at_once: bool = False) -> None:
        """Stop where nobody wants this any more; now and then, show how far it is."""
        self._attempt.check()
        if at_once or time.monotonic() - self._told_at >= TELL_EVERY_S:
            self._tell()

    def _tell(self) -> None:
        self._told_at = time.monotonic()
        points, self._points = self._points, []
        with self._wanted() as job:
            job.progress = self._progress | {"minutes": round((self._told_at - self._began) / 60, 1)}
            job.curve = [*job.curve, *points]
            job.save(update_fields=["progress", "curve"])
            publish(lab_topic(job.lab_id), news.progressed(job, points))

    @contextmanager
    def _wanted(self) -> Iterator[TrainingJob]:
        """A transaction over the row while nobody asked to stop."""
        with self._attempt.transaction() as job:
            if job.stop_requested:
                raise StopAsked
            yield job
