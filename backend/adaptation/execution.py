"""Works on an adaptation: cuts pictures, has the detector learn from them, compares, and leaves a candidate."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from backend.accounts.models import Lab
from backend.adaptation import cutting
from backend.adaptation.learning import CommandFailed, run_detector
from backend.adaptation.models import Adaptation
from backend.adaptation.scratch import Scratch
from backend.adaptation.selectors import recordings_among
from backend.core.errors import Refused, refusal
from backend.core.files import sha256_of
from backend.core.jobs.draining import Draining
from backend.core.jobs.working import Attempt, Failure, work_on
from backend.registry.models import Weights
from backend.registry.services import note_tampered, register_candidate

# What a second attempt may get over; any other refusal is the recordings' own and final.
PASSING = {"decoder_crashed", "decoder_timeout", "decoder_out_of_memory"}
IN_OUR_WORDS = {
    # The command's own hints name its options.
    "recordings_too_short": (
        "The chosen dishes show too little of development: all that is sure of its phase by the hour is in one phase.",
        "Choose dishes that were recorded over several days, and check the hours of their first frames.",
    ),
    "recordings_too_few": ("Too few embryos were left to learn from.", "Analyse more dishes whose hours are known."),
    "pictures_unreadable": ("None of the pictures cut from the dishes can be read.", "Look at the dishes' wells, and analyse them again."),
}
FACTS = ("embryos", "frames", "minutes", "changed", "onsets_h")


def execute(adaptation_id: UUID | str) -> None:
    """Work on a waiting adaptation to its end; safe to call any number of times, at once or again."""
    work_on(Adaptation, adaptation_id, _attempt, explain=_explain)


def _attempt(attempt: Attempt[Adaptation]) -> None:
    scratch = Scratch.open(attempt.lease.job_id, attempt.lease.token)
    try:
        _Work(attempt, scratch).do()
    except Draining:
        with attempt.lease.transaction():
            scratch.hand_back()
        raise
    finally:
        scratch.remove()


def _explain(problem: Exception) -> Failure:
    """What the recordings or weights are refused for is final; what may pass is tried again."""
    code = getattr(problem, "code", None)
    if code is None:
        return Failure(_unforeseen(problem), may_pass=True)
    detail, hint = IN_OUR_WORDS.get(code, (str(getattr(problem, "detail", "")), str(getattr(problem, "hint", ""))))
    return Failure(refusal("weights_tampered" if code == "weights_changed" else code, detail, hint), may_pass=code in PASSING)


def _unforeseen(problem: Exception) -> dict[str, Any]:
    if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return refusal("adaptation_disk_full", "The server's disk is full.", "Make room on it, then start again.")
    if isinstance(problem, CommandFailed):
        hint = "Check that the server has memory enough, then start it again."
        return refusal("learner_failed", f"Learning broke off. {problem}", hint)
    return refusal(
        "learner_failed", f"Learning met an unforeseen {type(problem).__name__}.", "Start it again; if it happens again, report it."
    )


class _Work:
    """One attempt, step by step."""

    def __init__(self, attempt: Attempt[Adaptation], scratch: Scratch) -> None:
        self._attempt, self._scratch = attempt, scratch
        self._adaptation = attempt.job()
        self._began = time.monotonic()
        self._progress: dict[str, Any] = {}

    def do(self) -> None:
        start = verified(self._adaptation.start)
        self._cut()
        facts = self._learn(start)
        comparison = self._compare(start)
        self._finish(facts, comparison)

    def _cut(self) -> None:
        whole = self._scratch.folder / "cut"
        if whole.exists():
            return
        recordings = recordings_among(self._adaptation.stack_ids, self._adaptation.lab_id)
        cutting.cut(cutting.plan(recordings, self._scratch.learning, self._scratch.held_back), self._teller("cutting"))
        whole.touch()

    def _learn(self, start: Path) -> dict[str, Any]:
        tell, base = self._teller("learning"), {"begins": 0, "of": 0}
        tell(0, 0)

        def hear(said: dict[str, Any]) -> None:
            if {"begins", "of"} <= said.keys():
                base.update(begins=int(said["begins"]), of=int(said["of"]))
            if "step" in said or "begins" in said:
                tell(base["begins"] + int(said.get("step", 0)), base["of"])

        scratch = self._scratch
        # Names of frames are minutes since insemination, so that dishes of any interval and start lie in one folder.
        clock = ["--interval-minutes", "1", "--start-hpi", "0"]
        steps = ["--steps", str(settings.ADAPT_STEPS)] if settings.ADAPT_STEPS else []
        paths = ["--data", str(scratch.learning), "--out", str(scratch.out), "--work", str(scratch.work), "--start", str(start)]
        answer = self._command(["adapt", *paths, *clock, *steps, "--threads", str(settings.RUN_THREADS)], hear)
        return {name: answer[name] for name in FACTS}

    def _compare(self, start: Path) -> dict[str, Any]:
        tell = self._teller("judging")
        tell(0, 0)

        def hear(said: dict[str, Any]) -> None:
            if {"done", "of"} <= said.keys():
                tell(int(said["done"]), int(said["of"]))

        scratch = self._scratch
        words = ["compare", "--data", str(scratch.held_back), str(start), str(scratch.out), "--threads", str(settings.RUN_THREADS)]
        return self._command(words, hear)

    def _command(self, words: list[str], hear: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        return run_detector(words, self._scratch.folder, check=self._check, hear=hear)

    def _finish(self, facts: dict[str, Any], comparison: dict[str, Any]) -> None:
        """The candidate's folder, its row and the end of the job: all, or nothing that anybody sees."""
        with self._attempt.finishing() as adaptation:
            folder = kept(self._scratch.out, adaptation.lab)
            adaptation.weights = register_candidate(folder=folder, lab=adaptation.lab, by=adaptation.by)
            adaptation.facts, adaptation.comparison = facts, comparison

    def _teller(self, stage: str) -> Callable[[int, int], None]:
        def tell(done: int, total: int) -> None:
            is_new = self._progress.get("stage") != stage
            self._progress = {"stage": stage, "done": done, "total": total}
            self._check(at_once=is_new)

        return tell

    def _check(self, *, at_once: bool = False) -> None:
        """Stop where nobody wants this any more; now and then, show how far it is."""
        minutes = round((time.monotonic() - self._began) / 60, 1)
        self._attempt.note(self._progress | {"minutes": minutes}, at_once=at_once)


def verified(weights: Weights) -> Path:
    """The folder of these weights while it holds what was registered; the detector verifies it once more as it reads it."""
    folder = Path(weights.folder)
    file = folder / Path(str(weights.manifest.get("file", ""))).name
    is_there = file.is_file()
    if not is_there or sha256_of(file) != weights.sha256:
        detail = f"The folder of {weights.name} no longer holds the weights that were registered."
        hint = "Put the registered weights back, or start the worker again to register the new ones."
        if is_there:
            note_tampered(weights=weights, reason=detail)
        raise Refused("weights_changed", detail, hint)
    return folder


def kept(out: Path, lab: Lab) -> Path:
    """Move a made weights folder to where the lab's weights are kept, named after what it holds."""
    file = next(path for path in sorted(out.iterdir()) if path.suffix in {".zip", ".onnx", ".safetensors"})
    folder = Path(settings.LAB_WEIGHTS_DIR, str(lab.id), sha256_of(file)[:24])
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(out, folder)
    return folder
