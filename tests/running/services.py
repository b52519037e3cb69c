"""Real PostgreSQL and Redis in temporary folders, on loopback ports that were free."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import psycopg.sql
import redis

from tests.running.ports import accepts, ending_with_us, free_port, stop, wait_until


def _binary(name: str) -> str:
    """Debian keeps PostgreSQL's programs outside PATH, one folder a version."""
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    assert found, f"{name} is not installed; `make setup-tests` installs it."
    return found


# PostgreSQL refuses to run as root.
_POSTGRES_USER = ["--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []


def _as_postgres(command: list[str]) -> list[str]:
    return ["setpriv", *_POSTGRES_USER, "--", *command]


class Postgres:
    """One server; each test that needs one gets a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder / "data", free_port()
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        # No fsync: this server's data need not survive the machine, and the tests' time counts.
        made = subprocess.run(
            _as_postgres([_binary("initdb"), "-D", str(self.folder), "-A", "trust", "-U", "embryovision", "-N"]),
            capture_output=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr.decode()

    def start(self) -> None:
        settings = ("listen_addresses=127.0.0.1", "fsync=off", "max_connections=200")
        options = ["-p", str(self.port), "-k", str(self.folder), *(word for setting in settings for word in ("-c", setting))]
        with (self.folder.parent / "log").open("ab") as log:
            # "Interrupt" means "fast": clients are cut off.
            command = ending_with_us([_binary("postgres"), "-D", str(self.folder), *options], *_POSTGRES_USER, signal="INT")
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        wait_until(self._answers, within_s=30, what="PostgreSQL's first answer")

    def stop(self) -> None:
        """`fast`: clients are cut off, as when the machine is restarted."""
        if self._process is not None:
            subprocess.run(
                _as_postgres([_binary("pg_ctl"), "-D", str(self.folder), "-m", "fast", "stop"]),
                capture_output=True,
                check=False,
                timeout=30,
            )
            stop(self._process)
            self._process = None

    def kill(self) -> None:
        """As when the machine loses power: nothing is asked, nothing is written."""
        subprocess.run(
            _as_postgres([_binary("pg_ctl"), "-D", str(self.folder), "-m", "immediate", "stop"]),
            capture_output=True,
            check=False,
            timeout=30,
        )
        if self._process is not None:
            self._process.wait(10)
            self._process = None

    def new_database(self, name: str, template: str = "template1") -> str:
        """Make a database, empty or a copy of another, and give its DATABASE_URL."""
        with psycopg.connect(host="127.0.0.1", port=self.port, user="embryovision", dbname="postgres", autocommit=True) as connection:
            statement = psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(statement.format(psycopg.sql.Identifier(name), psycopg.sql.Identifier(template)))
        return f"postgres://embryovision@127.0.0.1:{self.port}/{name}"

    def _answers(self) -> bool:
        try:
            psycopg.connect(host="127.0.0.1", port=self.port, user="embryovision", dbname="postgres", connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True


class Redis:
    """One server without persistence; each test that needs one takes the next of its 16 databases, emptied."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._numbers = itertools.cycle(range(16))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            _binary("redis-server"),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(self.folder),
        ]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(ending_with_us(command), **quiet, start_new_session=True)
        wait_until(lambda: accepts(self.port), within_s=10, what="Redis' first answer")

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process)
            self._process = None

    def url(self, database: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Empty the database that was given longest ago, and give its REDIS_URL."""
        url = self.url(next(self._numbers))
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        return url


@contextmanager
def running(server: Postgres | Redis) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.stop()
