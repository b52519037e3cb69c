"""What a request may do before anything is looked up; labs and roles are decided by selectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission

from backend.core.errors import Refused

if TYPE_CHECKING:
    # DRF's views import these classes while they are being imported themselves.
    from rest_framework.request import Request
    from rest_framework.views import APIView


class SignedIn(BasePermission):
    """Anybody who is signed in, or carries a token whose scope allows the method."""

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002 - DRF's signature
        if not (request.user and request.user.is_authenticated):
            return False
        if request.method not in SAFE_METHODS and not getattr(request.auth, "may_write", True):
            raise Refused("read_only_token", "This token may only read.", "Make a token with the scope 'write'.", http_status=403)
        return True


class InPerson(SignedIn):
    """Somebody signed in with a browser: accounts, members and tokens are not managed by tokens."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not super().has_permission(request, view):
            return False
        if request.auth is not None:
            raise Refused("needs_session", "A token cannot manage accounts.", "Sign in with a browser.", http_status=403)
        return True
