"""One contract: the live messages join the REST schema in one OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from backend.live import events


def add_live_messages(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: ARG001 - drf-spectacular's signature
    """Fold the websocket's messages into `components.schemas`, as LiveClientMessage and LiveServerMessage."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    adapters: dict[str, TypeAdapter[Any]] = {
        "LiveClientMessage": events.CLIENT_MESSAGE,
        "LiveServerMessage": events.SERVER_MESSAGE,
        "LiveEvent": events.EVENT,
    }
    for name, adapter in adapters.items():
        # Serialisation mode with required defaults, or the discriminator comes out optional.
        schema = adapter.json_schema(mode="serialization", ref_template="#/components/schemas/Live{model}")
        for inner, definition in schema.pop("$defs", {}).items():
            schemas[f"Live{inner}"] = definition
        schemas[name] = schema
    return result
