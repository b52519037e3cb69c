"""Reads what a client sent."""

from __future__ import annotations

from typing import Any


def checked(serializer: Any) -> dict[str, Any]:
    """The values the serializer accepted, or a refusal that names the wrong fields."""
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data
