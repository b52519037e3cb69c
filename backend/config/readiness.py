"""What the process needs to do its work, looked at when somebody asks."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

LEAST_FREE_BYTES = 512 * 1024**2


def complaints() -> list[str]:
    """One sentence for each thing that is wrong; none means ready."""
    return [complaint for check in (_database, _data_folder, _broker, _interface) if (complaint := check())]


def _database() -> str:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return f"The database does not answer ({type(error).__name__})."
    return f"{len(waiting)} database migrations wait: run `python manage.py migrate`." if waiting else ""


def _data_folder() -> str:
    folder = Path(settings.DATA_DIR)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"ready")
            file.flush()
    except OSError as error:
        return f"The data folder cannot be written to ({error.strerror})."
    free = shutil.disk_usage(folder).free
    return f"The data folder's disk has only {free // 1024**2} MiB left." if free < LEAST_FREE_BYTES else ""


def _broker() -> str:
    if not settings.REDIS_URL:
        return ""
    import redis

    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        return f"Redis does not answer ({type(error).__name__}); runs start and news arrive later than usual."
    return ""


def _interface() -> str:
    return "" if Path(settings.FRONTEND_DIR, "index.html").is_file() else "The interface is not built: run `make setup`."
