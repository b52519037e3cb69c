"""Fixtures over the real servers: started once a run, with a fresh database and data folder for each test."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.running.product import Installation
from tests.running.services import Postgres, Redis, running

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # The server runs as another user, who cannot walk into pytest's own folders.
    with tempfile.TemporaryDirectory(prefix="embryovision-postgres-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder))
        with running(server):
            yield server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    server = Redis(tmp_path_factory.mktemp("redis"))
    with running(server):
        yield server


@pytest.fixture(scope="session")
def seeded_installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Migrated and peopled once; other embedded installations start as copies of it."""
    installation = Installation(tmp_path_factory.mktemp("seeded"))
    installation.seed()
    return installation


@pytest.fixture(scope="session")
def seeded_database(postgres: Postgres, seeded_installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The same on PostgreSQL, in the database `seeded`."""
    installation = Installation(tmp_path_factory.mktemp("seeded-postgres"), {"DATABASE_URL": postgres.new_database("seeded")})
    installation.seed()
    return installation


def _installer(folder: Path, template: Installation) -> Iterator[Callable[..., Installation]]:
    made: list[Installation] = []

    def make(**settings: str) -> Installation:
        made.append(Installation(folder / f"installation-{len(made)}", settings, template=None if "DATABASE_URL" in settings else template))
        return made[-1]

    yield make
    for installation in made:
        installation.close()


@pytest.fixture
def install(tmp_path: Path, seeded_installation: Installation) -> Iterator[Callable[..., Installation]]:
    """Make installations with these settings; their processes end with the test."""
    yield from _installer(tmp_path, seeded_installation)


@pytest.fixture(scope="module")
def install_for_module(
    tmp_path_factory: pytest.TempPathFactory, seeded_installation: Installation
) -> Iterator[Callable[..., Installation]]:
    """The same for tests that share a running product; its processes end with the module."""
    yield from _installer(tmp_path_factory.mktemp("module"), seeded_installation)


@pytest.fixture(params=["embedded", pytest.param("servers", marks=pytest.mark.both_stacks)])
def installation(request: pytest.FixtureRequest, install: Callable[..., Installation]) -> Installation:
    """The product on SQLite and the filesystem broker, and again on PostgreSQL and Redis."""
    if request.param == "embedded":
        return install()
    postgres: Postgres = request.getfixturevalue("postgres")
    redis_server: Redis = request.getfixturevalue("redis_server")
    template: Installation = request.getfixturevalue("seeded_database")
    database = postgres.new_database(f"test_{next(_numbers)}", template="seeded")
    made = install(DATABASE_URL=database, REDIS_URL=redis_server.new_database())
    made.template = template
    return made
