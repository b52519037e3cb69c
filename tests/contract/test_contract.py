from __future__ import annotations

import json

from django.core.management import call_command

from backend.config.management.commands.contract import CONTRACT, document
from backend.live import events


def test_the_committed_contract_is_the_one_that_follows_from_the_code() -> None:
    assert CONTRACT.read_text(encoding="utf-8") == document(), "run `make contract`"
    call_command("contract", check=True)


def test_every_live_message_is_in_the_contract_with_a_type_that_tells_it_apart() -> None:
    schemas = json.loads(CONTRACT.read_text(encoding="utf-8"))["components"]["schemas"]
    assert {"LiveClientMessage", "LiveServerMessage", "LiveEvent"} <= schemas.keys()
    for event in events.Event.__origin__.__args__:
        schema = schemas[f"Live{event.__name__}"]
        assert "type" in schema["required"]
        assert schema["properties"]["type"]["const"] == event.model_fields["type"].default
        assert "." in schema["properties"]["type"]["const"]


def test_every_reference_of_the_contract_leads_somewhere() -> None:
    text = CONTRACT.read_text(encoding="utf-8")
    schemas = json.loads(text)["components"]["schemas"]
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= schemas.keys()
