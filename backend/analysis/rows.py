"""Rows that take the place of what was said before about the same thing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


def put(table: type[Row], rows: Iterable[Row], *, key: Sequence[str]) -> None:
    """Add the rows, or let them take the place of those with the same key."""
    values = [field.name for field in table._meta.concrete_fields if field.name not in {*key, "id", "created_at"}]
    where_known: dict[str, Any] = {"update_conflicts": True, "unique_fields": list(key), "update_fields": values}
    # Rows that are all key cannot be told anew.
    table._default_manager.bulk_create(list(rows), **(where_known if values else {"ignore_conflicts": True}))
