"""A real Label Studio on a loopback port, in an environment of its own: its packages clash with ours."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx

from tests.running.ports import free_port, stop, tail_of, wait_until

VERSION = "1.23.2"
ENVIRONMENT = Path(os.environ.get("LABEL_STUDIO_ENV", Path.home() / ".cache" / "embryovision" / f"label-studio-{VERSION}"))
EMAIL, PASSWORD = "lab@example.org", "correct horse battery"
TOKEN = "0123456789abcdef0123456789abcdef01234567"


DATABASE = "label_studio.sqlite3"
PATIENCE_S = 600
"""On a busy computer its first start, with every migration since 2020, takes minutes."""


def prepared() -> Path:
    """Where Label Studio is installed, beside a database that it has migrated; makes both (1 GB, minutes) where they are not there yet."""
    ENVIRONMENT.parent.mkdir(parents=True, exist_ok=True)
    with ENVIRONMENT.with_name(f"{ENVIRONMENT.name}.lock").open("w") as lock:
        # Two runs of the tests on one machine install it once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (ENVIRONMENT / "bin" / "label-studio").exists():
            subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
            subprocess.run([str(ENVIRONMENT / "bin" / "pip"), "install", "-q", f"label-studio=={VERSION}"], check=True)
        if not template().exists():
            with tempfile.TemporaryDirectory(dir=ENVIRONMENT.parent) as folder:
                first = LabelStudioServer(Path(folder))
                try:
                    first.run()
                finally:
                    first.stop()
                os.replace(Path(folder, DATABASE), template())
    return ENVIRONMENT


def template() -> Path:
    return ENVIRONMENT.with_name(f"{ENVIRONMENT.name}.sqlite3")


class LabelStudioServer:
    """One server with one person, who has both kinds of token."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.legacy_token = TOKEN
        self._process: subprocess.Popen[bytes] | None = None
        self._personal = ""
        self._browser = httpx.Client(base_url=self.address, timeout=60, headers={"Authorization": f"Token {TOKEN}"})

    def start(self) -> None:
        """With a database of its own, migrated before."""
        prepared()
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(template(), self.folder / DATABASE)
        self.run()

    def run(self) -> None:
        ours = {
            "LABEL_STUDIO_BASE_DATA_DIR": str(self.folder),
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
            "COLLECT_ANALYTICS": "false",
            "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "",
            "LATEST_VERSION_CHECK": "false",
            "HOME": str(self.folder),
        }
        # The product's own settings, which Django would read too, are not for this server.
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "TMPDIR")}
        options = ["--no-browser", "--port", str(self.port), "--username", EMAIL, "--password", PASSWORD, "--user-token", TOKEN]
        command = [str(ENVIRONMENT / "bin" / "label-studio"), "start", "--internal-host", "127.0.0.1", *options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, env=kept | ours, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        wait_until(self._answers, within_s=PATIENCE_S, what=f"Label Studio's first answer (see {self.log})")

    def stop(self) -> None:
        self._browser.close()
        if self._process is not None:
            stop(self._process)

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def call(self, method: str, path: str, **sent: Any) -> Any:
        """Ask as the person whom the server knows by the legacy token."""
        answer = self._browser.request(method, path, **sent)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json() if answer.content else None

    def personal_token(self) -> str:
        """The personal access token, the kind that is exchanged for short-lived ones; a person has one at a time."""
        if not self._personal:
            self.call("POST", "/api/jwt/settings", json={"api_tokens_enabled": True, "legacy_api_tokens_enabled": True})
            self._personal = self.call("POST", "/api/token/")["token"]
        return self._personal

    def new_project(self, title: str, config: str) -> int:
        made: int = self.call("POST", "/api/projects/", json={"title": title, "label_config": config})["id"]
        return made

    def imported(self, project: int, tasks: list[dict[str, Any]]) -> Any:
        return self.call("POST", f"/api/projects/{project}/import", json=tasks)

    def exported(self, project: int) -> list[dict[str, Any]]:
        """Every task, unlabelled ones too, as Label Studio's own JSON export says them."""
        told: list[dict[str, Any]] = self.call("GET", f"/api/projects/{project}/export?exportType=JSON&download_all_tasks=true")
        return told

    def _answers(self) -> bool:
        assert self._process is None or self._process.poll() is None, tail_of(self.log)
        try:
            return self._browser.get("/health").is_success
        except httpx.TransportError:
            return False
