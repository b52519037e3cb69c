"""What a Prometheus server reads at /metrics, parsed by the client's own parser."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from rest_framework.test import APIClient

from backend.analysis import reaper
from backend.analysis.models import Run
from detector.serving.owner import Owner

Ask = Callable[..., Run]


def read(**headers: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = APIClient().get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.content
    families = text_string_to_metric_families(answer.content.decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def test_waiting_and_ended_runs_are_counted_and_timed(stack_of: Any, ask: Ask) -> None:
    now = timezone.now()
    ended = ask(stack_of())
    Run.objects.filter(id=ended.id).update(
        state="finished", created_at=now - timedelta(seconds=130), started_at=now - timedelta(seconds=120),
        finished_at=now - timedelta(seconds=100), frames_done=576,
    )  # fmt: skip
    broken = ask(stack_of())
    Run.objects.filter(id=broken.id).update(state="failed", error={"code": "decoder_crashed", "detail": "", "hint": ""}, finished_at=now)
    waiting = ask(stack_of())
    Run.objects.filter(id=waiting.id).update(created_at=now - timedelta(seconds=40))
    told = read()
    assert told["embryovision_jobs", (("kind", "run"), ("state", "queued"))] == 1
    assert told["embryovision_jobs", (("kind", "run"), ("state", "running"))] == 0
    assert 40 <= told["embryovision_job_oldest_waiting_seconds", (("kind", "run"),)] < 60
    assert told["embryovision_jobs_ended_total", (("kind", "run"), ("state", "finished"))] == 1
    assert told["embryovision_jobs_failed_total", (("code", "decoder_crashed"), ("kind", "run"))] == 1
    assert told["embryovision_frames_read_total", ()] == 576
    assert [told["embryovision_run_seconds_bucket", (("le", le),)] for le in ("15.0", "30.0", "+Inf")] == [0, 1, 1]
    assert told["embryovision_run_seconds_sum", ()] == pytest.approx(20)
    assert told["embryovision_run_waiting_seconds_sum", ()] == pytest.approx(10)


def test_a_server_without_any_work_tells_noughts_for_every_kind_of_job(db: None) -> None:
    told = read()
    kinds = {dict(labels)["kind"] for name, labels in told if name == "embryovision_jobs"}
    assert {"run", "adaptation", "training"} <= kinds
    assert told["embryovision_run_seconds_count", ()] == 0
    assert told["embryovision_data_free_bytes", ()] > 0


def test_a_worker_tells_its_memory_with_its_beat_and_is_gone_once_it_stops(db: None) -> None:
    reaper.beat()
    told = read()
    assert told["embryovision_workers", ()] == 1
    assert told["embryovision_worker_memory_bytes", (("worker", reaper.worker_name()),)] > 10 * 1024**2
    reaper.stop_beating()
    assert read()["embryovision_workers", ()] == 0


def _device_said(settings: Any, told_at: float) -> None:
    status = Owner(device="cpu", threads=1, memory_mb=1).status() | {"rounds": 3, "told_at": told_at}
    Path(settings.DETECTOR_STATUS).parent.mkdir(parents=True, exist_ok=True)
    Path(settings.DETECTOR_STATUS).write_text(json.dumps(status))


def test_the_process_that_owns_the_device_is_told_of_while_it_lives(db: None, settings: Any, tmp_path: Path) -> None:
    settings.DETECTOR_STATUS = tmp_path / "run" / "device.json"
    key = ("embryovision_device_rounds_total", ())
    assert key not in read()
    _device_said(settings, time.time())
    assert read()[key] == 3
    _device_said(settings, time.time() - 3600)
    assert key not in read()


def test_requests_are_counted_by_the_pattern_of_their_address_not_by_the_address(db: None) -> None:
    key = ("embryovision_http_requests_total", (("method", "GET"), ("route", "api/dishes/<uuid:dish_id>/"), ("status", "401")))
    before = read().get(key, 0)
    APIClient().get("/api/dishes/4f7b1c5e-0000-4000-8000-000000000000/")
    told = read()
    assert told[key] == before + 1
    assert not any("4f7b1c5e" in str(labels) for _, labels in told)


def test_only_who_holds_the_token_reads_them_where_there_is_one(db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = "a-token-of-the-lab"
    assert APIClient().get("/metrics").status_code == 404
    assert APIClient().get("/metrics", headers={"authorization": "Bearer a-token"}).status_code == 404
    assert read(authorization="Bearer a-token-of-the-lab")


def test_without_a_token_only_this_host_reads_them_and_nobody_behind_a_proxy(db: None, settings: Any) -> None:
    assert APIClient().get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 404
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert APIClient().get("/metrics").status_code == 404


def test_the_dashboard_that_is_shipped_asks_for_nothing_that_is_not_told(stack_of: Any, ask: Ask, settings: Any, tmp_path: Path) -> None:
    settings.DETECTOR_STATUS = tmp_path / "device.json"
    broken = ask(stack_of())
    Run.objects.filter(id=broken.id).update(state="failed", error={"code": "decoder_crashed", "detail": "", "hint": ""})
    reaper.beat()
    _device_said(settings, time.time())
    read()
    told = {name for name, _ in read()}
    board = json.loads((Path(settings.BASE_DIR) / "docker" / "grafana" / "embryovision.json").read_text())
    asked = {name for panel in board["panels"] for target in panel["targets"] for name in re.findall(r"embryovision_\w+", target["expr"])}
    assert len(asked) >= 12
    assert asked <= told
