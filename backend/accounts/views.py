"""Sessions, set-up, one's own profile and tokens over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login, logout, update_session_auth_hash
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import ensure_csrf_cookie
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts import selectors, services
from backend.accounts.actor import actor_of
from backend.accounts.authentication import AnyBrowser
from backend.accounts.models import ApiToken, User
from backend.accounts.serializers import (
    AcceptIn,
    CredentialsIn,
    NewTokenOut,
    PasswordIn,
    ProfileIn,
    SessionOut,
    SetupIn,
    StepUpIn,
    StepUpOut,
    TokenIn,
    TokenOut,
    UserOut,
)
from backend.accounts.stepup import step_up
from backend.core.bodies import checked
from backend.core.permissions import InPerson

BACKEND = "django.contrib.auth.backends.ModelBackend"


def session_of(user: Any, http_status: int = 200) -> Response:
    """Who is signed in, and where they work."""
    known = user if isinstance(user, User) else None
    memberships = selectors.memberships_of(known) if known else []
    told = {"user": known, "memberships": memberships, "needs_setup": selectors.needs_setup(), "version": settings.VERSION}
    return Response(SessionOut(told).data, status=http_status)


class SessionView(APIView):
    authentication_classes = [AnyBrowser]
    permission_classes = [AllowAny]

    @extend_schema(operation_id="session_get", auth=[], responses=SessionOut)
    @method_decorator(ensure_csrf_cookie)
    def get(self, request: Request) -> Response:
        """Who is signed in; sets the CSRF cookie that every write has to answer with."""
        return session_of(request.user)

    @extend_schema(operation_id="session_open", auth=[], request=CredentialsIn, responses=SessionOut)
    def post(self, request: Request) -> Response:
        """Sign in; eight failures for an address from one place close that door for 15 minutes."""
        user = services.sign_in(request=request._request, **checked(CredentialsIn(data=request.data)))
        login(request._request, user, BACKEND)
        return session_of(user)

    @extend_schema(operation_id="session_close", auth=[], responses={204: None})
    def delete(self, request: Request) -> Response:
        logout(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)


class StepUpView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="session_step_up", request=StepUpIn, responses=StepUpOut)
    def post(self, request: Request) -> Response:
        """Give the password again; for five minutes this session may sign. Failures count as failures to sign in do."""
        until = step_up(request=request._request, user=actor_of(request).user, **checked(StepUpIn(data=request.data)))
        return Response(StepUpOut({"until": until}).data)


class SetupView(APIView):
    authentication_classes = [AnyBrowser]
    permission_classes = [AllowAny]

    @extend_schema(operation_id="setup", auth=[], request=SetupIn, responses=SessionOut)
    def post(self, request: Request) -> Response:
        """Make the first admin with the link that the server printed."""
        user = services.use_setup_link(**checked(SetupIn(data=request.data)))
        login(request._request, user, BACKEND)
        return session_of(user)


class AcceptView(APIView):
    authentication_classes = [AnyBrowser]
    permission_classes = [AllowAny]

    @extend_schema(operation_id="invitations_accept", auth=[], request=AcceptIn, responses=SessionOut)
    def post(self, request: Request) -> Response:
        """Join a lab; somebody who has an account already gives its password."""
        user = services.accept_invitation(request=request._request, **checked(AcceptIn(data=request.data)))
        login(request._request, user, BACKEND)
        return session_of(user)


class MeView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="me_update", request=ProfileIn, responses=UserOut)
    def patch(self, request: Request) -> Response:
        user = actor_of(request).user
        changes = checked(ProfileIn(user, data=request.data, partial=True))
        return Response(UserOut(services.update_profile(user=user, changes=changes)).data)


class PasswordView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="me_password", request=PasswordIn, responses={204: None})
    def post(self, request: Request) -> Response:
        """Change the password; other browsers are signed out."""
        user = services.change_password(user=actor_of(request).user, **checked(PasswordIn(data=request.data)))
        update_session_auth_hash(request._request, user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokensView(ListAPIView[ApiToken]):
    permission_classes = [InPerson]
    serializer_class = TokenOut
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> Any:
        return selectors.tokens_of(actor_of(self.request))

    @extend_schema(operation_id="tokens_list", responses=TokenOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="tokens_create", request=TokenIn, responses={201: NewTokenOut})
    def post(self, request: Request) -> Response:
        """Make a token; the answer is the only one that carries it."""
        asked = checked(TokenIn(data=request.data))
        token, secret = services.create_token(
            actor=actor_of(request),
            lab_id=asked["lab"],
            name=asked["name"],
            scope=ApiToken.Scope(asked["scope"]),
            expires_at=asked["expires_at"],
        )
        return Response({**TokenOut(token).data, "token": secret}, status=status.HTTP_201_CREATED)


class TokenView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="tokens_revoke", responses={204: None})
    def delete(self, request: Request, token_id: UUID) -> Response:
        services.revoke_token(actor=actor_of(request), token_id=token_id)
        return Response(status=status.HTTP_204_NO_CONTENT)
