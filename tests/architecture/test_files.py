from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LINES, SVELTE_LINES = 400, 200
SHAPELESS = {"utils", "helpers", "common", "misc", "util", "helper"}
PLACES = ("backend", "detector", "tests", "frontend/src", "scripts", "docker", "docs")


def ours(*endings: str) -> Iterator[Path]:
    for place in PLACES:
        for path in (ROOT / place).rglob("*"):
            if path.suffix in endings and "node_modules" not in path.parts and "migrations" not in path.parts:
                yield path


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_outgrows_its_ceiling() -> None:
    limits = {".py": PYTHON_LINES, ".svelte": SVELTE_LINES, ".ts": PYTHON_LINES}
    # The page's types are made from the contract, nobody writes or reads them whole.
    made = ROOT / "frontend/src/lib/api/schema.d.ts"
    too_long = {
        str(path.relative_to(ROOT)): lines_of(path) for path in ours(*limits) if path != made and lines_of(path) > limits[path.suffix]
    }
    assert not too_long


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert not [str(path.relative_to(ROOT)) for path in ours(".py", ".ts", ".svelte") if path.name.split(".")[0] in SHAPELESS]


def test_every_app_keeps_its_things_where_every_other_app_keeps_them() -> None:
    """Models, and the writing and reading of them, are found in files of the same name everywhere."""
    for app in (path.parent for path in (ROOT / "backend").glob("*/models.py") if path.parent.name != "core"):
        assert (app / "migrations" / "0001_initial.py").is_file(), app.name
        assert (app / "selectors.py").is_file(), app.name


def test_nothing_of_this_machine_and_no_unfinished_thing_is_written_down() -> None:
    mine = Path(__file__).resolve()
    unfinished = re.compile(r"\b(TODO|FIXME|XXX)\b|/(work|root)/")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in ours(".py", ".ts", ".svelte", ".md", ".toml", ".sh", ".yml", ".yaml")
        if path != mine
        for line in path.read_text(encoding="utf-8").splitlines()
        if unfinished.search(line)
    ]
    assert not found


def test_no_tracked_file_is_large_or_secret() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    large = [str(path.relative_to(ROOT)) for path in paths if path.is_file() and path.stat().st_size > 16 * 1024**2]
    secret = [
        str(path.relative_to(ROOT))
        for path in paths
        if path.name in {".env", "secret_key", "id_rsa"} or path.suffix in {".pem", ".key", ".sqlite3"}
    ]
    assert not large
    assert not secret
