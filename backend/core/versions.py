"""Optimistic locking over HTTP: an ETag tells the version, a write names the version it was made on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from backend.core.errors import Refused

ETAG = re.compile(r'"(\d{1,9})"')
NO_VERSION = -1
"""A well-formed If-Match that names none of our versions: it matches nothing."""
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    required=False,
    description='The version the change was made on, in quotes as the ETag said it, such as "3". 428 without, 412 where it has changed.',
)


class ChangedMeanwhile(Refused):
    """Somebody else wrote first; `current` is the thing as it is now, so that both can be merged."""

    status_code = status.HTTP_412_PRECONDITION_FAILED

    def __init__(self, current: Any = None) -> None:
        detail = "This was changed meanwhile, here in another window or by somebody else."
        super().__init__("changed_meanwhile", detail, "Look at what it is now, and send your change again on top of it.")
        self.current = current

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "current": self.current}


class ChangedMeanwhileOut(serializers.Serializer[Any]):
    """The body of a 412."""

    code = serializers.CharField()
    detail = serializers.CharField()
    hint = serializers.CharField()
    current = serializers.JSONField()


def asked_version(request: Request | HttpRequest) -> int:
    """The version in If-Match; refuses with 428 where there is none."""
    said = request.headers.get("If-Match", "").strip()
    if said in ("", "*"):
        raise Refused(
            "needs_version",
            "A change has to say which version it was made on.",
            'Read the thing first, and send its ETag as If-Match, such as "3".',
            http_status=428,
        )
    match = ETAG.fullmatch(said)
    return int(match[1]) if match else NO_VERSION


def versioned(data: Any, version: int, http_status: int = status.HTTP_200_OK) -> Response:
    """An answer that carries its version as ETag."""
    return Response(data, status=http_status, headers={"ETag": f'"{version}"'})


def check_version(version: int, current: int) -> None:
    """Refuse with 412 where the row has another version; the caller holds the row locked."""
    if version != current:
        raise ChangedMeanwhile


@contextmanager
def telling_current(current: Callable[[], Any]) -> Iterator[None]:
    """Put the thing as it is now into a 412; read after the refused transaction is over."""
    try:
        yield
    except ChangedMeanwhile as refused:
        refused.current = current()
        raise
