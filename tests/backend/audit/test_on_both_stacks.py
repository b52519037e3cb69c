"""The chain on SQLite and again on PostgreSQL, whose transactions run at the same time and whose JSON is spelled anew."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.running.product import PATIENCE_S, ROOT, Installation

WRITERS, ROWS = 4, 50


def verify(installation: Installation, *options: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "manage.py", "audit", "verify", "--json", *options],
        cwd=ROOT,
        env=installation.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def shell(installation: Installation, code: str) -> str:
    return installation.manage("shell", "--no-imports", "-c", code).strip()


def sql(installation: Installation, *statements: str) -> None:
    for statement in statements:
        shell(installation, f"from django.db import connection; connection.cursor().execute({statement!r})")


def test_a_chain_of_four_writers_at_once_is_one_line_and_a_cut_end_is_found_by_a_checkpoint(
    installation: Installation, tmp_path: Path
) -> None:
    installation.seed()
    start = verify(installation)[1]["rows"]
    writers = [installation.start(f"writer-{name}", "-m", "tests.backend.audit.writer", f"w{name}", str(ROWS)) for name in range(WRITERS)]
    assert [writer.wait(120) for writer in writers] == [0] * WRITERS
    written = start + WRITERS * (ROWS + ROWS // 5)
    status, told = verify(installation)
    assert (status, told["is_whole"], told["rows"], told["bad"]) == (0, True, written, None)

    installation.manage("audit", "checkpoint", "--out", str(tmp_path / "checkpoint.json"))
    with_checkpoint = ("--checkpoint", str(tmp_path / "checkpoint.json"))
    assert verify(installation, *with_checkpoint)[0] == 0
    # Somebody puts back the whole record as it was a few rows ago, its sealed end included: only the checkpoint knows better.
    head = "select count, digest, seal from audit_head"
    kept = shell(installation, f"from django.db import connection as c; k = c.cursor(); k.execute({head!r}); print(*k.fetchone())")
    installation.run("-m", "tests.backend.audit.writer", "late", "3")
    installation.manage("audit", "checkpoint", "--out", str(tmp_path / "checkpoint.json"))
    count, digest, seal = kept.split()
    sql(
        installation,
        f"delete from audit_entry where id > {count}",
        f"update audit_head set count = {count}, digest = '{digest}', seal = '{seal}'",
    )
    assert verify(installation)[0] == 0
    status, told = verify(installation, *with_checkpoint)
    assert (status, told["bad"]["row"], told["bad"]["problem"]) == (1, written + 1, "cut")

    sql(installation, "update audit_entry set reason = 'another' where id = 7")
    status, told = verify(installation)
    assert (status, told["bad"]["row"], told["bad"]["problem"], told["rows"]) == (1, 7, "changed", 6)


OLD_ROWS = """from django.db import connection as c
k = c.cursor()
k.execute("select id from accounts_user order by email limit 1"); user = k.fetchone()[0]
k.execute("delete from audit_entry")
for n in (3, 4, 9, 1200, 5000):
    k.execute(
        "insert into audit_entry (id, at, actor_id, actor_name, lab_id, action, subject, after, reason) "
        "values (%s, '2026-01-01 10:00:00.25+00:00', %s, 'Ann', null, 'lab.renamed', %s, %s, '')",
        [n, user if n % 2 else None, f"lab {n}", '{"z": 1e3, "a": 0.10, "name": "Север"}'],
    )"""


def test_rows_of_before_the_chain_are_chained_in_their_order_and_more_follow_them(installation: Installation) -> None:
    installation.seed()
    installation.manage("migrate", "audit", "0001", "--verbosity", "0")
    shell(installation, OLD_ROWS)
    installation.manage("migrate", "audit", "--verbosity", "0")
    status, told = verify(installation)
    assert (status, told["rows"]) == (0, 5)
    code = "from backend.audit.models import Entry as E; print([(e.id, e.subject, bool(e.actor_key)) for e in E.objects.order_by('id')])"
    assert shell(installation, code) == str(
        [(1, "lab 3", True), (2, "lab 4", False), (3, "lab 9", True), (4, "lab 1200", False), (5, "lab 5000", False)]
    )
    installation.run("-m", "tests.backend.audit.writer", "new", "5")
    assert (verify(installation)[0], verify(installation)[1]["rows"]) == (0, 11)


def test_another_key_neither_starts_nor_writes_nor_reads_a_checkpoint(installation: Installation, tmp_path: Path) -> None:
    installation.seed()
    file = tmp_path / "checkpoint.json"
    installation.manage("audit", "checkpoint", "--out", str(file))
    assert (installation.data / "audit_key").stat().st_mode & 0o077 == 0

    def ended(*arguments: str) -> tuple[int, str]:
        environment = {**installation.environment, "AUDIT_KEY": "a key that somebody set only later, long enough"}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        return done.returncode, done.stderr + done.stdout

    for arguments in (("manage.py", "prepare"), ("-m", "tests.backend.audit.writer", "other", "1"), ("manage.py", "audit", "verify")):
        status, said = ended(*arguments)
        assert status == 1, arguments
        assert "another key" in said
        assert "AUDIT_KEY" in said
    status, said = ended("manage.py", "audit", "verify", "--checkpoint", str(file))
    assert status == 1
    assert "signed with another key" in said
    file.write_text(file.read_text().replace('"count": ', '"count": 1'))
    done = subprocess.run(
        [sys.executable, "manage.py", "audit", "verify", "--checkpoint", str(file)],
        cwd=ROOT,
        env=installation.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 1
    assert "changed after it was signed" in done.stderr
