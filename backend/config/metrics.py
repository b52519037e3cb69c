"""What a Prometheus server reads: jobs, workers and disks as the database and the host know them, and this process's own requests.

Jobs are counted in the database at every reading, so any number of web processes tells the same and none has to be asked twice.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.apps import apps
from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from backend.analysis.models import Run
from backend.analysis.reaper import workers_alive
from backend.core.jobs.models import UNDER_WAY, LeasedJob
from backend.drift.selectors import standings
from backend.registry.models import Weights

TOLD_LATELY_S = 60
LOOPBACK = ("127.0.0.1", "::1")
WAITED_S = (0.5, 1, 2, 5, 15, 60, 300, 1800, 7200)
LASTED_S = (5, 15, 30, 60, 120, 300, 900, 3600, 14400)

requests_of_this_process = CollectorRegistry()
ProcessCollector(namespace="embryovision_web", registry=requests_of_this_process)
_answered = Counter(
    "embryovision_http_requests", "Requests answered by this web process.", ["method", "route", "status"], registry=requests_of_this_process
)
_took = Histogram("embryovision_http_request_seconds", "Time to an answer.", ["method"], registry=requests_of_this_process)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything in the Prometheus text format, for whoever holds METRICS_TOKEN; without one, for this host alone."""
    if not _may_read(request):
        return HttpResponse(status=404)
    counted = CollectorRegistry()
    counted.register(_Counted())
    text = generate_latest(counted) + generate_latest(requests_of_this_process)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        return constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}")
    # Behind a proxy every request comes from the proxy's address, so nobody is known to be at this host.
    return settings.SECURE_PROXY_SSL_HEADER is None and request.META.get("REMOTE_ADDR") in LOOPBACK


@sync_and_async_middleware
def counting(get_response: Any) -> Any:
    """Count requests by method, route and status; the route is the pattern, so no address of anybody's embryo becomes a label."""

    def note(request: HttpRequest, answer: Any, began: float) -> Any:
        route = request.resolver_match.route if request.resolver_match else ""
        method = request.method if request.method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
        _answered.labels(method, route, str(answer.status_code)).inc()
        _took.labels(method).observe(time.perf_counter() - began)
        return answer

    if iscoroutinefunction(get_response):

        async def waiting(request: HttpRequest) -> Any:
            began = time.perf_counter()
            return note(request, await get_response(request), began)

        return waiting

    def plain(request: HttpRequest) -> Any:
        began = time.perf_counter()
        return note(request, get_response(request), began)

    return plain


class _Counted(Collector):
    """Read anew at every collection."""

    def collect(self) -> Iterator[Metric]:
        yield from _jobs()
        yield from _runs()
        yield from _workers()
        yield from _device()
        yield _weights()
        yield from _drift()
        yield from _disk()


def _kinds() -> Iterable[tuple[str, Any]]:
    yield "run", Run
    for model in apps.get_models():
        if issubclass(model, LeasedJob):
            yield model.KIND, model


def _jobs() -> Iterator[Metric]:
    depth = GaugeMetricFamily("embryovision_jobs", "Jobs that wait or run now.", labels=["kind", "state"])
    oldest = GaugeMetricFamily("embryovision_job_oldest_waiting_seconds", "How long the first in the queue has waited.", labels=["kind"])
    ended = CounterMetricFamily("embryovision_jobs_ended", "Jobs that ended, by how.", labels=["kind", "state"])
    failed = CounterMetricFamily("embryovision_jobs_failed", "Jobs that failed, by the code of the reason.", labels=["kind", "code"])
    now = timezone.now()
    for kind, model in _kinds():
        jobs = model._default_manager
        counts = dict(jobs.values_list("state").annotate(count=Count("id")).order_by())
        for state in UNDER_WAY:
            depth.add_metric([kind, state], counts.pop(state, 0))
        for state, count in sorted(counts.items()):
            ended.add_metric([kind, state], count)
        since = jobs.filter(state="queued").aggregate(since=Min("created_at"))["since"]
        oldest.add_metric([kind], (now - since).total_seconds() if since else 0.0)
        reasons = jobs.exclude(state__in=UNDER_WAY).exclude(error=None)
        for code, count in reasons.values_list("error__code").annotate(count=Count("id")).order_by("error__code"):
            failed.add_metric([kind, str(code)], count)
    return iter((depth, oldest, ended, failed))


