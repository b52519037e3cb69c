"""Requests made up from the contract, right and wrong ones: whatever is sent, the answer is typed and never a 5xx.

The routes that carry a file's bytes speak tus and are tested with the protocol's own client; the rest is all here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from unittest import SkipTest

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from backend.config.management.commands.contract import CONTRACT
from tests.backend.access.world import World
from tests.running.sessions import session_of

ROLES = ("embryologist", "viewer", "outsider")
QUICKLY = settings(
    max_examples=8, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
BYTES = {("POST", "/api/uploads/"), ("PATCH", "/api/uploads/{upload_id}"), ("DELETE", "/api/uploads/{upload_id}")}


def operations() -> Iterator[Any]:
    contract = json.loads(CONTRACT.read_text(encoding="utf-8"))
    # Who asks is the test's business: no credentials are made up.
    for part in [contract["components"], *(operation for path in contract["paths"].values() for operation in path.values())]:
        part.pop("securitySchemes", None)
        part.pop("security", None)
    for result in schemathesis.openapi.from_dict(contract).get_all_operations():
        operation = result.ok()
        if (operation.method.upper(), operation.path) not in BYTES:
            yield operation


def meet_the_world(case: Any, world: World) -> None:
    """Made-up ids never exist; with real ones the request gets past the door."""
    ids = {
        "lab_id": world.cast.lab.id,
        "dish_id": world.dish.id,
        "comment_id": world.comment.id,
        "run_id": world.run.id,
        "adaptation_id": world.adaptation.id,
        "stack_id": world.recognised.id,
        "token_id": world.token.id,
        "invitation_id": world.invitation.id,
    }
    fields = {
        "lab": world.cast.lab.id,
        "batch": world.whole.batch,
        "stack": world.stack.id,
        "dish": world.dish.id,
        "topic": f"lab.{world.cast.lab.id}",
    }
    for name in case.path_parameters or {}:
        case.path_parameters[name] = str(ids.get(name, case.path_parameters[name]))
    for part in (case.query, case.body):
        if isinstance(part, dict):
            part.update({name: str(value) for name, value in fields.items() if name in part})


def send(case: Any, application: Any, session: str) -> Any:
    cookies, headers = {"embryovision_session": session, "embryovision_csrf": "c" * 32}, {"X-CSRFToken": "c" * 32}
    with transaction.atomic():
        answer = case.call(app=application, headers=headers, cookies=cookies, base_url="http://localhost")
        transaction.set_rollback(True)
    return answer


@pytest.fixture
def open_database(world: World) -> Iterator[None]:
    """The application would close the connection between requests, and the test's transaction with it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def try_out(operation: Any, world: World, application: Any, sessions: dict[str, str]) -> dict[str, set[int]]:
    """Send made-up requests to one operation in everybody's name, the same ones in every run; gives the statuses that came back."""
    statuses: dict[str, set[int]] = {role: set() for role in sessions}

    @QUICKLY
    @given(data=st.data())
    def one(data: st.DataObject) -> None:
        mode = data.draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
        try:
            case = data.draw(operation.as_strategy(generation_mode=mode))
        except SkipTest:
            # Nothing that this operation takes can be wrong.
            return
        if data.draw(st.sampled_from([True, True, False])):
            meet_the_world(case, world)
        # Making a request up takes longer than answering it.
        for role, session in sessions.items():
            answer = send(case, application, session)
            statuses[role].add(answer.status_code)
            assert answer.status_code < 500, (role, case.as_curl_command(), answer.text)
            if answer.status_code >= 400 and case.path.startswith("/api/"):
                assert {"code", "detail", "hint"} <= json.loads(answer.text).keys()

    one()
    return statuses


def test_no_generated_request_makes_the_server_fail_whoever_sends_it(world: World, open_database: None) -> None:
    application = get_wsgi_application()
    sessions = {role: session_of(getattr(world.cast, role)) for role in ROLES}
    answered = {operation.label: try_out(operation, world, application, sessions) for operation in operations()}
    for role in ROLES:
        assert not [label for label, statuses in answered.items() if not statuses[role]]
        # Enough of them got past the doors, or this test would say little.
        passed = [label for label, statuses in answered.items() if {200, 201, 202, 204} & statuses[role]]
        assert len(passed) >= 10, (role, answered)
