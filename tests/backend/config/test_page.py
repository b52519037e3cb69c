from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import AsyncClient
from rest_framework.test import APIClient

from backend.config import readiness
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


@pytest.fixture
def script(settings: Any, tmp_path: Path) -> bytes:
    """A built script with a compressed sibling, at /assets/app-1a2b3c4d.js."""
    settings.WHITENOISE_ROOT = tmp_path
    content = b"export default 1;\n" * 50
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "app-1a2b3c4d.js").write_bytes(content)
    (tmp_path / "assets" / "app-1a2b3c4d.js.gz").write_bytes(gzip.compress(content))
    return content


async def test_a_built_file_is_sent_whole_in_part_compressed_or_not_again(script: bytes) -> None:
    """The server's event loop never reads a file itself: Django warns where it would, and warnings are errors here."""
    path, browser = "/assets/app-1a2b3c4d.js", AsyncClient()
    whole = await browser.get(path)
    assert (whole.status_code, whole.streaming, whole.content) == (200, False, script)
    assert "immutable" in whole["Cache-Control"]
    assert (whole["Content-Type"], whole["Content-Length"]) == ('text/javascript; charset="utf-8"', str(len(script)))
    packed = await browser.get(path, headers={"accept-encoding": "gzip"})
    assert (packed["Content-Encoding"], packed["Vary"], gzip.decompress(packed.content)) == ("gzip", "Accept-Encoding", script)
    part = await browser.get(path, headers={"range": "bytes=7-13"})
    assert (part.status_code, part.content, part["Content-Range"]) == (206, b"default", f"bytes 7-13/{len(script)}")
    again = await browser.get(path, headers={"if-none-match": whole["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    told = await browser.head(path)
    assert (told.status_code, told.content, told["Content-Length"]) == (200, b"", str(len(script)))
    assert (await browser.post(path)).status_code == 405


def test_an_error_of_our_own_is_answered_in_the_shape_of_every_error(settings: Any) -> None:
    settings.FRONTEND_DIR = 17
    answer = APIClient(raise_request_exception=False).get("/")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.json()["hint"]
    assert b"TypeError" not in answer.content


def test_a_process_before_its_migrations_or_on_a_full_disk_is_not_ready(db: None, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    MigrationRecorder.Migration.objects.filter(app="live").delete()
    monkeypatch.setattr(readiness, "LEAST_FREE_BYTES", 1 << 62)
    migrations, disk = APIClient().get("/readyz").json()["complaints"]
    assert migrations == "1 database migrations wait: run `python manage.py migrate`."
    assert "MiB left" in disk


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
