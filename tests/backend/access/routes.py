"""Every address of the product and every method it answers, read from the resolver itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

PAGE = "^(?!(?:api|media|ws|static)(?:/|$)).*$"


def all_routes() -> set[tuple[str, str]]:
    """(method, route) of everything; OPTIONS and HEAD count where a view answers them in its own way."""
    return {(method, route) for route, view in _patterns(get_resolver().url_patterns, "") for method in _methods(view)}


def _patterns(patterns: list[Any], before: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, before + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield before + str(pattern.pattern), pattern.callback


def _methods(view: Any) -> set[str]:
    kind = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if kind is None:
        return {"GET"}
    methods = {name.upper() for name in kind.http_method_names if hasattr(kind, name)}
    if kind.options is APIView.options:
        methods.discard("OPTIONS")
    return methods
