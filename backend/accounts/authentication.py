"""How a request says who it comes from: a browser's session with CSRF enforced, or a program's token."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from backend.accounts import selectors
from backend.accounts.actor import Actor, actor_for
from backend.accounts.models import ApiToken, User
from backend.core.errors import Refused

BEARER = "bearer"


class SessionUser(SessionAuthentication):
    """A signed-in browser; writes need the CSRF header."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        # A program that sends a token is judged by the token alone, whatever cookies come along.
        return None if bearer_in(request.headers.get("Authorization", "")) is not None else super().authenticate(request)

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        """Makes DRF answer 401 to the signed-out, not 403."""
        return 'Session realm="api"'

    def enforce_csrf(self, request: Request) -> None:
        try:
            # Django's own request: looking for a form field in DRF's would parse the body, and a chunk of an upload is no form.
            super().enforce_csrf(request._request)  # type: ignore[arg-type]
        except PermissionDenied:
            raise Refused(
                "csrf_failed", "The request does not prove that it comes from our page.", "Reload the page and try again.", http_status=403
            ) from None


class AnyBrowser(SessionUser):
    """A browser, signed in or not: signing in needs the CSRF header too, or a foreign page could sign people in as somebody else."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        self.enforce_csrf(request)
        return super().authenticate(request)


class TokenUser(BaseAuthentication):
    """`Authorization: Bearer ev_...`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        sent = bearer_in(request.headers.get("Authorization", ""))
        if sent is None:
            return None
        token = selectors.token_in_use(sent)
        if token is None:
            raise AuthenticationFailed("This token is unknown, expired or withdrawn.", code="wrong_token")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        return 'Bearer realm="api"'


def bearer_in(header: str) -> str | None:
    """The token of an Authorization header, or None where it carries none."""
    scheme, _, value = header.partition(" ")
    return value.strip() if scheme.lower() == BEARER else None


def actor_of_session(session_key: str) -> Actor | None:
    """Read session, user and roles anew; None once the person signed out, was switched off or changed the password."""
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    return actor_for(user) if isinstance(user, User) and user.is_active else None


def actor_of_token(sent: str) -> Actor | None:
    """Read token, user and roles anew; None once the token is withdrawn or expired."""
    token = selectors.token_in_use(sent)
    return actor_for(token.user, token) if token is not None else None


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = SessionUser
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002 - drf-spectacular's signature
        return {"type": "apiKey", "in": "cookie", "name": "embryovision_session"}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenUser
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002 - drf-spectacular's signature
        return {"type": "http", "scheme": "bearer"}
