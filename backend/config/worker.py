"""The worker's Celery application: what its processes do when they start and end. `manage.py worker` runs it."""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import threading
import warnings
from pathlib import Path
from typing import Any

from celery import signals
from celery.exceptions import SecurityWarning
from django.conf import settings
from django.db import connection

from backend.config.celery import app
from backend.config.processes import Child
from backend.config.sweeper import Duty, Sweeper

SCORE_EVERY_S = 10.0
LONGEST_SOCKET = 100
RUNS, INTAKE, LABELS, LEARNING = "runs", "intake", "labels", "learning"
_sweepers: list[Sweeper] = []
# Celery warns root of pickled messages; ours are JSON and nothing else is accepted.
warnings.filterwarnings("ignore", category=SecurityWarning)


def worker_children(*, runs_only: bool = False) -> list[Child]:
    """Small workers of one process each: an upload is taken in while long runs are worked on; labels and learning hold up neither."""
    runs = [_child(RUNS, number) for number in range(settings.WORKER_PROCESSES)]
    if settings.DETECTOR_SHARED:
        runs = [_device(), *runs]
    return runs if runs_only else [*runs, *(_child(queue, 0) for queue in (INTAKE, LABELS, LEARNING))]


def _child(queue: str, number: int) -> Child:
    options = ["--queues", queue, "--hostname", f"{queue}{number or ''}.{settings.INSTANCE_KEY}@%h"]
    # Neither gossip nor heartbeats over the broker: who lives is known from the database.
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
    words = [sys.executable, "-m", "celery", "--quiet", "--app", "backend.config.worker", "worker", *options, *quiet]
    # Learning takes minutes at the lowest priority: it would only hold up what people wait for.
    socket = str(_device_socket()) if settings.DETECTOR_SHARED and queue == RUNS else ""
    return Child(f"worker ({queue})", words, {"DETECTOR_SOCKET": socket, "DETECTOR_DEVICE": settings.DETECTOR_DEVICE})


def _device() -> Child:
    """The process that owns the device."""
    at = _device_socket()
    words = ["serve", "--socket", str(at), "--device", settings.DETECTOR_DEVICE, "--memory-mb", str(settings.DETECTOR_MEMORY_MB)]
    status = ["--status", str(settings.DETECTOR_STATUS)]
    return Child("device", [sys.executable, "-m", "detector", *words, *status])


def _device_socket() -> Path:
    """In the data folder, but for one whose name is longer than systems allow a socket's to be."""
    usual = Path(settings.DATA_DIR, "run", "device.sock")
    return usual if len(str(usual)) <= LONGEST_SOCKET else Path(tempfile.gettempdir(), f"embryovision-{settings.INSTANCE_KEY}.sock")


def _takes_runs() -> bool:
    return RUNS in app.amqp.queues.consume_from


@signals.worker_ready.connect
def start_sweeping(**_: Any) -> None:
    """The process that takes runs also repairs what lost workers and lost messages left behind."""
    if not _takes_runs():
        return
    from backend.analysis import reaper
    from backend.config.keeping import EVERY_S, FORGETTING
    from backend.core.jobs.sweeping import sweep_all
    from backend.drift import standing
    from backend.imaging import services as imaging
    from backend.judging import shadowing
    from backend.worklist import keeping_scores

    duties = [
        Duty(reaper.beat, settings.SWEEP_EVERY_S),
        Duty(reaper.sweep, settings.SWEEP_EVERY_S),
        Duty(sweep_all, settings.SWEEP_EVERY_S),
        Duty(keeping_scores.sweep, SCORE_EVERY_S),
        Duty(shadowing.take_up, settings.SWEEP_EVERY_S),
        Duty(standing.sweep, SCORE_EVERY_S),
        Duty(imaging.resend_lost_intakes, 2 * settings.SWEEP_EVERY_S),
        *(Duty(forget, EVERY_S) for forget in FORGETTING),
    ]
    _sweepers.append(Sweeper(duties))
    _sweepers[0].start()


@signals.worker_ready.connect
def prove_sandbox(**_: Any) -> None:
    """The process that reads strangers' files first tries to break their sandbox, beside its first message."""
    if LABELS not in app.amqp.queues.consume_from:
        return
    from backend.admission.sandbox import prove_sandbox as prove

    def try_it() -> None:
        try:
            prove()
        finally:
            connection.close()

    threading.Thread(target=try_it, name="sandbox", daemon=True).start()


@signals.worker_shutting_down.connect
def hand_back(**_: Any) -> None:
    """A run under way goes back into the queue rather than holding up a restart."""
    from backend.core.jobs import draining

    draining.begin()


@signals.worker_shutdown.connect
def stop_sweeping(**_: Any) -> None:
    from backend.analysis.reaper import stop_beating

    for sweeper in _sweepers:
        sweeper.stop()
        stop_beating()
    connection.close()


@signals.task_postrun.connect
def begin_anew_when_grown(**_: Any) -> None:
    """End after this task where memory has grown too far; the supervisor starts a fresh process."""
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 if sys.platform == "linux" else 1024)
    if grown_kib > settings.WORKER_MEMORY_KIB:
        os.kill(os.getpid(), signal.SIGTERM)


@signals.worker_process_init.connect
def warm_up(**_: Any) -> None:
    """Load the detector beside the first message, not before it, so that a waiting recording is begun at once."""
    if not _takes_runs():
        return
    from backend.analysis import engine

    def load() -> None:
        try:
            engine.warm_up()
        finally:
            connection.close()

    threading.Thread(target=load, name="warm-up", daemon=True).start()
