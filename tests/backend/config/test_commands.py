"""The product from a shell, on data folders that nobody has prepared."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from tests.exact.recording import content_at, write_zip
from tests.exact.weights import write_weights
from tests.running.ports import free_port, wait_until
from tests.running.product import PATIENCE_S, ROOT, Installation, Web

Install = Callable[..., Installation]


@pytest.fixture
def fresh(install: Install, tmp_path: Path) -> Installation:
    """Nothing is there but the exact detector."""
    write_weights(tmp_path / "weights")
    return install(WEIGHTS_DIR=str(tmp_path / "weights"))


def analyse(installation: Installation, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "manage.py", "analyse", *arguments],
        cwd=ROOT,
        env=installation.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return done.returncode, done.stdout


def test_one_command_on_an_empty_data_folder_analyses_a_recording(fresh: Installation, tmp_path: Path) -> None:
    status, out = analyse(fresh, str(write_zip(tmp_path / "dish.zip", 12)), "--json")
    assert status == 0, out
    told = json.loads(out)
    assert told["stack"] == {"format": "image-zip", "frames": 12, "planes": 1, "width": 384, "height": 288}
    assert told["dish"]["layout"] == "3x3"
    assert {(well["row"], well["column"]): well["content"] for well in told["dish"]["wells"]} == content_at(0, {})
    assert all(0 < well["confidence"] <= 1 for well in told["dish"]["wells"])
    assert [alert["kind"] for alert in told["dish"]["alerts"]] == ["gas_in_well"]
    assert not worker_processes(fresh), "the worker it had started is still there"


def test_a_file_that_is_no_recording_is_refused_with_exit_status_2(fresh: Installation, tmp_path: Path) -> None:
    (tmp_path / "letter.zip").write_text("Dear colleague")
    status, out = analyse(fresh, str(tmp_path / "letter.zip"), "--json")
    refusal = json.loads(out)
    assert (status, refusal["code"]) == (2, "format_unknown")
    assert refusal["detail"]
    assert refusal["hint"]


def worker_processes(installation: Installation) -> list[psutil.Process]:
    """Everything that runs on this data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("DATA") == str(installation.data):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture(scope="module")
def served(install_for_module: Install, tmp_path_factory: pytest.TempPathFactory) -> Web:
    """A product that was started on an empty data folder; the last of its tests ends it."""
    home = tmp_path_factory.mktemp("served")
    write_weights(home)
    return install_for_module(WEIGHTS_DIR=str(home)).start_product("--no-demo")


def test_serving_prints_a_link_that_makes_the_first_admin(served: Web) -> None:
    log = served.installation.log_of("serve")
    wait_until(lambda: "setup#token=" in log.read_text(), within_s=60, what="the link")
    link = re.search(r"(http://127\.0\.0\.1:\d+)/setup#token=(\S+)", log.read_text())
    assert link is not None
    token = link[2]
    assert token.encode() not in b"".join(file.read_bytes() for file in served.installation.data.rglob("*.sqlite3*"))
    with httpx.Client(base_url=link[1]) as browser:
        assert browser.get("/api/session/").json()["needs_setup"] is True
        person = {"token": token, "email": "ann@example.org", "name": "Ann", "password": "a long enough password", "lab_name": "North"}
        headers = {"X-CSRFToken": browser.cookies["embryovision_csrf"], "Referer": link[1]}
        assert browser.post("/api/setup/", json=person, headers=headers).status_code == 200
        assert browser.get("/api/session/").json()["needs_setup"] is False


def test_a_second_start_says_why_it_cannot_be(served: Web) -> None:
    for port, why in ((served.port, "cannot be listened on"), (free_port(), "runs already on")):
        command = [sys.executable, "manage.py", "serve", "--no-demo", "--port", str(port)]
        environment = served.installation.environment
        second = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert second.returncode == 1
        assert why in second.stderr


def test_ctrl_c_ends_the_product_without_a_trace(served: Web) -> None:
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(40) == 0
    wait_until(lambda: not worker_processes(served.installation), within_s=60, what="the end of all processes")


def test_when_the_supervisor_is_killed_everything_else_ends_too(fresh: Installation) -> None:
    web = fresh.start_product("--no-demo")
    wait_until(lambda: len(worker_processes(fresh)) >= 4, within_s=60, what="supervisor, web and two workers")
    os.kill(web.process.pid, signal.SIGKILL)
    web.process.wait()
    wait_until(lambda: not worker_processes(fresh), within_s=60, what="the end of all processes")


def test_the_demo_is_seeded_once(fresh: Installation) -> None:
    *lines, told = fresh.run("-c", DEMO).splitlines()
    assert {line.removeprefix("Demo dish: ") for line in lines} == {"Five days", "Gas bubbles", "Not yet analysed"}
    assert len(lines) == 3
    assert json.loads(told) == {
        "labs": [["Demo", True]],
        "runs": 2,
        "messages": 2,
        # Label, frames, hours of the first and the last frame.
        "dishes": [["Five days", 121, 3.0, 123.0], ["Gas bubbles", 48, 3.0, 50.0], ["Not yet analysed", 61, 3.0, 123.0]],
    }


DEMO = """
import django, json
django.setup()
from dataclasses import replace
from django.core.management import call_command
from backend.config import demo
# Small pictures are drawn in a fraction of the time; the smallest dish keeps its size.
demo.DISHES = [replace(dish, size=(320, 240)) if dish.size[0] > 1000 else dish for dish in demo.DISHES]
for command in ("prepare", "prepare", "seed-demo", "seed-demo"):
    call_command(command)
from backend.accounts.models import Lab
from backend.analysis.models import Run
from backend.imaging.models import Stack
from django.conf import settings
labs = [list(lab) for lab in Lab.objects.values_list("name", "is_demo")]
hours = lambda stack: [stack.hpi_at_first_frame + stack.hours_since_start[frame] for frame in (0, -1)]
dishes = sorted([stack.dish.label, stack.frame_count, *hours(stack)] for stack in Stack.objects.all())
print(json.dumps({"labs": labs, "dishes": dishes, "runs": Run.objects.filter(state="queued").count(),
                  "messages": len(list(settings.BROKER_DIR.glob("queue/*.runs.msg")))}))
"""
