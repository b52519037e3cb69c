"""Works on an admission: the detector reads the file in a sandbox, and what comes out is registered as a candidate."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from backend.adaptation.execution import kept
from backend.adaptation.learning import CommandFailed, CommandRefused, Said, run_detector
from backend.admission.models import Admission, home_of
from backend.core.errors import refusal
from backend.core.files import ContentStore
from backend.core.jobs import scratch
from backend.core.jobs.models import UNDER_WAY
from backend.core.jobs.scratch import Scratch
from backend.core.jobs.transitions import end
from backend.core.jobs.working import Attempt, Failure, work_on
from backend.registry.services import register_candidate

FACTS = ("task", "family", "how", "is_sandboxed", "trial")
PASSING = {"server_busy"}


def execute(admission_id: UUID | str) -> None:
    """Make one attempt at a waiting admission; safe to call any number of times, at once or again."""
    work_on(Admission, admission_id, _work, explain=_explain)


def forget_scratch() -> int:
    """Remove what ended admissions left on this host."""
    kept_ids = Admission.objects.filter(state__in=UNDER_WAY).values_list("id", flat=True)
    return scratch.forget_homes(Path(settings.ADMISSION_DIR), kept_ids)


def _work(attempt: Attempt[Admission]) -> None:
    job = attempt.job()
    place = Scratch.opened(home_of(job.id), attempt.lease.token)
    try:
        _read(attempt, job, place.folder)
    finally:
        place.remove()


def _read(attempt: Attempt[Admission], job: Admission, folder: Path) -> None:
    out = folder / "out"
    # Names are texts of strangers: joined to their option, none can pass for another.
    words = ["admit", str(ContentStore().path_of(job.source_sha256)), "--out", str(out), f"--name={job.name}"]
    if job.mapping is not None:
        words.append(f"--mapping={json.dumps(job.mapping)}")
    attempt.note({"stage": "testing"}, at_once=True)
    try:
        told = run_detector(words, folder, check=attempt.check, hear=lambda said: _hear(attempt, said))
    except CommandRefused as problem:
        if problem.code != "classes_unmapped":
            raise
        _ask(attempt, problem, folder)
        return
    with attempt.finishing() as row:
        row.candidate = register_candidate(folder=kept(out, row.lab), lab=row.lab, by=row.by)
        row.facts = {name: told.get(name) for name in FACTS}
        row.question = None


def _hear(attempt: Attempt[Admission], said: Said) -> None:
    stage = {"testing the sandbox": "testing", "reading": "reading", "trying it out": "trying"}.get(str(said.get("stage")))
    if stage is not None:
        with attempt.transaction() as row:
            row.progress = {"stage": stage}
            row.save(update_fields=["progress"])
            row.announce()


def _ask(attempt: Attempt[Admission], problem: CommandRefused, folder: Path) -> None:
    """Nobody has said what the net's classes mean: the file is kept until somebody does."""
    found = json.loads((folder / "admit.json").read_text(encoding="utf-8").strip().rpartition("\n")[2])["found"]
    with attempt.transaction() as row:
        row.question = {"classes": found["classes"], "suggested": found["suggested"]}
        end(row, Admission.State.ASKING, error=refusal(problem.code, problem.detail, problem.hint))


def _explain(problem: Exception) -> Failure:
    """What a file is refused for is final; what may pass is tried again."""
    if isinstance(problem, CommandRefused):
        return Failure(refusal(problem.code, problem.detail, problem.hint), may_pass=problem.code in PASSING)
    return Failure(_unforeseen(problem), may_pass=not isinstance(problem, FileNotFoundError))


def _unforeseen(problem: Exception) -> dict[str, Any]:
    if isinstance(problem, FileNotFoundError):
        return refusal("file_lost", "The uploaded file is no longer on the server.", "Upload it again.")
    if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return refusal("disk_full", "The server's disk is full.", "Make room on it, then bring the file again.")
    if isinstance(problem, CommandFailed):
        return refusal(
            "reader_failed", f"Reading broke off. {problem}", "Check that the server has memory enough, then bring the file again."
        )
    what = f"Reading met an unforeseen {type(problem).__name__}."
    return refusal("reader_failed", what, "Bring the file again; if it happens again, report it.")
