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
from backend.drift.models import Standing
from backend.registry.models import Weights
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


def _everything_told(stack_of: Any, ask: Ask, settings: Any, tmp_path: Path) -> dict[str, list[dict[str, str]]]:
    """The labels of every sample by its name, on a server where all that can be told of has happened."""
    settings.DETECTOR_STATUS = tmp_path / "device.json"
    broken = ask(stack_of())
    Run.objects.filter(id=broken.id).update(state="failed", error={"code": "decoder_crashed", "detail": "", "hint": ""})
    told = [{"incubator": "North", "alarms": 1, "shifts": {"brightness": -5.0}}]
    Standing.objects.create(lab=broken.stack.lab, told=told, reckoned_at=timezone.now())
    Weights.objects.filter(id=broken.weights_id).update(state="unusable")
    reaper.beat()
    _device_said(settings, time.time())
    read()
    samples: dict[str, list[dict[str, str]]] = {}
    for name, labels in read():
        samples.setdefault(name, []).append(dict(labels))
    return samples


def _asked_for() -> list[tuple[str, str, str]]:
    """(name, labels that must match, the whole question) of everything that the shipped dashboard asks for."""
    board = json.loads((Path(__file__).parents[3] / "docker" / "grafana" / "embryovision.json").read_text())
    questions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return [(name, wanted, one) for one in questions for name, wanted in re.findall(r"(embryovision_\w+)(?:\{([^}]*)\})?", one)]


def test_the_dashboard_that_is_shipped_asks_for_names_and_labels_that_are_told(
    stack_of: Any, ask: Ask, settings: Any, tmp_path: Path
) -> None:
    samples = _everything_told(stack_of, ask, settings, tmp_path)
    asked = _asked_for()
    assert len({name for name, *_ in asked}) >= 14
    for name, wanted, question in asked:
        assert name in samples, question
        matching = dict(re.findall(r'(\w+)="([^"]*)"', wanted))
        assert any(matching.items() <= labels.items() for labels in samples[name]), f"{question}: {matching} is never told"
        for label in re.findall(r"by \(([^)]*)\)", question):
            assert {one.strip() for one in label.split(",")} <= set(samples[name][0]), question


def test_the_dashboard_names_its_lines_after_labels_that_its_questions_leave(
    stack_of: Any, ask: Ask, settings: Any, tmp_path: Path
) -> None:
    samples = _everything_told(stack_of, ask, settings, tmp_path)
    board = json.loads((Path(settings.BASE_DIR) / "docker" / "grafana" / "embryovision.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            question = target["expr"]
            kept = re.findall(r"by \(([^)]*)\)", question)
            name = re.findall(r"embryovision_\w+", question)[0]
            left = {one.strip() for one in kept[0].split(",")} if kept else set(samples[name][0])
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= left, panel["title"]


def test_everything_that_is_told_has_its_place_on_the_dashboard(stack_of: Any, ask: Ask, settings: Any, tmp_path: Path) -> None:
    told = {re.sub(r"_(bucket|count|sum)$", "", name) for name in _everything_told(stack_of, ask, settings, tmp_path)}
    shown = {re.sub(r"_(bucket|count|sum)$", "", name) for name, *_ in _asked_for()}
    # What a process tells of itself besides its memory, and when each counter began.
    assert {name for name in told - shown if not name.startswith("embryovision_web_") and not name.endswith("_created")} == set()
