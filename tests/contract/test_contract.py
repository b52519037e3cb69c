from __future__ import annotations

import json
import re

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


def test_one_thing_has_one_name_in_every_address() -> None:
    """What stands for a recording is called alike below it, in every app; and every operation is named by what it does."""
    paths = json.loads(CONTRACT.read_text(encoding="utf-8"))["paths"]
    names = {(before, name) for path in paths for before, name in re.findall(r"/([a-z-]+)/\{(\w+)\}", path)}
    # An embryo is asked for by its well's place, such as A1, which people know; one's own reading of it, by that and the recording.
    # A picture that labels speak of has no row of its own, so a word stands for it; differences of a check are numbered in it.
    names = {(things, name) for things, name in names if name not in ("place", "reference", "number")} - {("readings", "stack_id")}
    assert len(names) == len({things for things, _ in names})
    for things, name in names:
        one = things if things == "weights" else things.removesuffix("s").removesuffix("e" if things == "dishes" else "")
        whole = one.replace("-", "_")
        assert name == f"{whole}_id" or (whole.startswith("label_") and name == f"{whole.removeprefix('label_')}_id"), (things, name)
    operations = [operation["operationId"] for path in paths.values() for method, operation in path.items() if method != "parameters"]
    assert len(operations) == len(set(operations))
    assert [name for name in operations if name.endswith(("_retrieve", "_destroy", "_partial_update"))] == []


def test_every_reference_of_the_contract_leads_somewhere() -> None:
    text = CONTRACT.read_text(encoding="utf-8")
    schemas = json.loads(text)["components"]["schemas"]
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= schemas.keys()