def _runs() -> Iterator[Metric]:
    """Waiting, working and frames of the runs that finished."""
    took = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
    waited = ExpressionWrapper(F("started_at") - F("created_at"), output_field=DurationField())
    done = Run.objects.filter(state=Run.State.FINISHED).annotate(took=took, waited=waited)
    # One reading of the table for both histograms and the sums.
    wanted: dict[str, Any] = {"count": Count("id"), "frames": Sum("frames_done"), "took_sum": Sum("took"), "waited_sum": Sum("waited")}
    for name, bounds in (("took", LASTED_S), ("waited", WAITED_S)):
        for bound in bounds:
            key = f"{name}_{bound}".replace(".", "_")
            wanted[key] = Count("id", filter=Q(**{f"{name}__lte": timedelta(seconds=bound)}))
    told = done.aggregate(**wanted)
    for name, bounds, metric, text in (
        ("took", LASTED_S, "embryovision_run_seconds", "From the beginning of the last attempt to the end."),
        ("waited", WAITED_S, "embryovision_run_waiting_seconds", "From the request to the beginning of the last attempt."),
    ):
        buckets = [(str(float(bound)), told[f"{name}_{bound}".replace(".", "_")]) for bound in bounds]
        total = told[f"{name}_sum"]
        yield HistogramMetricFamily(
            metric, text, buckets=[*buckets, ("+Inf", told["count"])], sum_value=total.total_seconds() if total else 0.0
        )
    frames = CounterMetricFamily("embryovision_frames_read", "Frames read by the runs that finished.")
    frames.add_metric([], told["frames"] or 0)
    yield frames


def _workers() -> Iterator[Metric]:
    alive = workers_alive()
    count = GaugeMetricFamily("embryovision_workers", "Worker processes that take runs and said so lately.")
    count.add_metric([], alive.count())
    memory = GaugeMetricFamily("embryovision_worker_memory_bytes", "Memory of each, as it told last.", labels=["worker"])
    for pulse in alive.order_by("worker"):
        memory.add_metric([pulse.worker], pulse.memory_bytes)
    return iter((count, memory))


DEVICE = {
    "waiting_inputs": (GaugeMetricFamily, "embryovision_device_waiting_inputs", "Pictures that wait for the device."),
    "net_bytes": (GaugeMetricFamily, "embryovision_device_net_bytes", "Memory of the nets that are open."),
    "memory_bytes": (GaugeMetricFamily, "embryovision_device_memory_bytes", "Memory of the process that owns the device."),
    "inputs": (CounterMetricFamily, "embryovision_device_inputs", "Pictures that nets answered."),
    "rounds": (CounterMetricFamily, "embryovision_device_rounds", "Batches."),
    "rounds_for_several": (CounterMetricFamily, "embryovision_device_shared_rounds", "Batches of more than one recording."),
    "nets_let_go": (CounterMetricFamily, "embryovision_device_nets_let_go", "Nets let go for want of memory."),
    "busy_seconds": (CounterMetricFamily, "embryovision_device_busy_seconds", "Time in nets."),
}


def _device() -> Iterator[Metric]:
    """What the process that owns this host's device said last; nothing where there is none, or none any more."""
    try:
        told = json.loads(Path(settings.DETECTOR_STATUS).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return
    if time.time() - told.get("told_at", 0) > TOLD_LATELY_S:
        return
    for name, (family, metric, text) in DEVICE.items():
        one = family(metric, text)
        one.add_metric([], told[name])
        yield one


def _weights() -> Metric:
    gauge = GaugeMetricFamily("embryovision_weights", "Weights by state.", labels=["task", "state"])
    for task, state, count in Weights.objects.values_list("task", "state").annotate(count=Count("id")).order_by("task", "state"):
        gauge.add_metric([task, state], count)
    return gauge


def _drift() -> Iterator[Metric]:
    """As the worker's last round reckoned it, by the lab's id and the name of the incubator: neither is anybody's name."""
    shift = GaugeMetricFamily(
        "embryovision_drift_spreads", "Last week's move from the beginning, in spreads.", labels=["lab", "incubator", "figure"]
    )
    alarms = GaugeMetricFamily("embryovision_drift_alarms", "Figures that have moved alarmingly.", labels=["lab", "incubator"])
    for lab_id, told in standings().values_list("lab_id", "told"):
        for one in told:
            alarms.add_metric([str(lab_id), one["incubator"]], one["alarms"])
            for name, spreads in one["shifts"].items():
                shift.add_metric([str(lab_id), one["incubator"], name], spreads)
    return iter((shift, alarms))


def _disk() -> Iterator[Metric]:
    gauge = GaugeMetricFamily("embryovision_data_free_bytes", "Room left on the data folder's disk.")
    try:
        gauge.add_metric([], shutil.disk_usage(settings.DATA_DIR).free)
    except OSError:
        # No figure rather than a wrong one; /readyz says what is wrong.
        return
    yield gauge
