"""Drives the detector over a recording: the only module beside imaging.decoding that reaches it, and only while a run is worked on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError

from backend.analysis.lease import Heartbeat, Lease, claim
from backend.analysis.models import Run
from backend.analysis.recorder import Recorder
from backend.analysis.tampering import WeightsTampered, end_tampered
from backend.analysis.transitions import end, fail_attempt, hand_back
from backend.core.errors import refusal
from backend.core.jobs import draining
from backend.core.jobs.lease import CancelAsked, LeaseLost
from backend.imaging.decoding import open_in_child
from backend.imaging.models import Stack
from backend.imaging.selectors import first_hour_of, path_of
from backend.registry.models import Weights
from backend.registry.selectors import active_weights, weights_in_use

if TYPE_CHECKING:
    from detector.loading import Stages
    from detector.protocols import EmbryoFollower, WellFinder
    from detector.serving.shelf import Shelf
    from detector.types import Finding, StackInfo

logger = logging.getLogger(__name__)

# What a second attempt may get over; any other refusal is the recording's own and final.
PASSING = {"decoder_crashed", "decoder_timeout", "decoder_out_of_memory", "device_lost"}

PUT_BACK = "Put the registered weights back, or start the worker again to register the new ones."
DECODER_TIMEOUT_S = 30
"""Longer than at intake: nobody waits for it at a page, and on a busy machine a decoder is slow to start."""


def execute(run_id: UUID | str) -> None:
    """Work on a waiting run to its end; safe to call any number of times, at once or again."""
    lease = claim(run_id)
    if lease is None:
        logger.info("Run %s does not wait for anybody.", run_id)
        return
    try:
        with Heartbeat(lease) as heartbeat:
            _attempt(lease, heartbeat)
    except LeaseLost:
        logger.warning("Run %s went on without this worker, which wrote nothing more.", run_id)
    except DatabaseError:
        # Nothing can be written now; the lease runs out and the sweeper hands the run on.
        logger.exception("The database failed under run %s.", run_id)


def _attempt(lease: Lease, heartbeat: Heartbeat) -> None:
    try:
        _analyse(lease, heartbeat)
    except CancelAsked:
        with lease.transaction() as run:
            end(run, Run.State.CANCELLED)
    except draining.Draining:
        with lease.transaction() as run:
            hand_back(run)
    except (LeaseLost, DatabaseError):
        raise
    except Exception as problem:
        logger.warning("Run %s failed: %s", lease.run_id, problem, exc_info=not hasattr(problem, "code"))
        _close_failed(lease, problem)


def _close_failed(lease: Lease, problem: Exception) -> None:
    """A recording or weights that are refused fail at once; what may pass is tried again."""
    if isinstance(problem, WeightsTampered):
        end_tampered(lease, problem)
        return
    code = getattr(problem, "code", None)
    with lease.transaction() as run:
        if code is None:
            kind = "out_of_memory" if isinstance(problem, MemoryError) else "detector_crashed"
            hint = "Try again; if it happens again, report it with the recording's format and size."
            fail_attempt(run, refusal(kind, f"The analysis met an unforeseen {type(problem).__name__}.", hint))
            return
        reason = refusal(code, str(getattr(problem, "detail", "")), str(getattr(problem, "hint", "")))
        if code in PASSING:
            fail_attempt(run, reason)
        else:
            end(run, Run.State.FAILED, error=reason)


def _analyse(lease: Lease, heartbeat: Heartbeat) -> None:
    run = Run.objects.select_related("stack__dish__cycle", "weights", "stager").get(id=lease.run_id)
    recorder = Recorder(lease)
    with closing(findings_of(run, run.weights, run.stager, loaded=heartbeat.moved)) as findings:
        for finding in findings:
            heartbeat.moved()
            draining.check()
            recorder.take(finding)
    recorder.finish()


def findings_of(run: Run, weights: Weights, stager: Weights | None, *, loaded: Callable[[], None]) -> Generator[Finding]:
    """What these weights find in the recording of a run, read as that run reads it; `loaded` is called once nets are ready."""
    from detector.loading import load_reader
    from detector.pipeline import analyse
    from detector.types import Layout

    finder = finder_of(weights)
    stages = stages_of(stager) if stager else None
    loaded()
    layout = Layout.parse(run.layout_given) if run.layout_given else None
    with open_in_child(path_of(run.stack), name=run.stack.name, timeout_s=DECODER_TIMEOUT_S) as stack:
        follower = _follower(stages, stack.info, run.stack) if stages else None
        yield from analyse(stack, finder=finder, reader=load_reader(layout), stages=follower, plane=run.plane)


def _follower(stages: Stages, info: StackInfo, stack: Stack) -> EmbryoFollower:
    """What follows the recording's embryos by the times that a person confirmed, which may differ from its own."""
    from detector.loading import load_follower

    hours = tuple(stack.hours_since_start) if stack.hours_since_start else None
    confirmed = replace(info, hours_since_start=hours, interval_minutes=stack.interval_minutes)
    return load_follower(stages, confirmed, start_hpi=first_hour_of(stack), interval_minutes=stack.interval_minutes)


_warming = threading.Lock()


@cache
def _warm() -> Shelf[Any]:
    """Finders and stagers by the hash of their weights; labs may use different ones, and what was not asked for longest makes room."""
    from detector.serving.shelf import Shelf

    return Shelf(settings.DETECTOR_MEMORY_MB * 1024**2)


def finder_of(weights: Weights) -> WellFinder:
    """The finder of these weights, kept warm for the next run; the file's hash is checked each time."""
    from detector.loading import load_finder

    def load() -> WellFinder:
        finder = load_finder(Path(weights.folder), threads=settings.RUN_THREADS)
        require_registered(weights, finder.weights_hash)
        return finder

    kept: WellFinder = _kept(weights, load)
    return kept


def stages_of(weights: Weights) -> Stages:
    """What names the stages by these weights, kept warm and checked like a finder."""
    from detector.loading import load_stages

    def load() -> Stages:
        stages = load_stages(Path(weights.folder), threads=settings.RUN_THREADS)
        require_registered(weights, stages.stager.weights_hash)
        return stages

    kept: Stages = _kept(weights, load)
    return kept


def _kept(weights: Weights, load: Callable[[], Any]) -> Any:
    _verify(weights)
    with _warming:
        return _warm().get(weights.sha256) or _warm().put(weights.sha256, load, at_least=0)


def _verify(weights: Weights) -> None:
    from detector.errors import WeightsError
    from detector.loading import load_weights

    try:
        manifest = load_weights(Path(weights.folder))
    except WeightsError as refused:
        if refused.code == "weights_changed":
            raise WeightsTampered(weights, f"{weights.name}: {refused.detail}", PUT_BACK) from refused
        raise
    require_registered(weights, manifest.sha256)


def require_registered(weights: Weights, sha256: str) -> None:
    """What was read last is what was registered; asked again of what was loaded, for files may change between two looks at them."""
    if sha256 != weights.sha256:
        detail = f"The folder of {weights.name} now holds {sha256[:12]}…, registered was {weights.sha256[:12]}…"
        raise WeightsTampered(weights, detail, PUT_BACK)


def warm_up() -> None:
    """Load the weights in use before the first run asks for them."""
    try:
        finder_of(active_weights("wells"))
        stager = weights_in_use("stages")
        if stager is not None:
            stages_of(stager)
        import detector.pipeline  # noqa: F401 - loaded now rather than while somebody waits
    except Exception as problem:
        logger.warning("No detector is warm yet: %s", problem)
