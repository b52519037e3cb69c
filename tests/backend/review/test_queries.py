"""How many SQL queries each of the review's requests costs, pinned in queries.json: a number that rises has to be meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from backend.imaging.models import Stack
from tests.backend.conftest import ClientOf
from tests.backend.review.dish import at_frame, change, patch, submit, write
from tests.cast import Cast

PINNED = Path(__file__).with_name("queries.json")


def counted(client: APIClient, stack: Stack) -> dict[str, int]:
    """Each request once; reads first, and what writes on the latest versions."""
    reading, dish = f"/api/readings/{stack.id}/A1/", f"/api/stacks/{stack.id}/"
    known = {address: client.get(address).data["version"] for address in (reading, f"{dish}corrections/")}
    frame = 10 + known[reading]
    comment = client.post(f"{dish}comments/", {"place": "A1", "text": "a"}).data["id"]
    box = change("wells.A1.box", {"frame_index": frame, "box": [0, 0, 9, 9]})
    asked: dict[str, Any] = {
        "GET readings/A1": lambda: client.get(reading),
        "GET readings": lambda: client.get(f"{dish}readings/"),
        "GET verdicts": lambda: client.get(f"{dish}verdicts/?place=A1"),
        "GET effective": lambda: client.get(f"{dish}effective/"),
        "GET corrections": lambda: client.get(f"{dish}corrections/"),
        "GET comments": lambda: client.get(f"{dish}comments/"),
        "GET presence": lambda: client.get(f"{dish}presence/"),
        "PATCH readings/A1, one field": lambda: patch(client, reading, known[reading], [at_frame("t3", frame)]),
        "PATCH corrections, one field": lambda: patch(client, f"{dish}corrections/", known[f"{dish}corrections/"], [box]),
        "PATCH comments": lambda: client.patch(f"/api/comments/{comment}/", {"is_resolved": True}, headers={"If-Match": '"1"'}),
        "POST presence": lambda: client.post(f"{dish}presence/", {"place": "A1", "doing": "looking"}),
    }
    found = {}
    for name, ask in asked.items():
        with CaptureQueriesContext(connection) as queries:
            answer = ask()
        assert answer.status_code in (200, 204), (name, answer.data)
        found[name] = len(queries)
    return found


def test_requests_cost_what_is_written_down_however_many_readings_there_are(
    stack: Stack, embryologist_client: APIClient, client_of: ClientOf, cast: Cast
) -> None:
    write(embryologist_client, stack, [at_frame("t2", 5)])
    patch(embryologist_client, f"/api/stacks/{stack.id}/corrections/", 0, [change("layout", "1x3")])
    embryologist_client.post(f"/api/stacks/{stack.id}/presence/", {"place": "A1", "doing": "looking"})
    pinned = json.loads(PINNED.read_text())
    found = counted(embryologist_client, stack)
    assert found == pinned, f"if this is meant, queries.json is now {json.dumps(found)}"
    for reader in (cast.colleague, cast.lab_admin):
        for place in ("A1", "A2"):
            write(client_of(reader), stack, [at_frame("t2", 7), change("grades.icm", "C")], place)
            submit(client_of(reader), stack, place, version=1)
    assert counted(embryologist_client, stack) == pinned
