"""Refusals that reach people: what happened, why, and what to do next."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions, status


class Refused(exceptions.APIException):
    """A typed answer to something that cannot be done; services raise it, the API answers it as `{code, detail, hint}`."""

    status_code: int = status.HTTP_400_BAD_REQUEST

    def __init__(self, code: str, detail: str, hint: str = "", *, http_status: int | None = None) -> None:
        super().__init__(detail, code)
        self.code = code
        self.hint = hint
        if http_status is not None:
            self.status_code = http_status

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "detail": str(self.detail), "hint": self.hint}


def refusal(code: str, detail: str, hint: str = "") -> dict[str, Any]:
    """What a job keeps of a failure, and what the page shows of it."""
    return {"code": code, "detail": detail[:1000], "hint": hint[:500]}
