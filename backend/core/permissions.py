"""What a member of a lab may do; views name one of these and nothing else decides."""

from __future__ import annotations

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class SignedIn(BasePermission):
    """Anybody who is signed in or carries a token; what they see is decided by selectors."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user and request.user.is_authenticated)
