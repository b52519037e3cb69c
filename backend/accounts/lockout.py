"""What somebody hears who has failed to sign in too often."""

from __future__ import annotations

from typing import Any

from axes.helpers import get_cool_off
from django.http import HttpRequest, JsonResponse


def answer(request: HttpRequest, response: Any = None, credentials: Any = None) -> JsonResponse:  # noqa: ARG001 - django-axes' signature
    """The same words whether or not the address belongs to anybody."""
    cool_off = get_cool_off(request)
    minutes = int(cool_off.total_seconds() // 60) if cool_off else 0
    detail = {
        "code": "locked_out",
        "detail": "Too many failed attempts to sign in.",
        "hint": f"Try again in {minutes} minutes, or ask an admin.",
    }
    return JsonResponse(detail, status=429, headers={"Retry-After": str(minutes * 60)})
