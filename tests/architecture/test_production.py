from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable

import pytest

from tests.running.product import PATIENCE_S, ROOT, Installation

GOOD = {
    "PRODUCTION": "true",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "embryo.example.org",
    "PUBLIC_ORIGINS": "https://embryo.example.org",
}


def check(installation: Installation) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / ".venv/bin/python"), "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=installation.environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


def test_the_deployment_check_is_clean(install: Callable[..., Installation]) -> None:
    done = check(install(**GOOD))
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter than 50 characters"),
        ({"SECRET_KEY": "a" * 64}, "SECRET_KEY"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS holds '*'"),
        ({"ALLOWED_HOSTS": ".org,*"}, "ALLOWED_HOSTS holds '*'"),
        ({"PUBLIC_ORIGINS": ""}, "PUBLIC_ORIGINS is empty"),
        ({"PUBLIC_ORIGINS": "*"}, "PUBLIC_ORIGINS"),
        ({"PUBLIC_ORIGINS": "http://embryo.example.org"}, "PUBLIC_ORIGINS"),
        ({"DEBUG": "true"}, "DEBUG"),
    ],
)
def test_production_refuses_to_start_with_a_setting_that_is_not_safe(
    install: Callable[..., Installation], wrong: dict[str, str], complaint: str
) -> None:
    done = check(install(**{**GOOD, **wrong}))
    assert done.returncode != 0
    assert complaint in done.stderr


def test_an_installation_makes_its_own_secret_that_nobody_else_can_read(install: Callable[..., Installation]) -> None:
    installation = install()
    installation.manage("check")
    file = installation.data / "secret_key"
    assert len(file.read_text()) >= 64
    assert file.stat().st_mode & 0o077 == 0
