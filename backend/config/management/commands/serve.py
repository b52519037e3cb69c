"""`manage.py serve` runs the whole product on this computer: the page, the worker and, the first time, the demo."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.accounts.selectors import needs_setup
from backend.accounts.services import create_setup_link
from backend.config.preparing import prepare
from backend.config.processes import Child, Supervisor
from backend.config.worker import worker_children

ANYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 - compared with, not bound to


class Command(BaseCommand):
    help = "Run the page and the worker until Ctrl+C; prints the link that makes the first admin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--no-demo", action="store_true", help="do not fill a demo lab")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        host, port = options["host"], options["port"]
        _require_free(host, port)
        with _only_one():
            prepare()
            children = [_web(host, port), *worker_children()]
            if not options["no_demo"]:
                children.append(Child("demo", [sys.executable, "manage.py", "seed-demo"], is_once=True))
            shown = f"http://{'127.0.0.1' if host in ANYWHERE else host}:{port}"
            Supervisor(children, when_up=lambda: self._greet(shown, host), is_up=lambda: _accepts(host, port)).run()

    def _greet(self, shown: str, host: str) -> None:
        lines = [f"EmbryoVision runs at {shown}/"]
        if needs_setup():
            # The fragment never reaches a server, so the secret stays out of every log but this terminal.
            lines += ["", "Set up the first admin (this link works once, for an hour):", f"  {shown}/setup#token={create_setup_link()}"]
        if host in ANYWHERE and not settings.IS_PRODUCTION:
            lines += ["", "Other computers reach it once ALLOWED_HOSTS names the host they use."]
        lines += ["", "Ctrl+C ends it."]
        self.stdout.write("\n" + "\n".join(lines) + "\n")
        self.stdout.flush()


def _web(host: str, port: int) -> Child:
    options = ["--host", host, "--port", str(port), "--ws-max-size", "65536", "--log-level", "warning", "--lifespan", "off"]
    ending = ["--timeout-graceful-shutdown", "5", "--no-server-header"]
    environment = {} if host in ANYWHERE else {"ALLOWED_HOSTS": ",".join([*settings.ALLOWED_HOSTS, host])}
    return Child("web", [sys.executable, "-m", "uvicorn", "backend.config.asgi:application", *options, *ending], environment)


def _require_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"{host}:{port} cannot be listened on ({error.strerror}); choose another with PORT=... or --port.") from None


def _accepts(host: str, port: int) -> bool:
    target = "127.0.0.1" if host in ANYWHERE else host
    with contextlib.suppress(OSError), socket.create_connection((target, port), timeout=0.5):
        return True
    return False


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Two at once on one data folder would share its broker's files and double its workers."""
    Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True)
    with Path(settings.DATA_DIR, "serve.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"EmbryoVision runs already on {settings.DATA_DIR}; stop it, or give another folder with DATA=...") from None
        os.set_inheritable(lock.fileno(), False)
        yield
