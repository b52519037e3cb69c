from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from rest_framework.test import APIClient

from tests.running.product import Installation


@pytest.fixture
def built(settings: Any, tmp_path: Path) -> Path:
    settings.FRONTEND_DIR = tmp_path
    (tmp_path / "index.html").write_text("<!doctype html><title>EmbryoVision</title>")
    return tmp_path


@pytest.mark.parametrize("path", ["/", "/dishes", "/dishes/3f/any/depth", "/setup", "/apiary"])
def test_every_address_of_the_interface_is_its_one_page_under_a_strict_policy(built: Path, path: str) -> None:
    answer = APIClient().get(path)
    assert answer.status_code == 200
    assert b"EmbryoVision" in answer.content
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert APIClient().post(path).status_code == 405


def test_an_interface_that_is_not_built_says_how_to_build_it(settings: Any, tmp_path: Path) -> None:
    settings.FRONTEND_DIR = tmp_path / "nothing"
    answer = APIClient().get("/")
    assert answer.status_code == 503
    assert b"make setup" in answer.content


def test_the_process_says_that_it_is_alive_without_a_database() -> None:
    assert APIClient().get("/healthz").json()["is_alive"] is True


def test_a_process_that_has_everything_is_ready(db: None, built: Path) -> None:
    answer = APIClient().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"is_ready": True, "complaints": []})


def test_a_process_that_is_not_ready_says_everything_that_is_wrong(db: None, settings: Any, tmp_path: Path) -> None:
    settings.FRONTEND_DIR = tmp_path / "nothing"
    settings.DATA_DIR = tmp_path / "gone"
    settings.REDIS_URL = "redis://user:secret@127.0.0.1:1/0"
    answer = APIClient().get("/readyz")
    assert answer.status_code == 503
    complaints = " ".join(answer.json()["complaints"])
    for word in ("data folder", "Redis", "interface"):
        assert word in complaints
    assert "secret" not in complaints


def test_built_files_are_kept_for_ever_and_the_page_itself_is_not(install: Callable[..., Installation]) -> None:
    installation = install()
    installation.seed()
    web = installation.start_web()
    page = httpx.get(f"{web.url}/", trust_env=False)
    assert page.headers["cache-control"] == "no-cache"
    named = httpx.get(f"{web.url}/index.html", trust_env=False)
    assert "default-src 'self'" in named.headers["content-security-policy"]
    scripts = re.findall(r'src="(/assets/[^"]+\.js)"', page.text)
    assert scripts
    script = httpx.get(web.url + scripts[0], trust_env=False)
    assert script.status_code == 200
    assert "immutable" in script.headers["cache-control"]
    assert "javascript" in script.headers["content-type"]
    assert "ERROR" not in installation.log_of("web").read_text()
    assert "Warning" not in installation.log_of("web").read_text()
