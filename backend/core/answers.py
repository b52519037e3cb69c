"""How errors leave the API."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from backend.core.errors import Refused


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """Give every error of the API the same shape; field errors stay under `fields`."""
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, Refused):
        response.data = error.as_dict()
    elif isinstance(error, exceptions.ValidationError):
        response.data = {
            "code": "invalid",
            "detail": "Some fields are not right.",
            "hint": "Correct the marked fields.",
            "fields": response.data,
        }
    elif isinstance(error, Http404 | exceptions.NotFound):
        response.data = {"code": "not_found", "detail": "There is nothing here, or it belongs to another lab.", "hint": ""}
    elif isinstance(error, exceptions.APIException):
        codes = error.get_codes()
        response.data = {"code": codes if isinstance(codes, str) else "refused", "detail": str(error.detail), "hint": ""}
    return response
