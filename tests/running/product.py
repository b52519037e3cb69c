"""The product's own processes, started as people start them, with their own data folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.running.ports import accepts, ending_with_us, free_port, stop, tail_of, wait_until

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 600.0
"""Ends a wait that would last for ever; a process that works may take long on a busy machine."""
OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "STORAGE_URL",
    "SECRET_KEY",
    "AUDIT_KEY",
    "PRODUCTION",
    "PUBLIC_ORIGINS",
    "ALLOWED_HOSTS",
    "SERVER_FOLDER",
    "WEIGHTS_DIR",
    "DATA",
)


class Installation:
    """A data folder and an environment; processes are started on it and all end with it."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None, *, template: Installation | None = None) -> None:
        self.folder, self.template = folder, template
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        self.environment = {
            **kept,
            "DJANGO_SETTINGS_MODULE": "backend.config.settings",
            "DATA": str(self.data),
            "OMP_NUM_THREADS": "1",
            "PYTHONUNBUFFERED": "1",
            **(settings or {}),
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def run(self, *arguments: str, timeout_s: float = PATIENCE_S) -> str:
        """Run `python ...` on this installation to its end and give what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def manage(self, *arguments: str, timeout_s: float = PATIENCE_S) -> str:
        return self.run("manage.py", *arguments, timeout_s=timeout_s)

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `python ...` on this installation; its output goes to `<folder>/<name>.log`."""
        with self.log_of(name).open("ab") as log:
            process = subprocess.Popen(
                ending_with_us([sys.executable, *arguments]),
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def log_of(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def start_web(self, port: int | None = None) -> Web:
        """The web process alone, on the installation's migrated database."""
        port = port or free_port()
        options = ["--host", "127.0.0.1", "--port", str(port), "--ws-max-size", "65536", "--log-level", "warning", "--lifespan", "off"]
        process = self.start("web", "-m", "uvicorn", "backend.config.asgi:application", *options)
        web = Web(self, process, port)
        web.wait()
        return web

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self.start("worker", "manage.py", "worker")

    def start_product(self, *options: str, port: int | None = None) -> Web:
        """Everything, as `make run` starts it: `manage.py serve` with its own worker."""
        port = port or free_port()
        process = self.start("serve", "manage.py", "serve", "--host", "127.0.0.1", "--port", str(port), *options)
        web = Web(self, process, port)
        web.wait()
        return web

    def seed(self) -> dict[str, Any]:
        """Migrate, create the cast, and give ids, session keys and tokens by name; a copy where there is a template."""
        told = self.folder / "seeded.json"
        if self.template is not None:
            # The sessions' signatures hang on the secret, so it is copied too.
            shutil.copytree(self.template.data, self.data, dirs_exist_ok=True)
            shutil.copy(self.template.folder / told.name, told)
        if not told.exists():
            self.manage("migrate", "--verbosity", "0")
            told.write_text(self.run("-m", "tests.running.seed"))
        seeded: dict[str, Any] = json.loads(told.read_text())
        return seeded

    def close(self) -> None:
        for process in reversed(self._processes):
            stop(process)
            # A supervisor that was killed leaves its children.
            kill_with_children(process)


class Web:
    """A web process and its addresses."""

    def __init__(self, installation: Installation, process: subprocess.Popen[bytes], port: int) -> None:
        self.installation, self.process, self.port = installation, process, port
        self.url = f"http://127.0.0.1:{port}"
        self.socket_url = f"ws://127.0.0.1:{port}/ws/live/"

    def wait(self, within_s: float = PATIENCE_S) -> None:
        def is_up() -> bool:
            assert self.process.poll() is None, "the web process ended:\n" + "\n".join(
                tail_of(log) for log in self.installation.folder.glob("*.log")
            )
            return accepts(self.port)

        wait_until(is_up, within_s=within_s, what="the web process's first answer")

    def stop(self) -> None:
        stop(self.process)

    def kill(self) -> None:
        """End the process and its children without a word, as a loss of power does."""
        kill_with_children(self.process)
        self.process.wait(15)


def kill_with_children(process: subprocess.Popen[bytes]) -> None:
    """Nothing where all of them have ended; they share a session and nobody else's."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
