"""Asks somebody who is signed in for the password again, before what must not be done from a screen that was left unlocked."""

from __future__ import annotations

from datetime import datetime, timedelta

from axes.helpers import get_client_ip_address
from axes.utils import reset
from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from backend.accounts.models import User
from backend.core.changes import Change, tell
from backend.core.errors import Refused

LASTS = timedelta(minutes=5)
KEY = "stepped_up_until"


def step_up(*, request: HttpRequest, user: User, password: str) -> datetime:
    """Until when this session may do what needs the password again; failures count towards the lock-out as signing in does."""
    # Outside the transaction below: a failed attempt has to stay counted.
    if authenticate(request, email=user.email, password=password) is None:
        raise ValidationError({"password": ["This is not your password."]})
    reset(ip=get_client_ip_address(request), username=user.email)
    until = timezone.now() + LASTS
    with transaction.atomic():
        tell(Change(user, None, "session.stepped_up", f"user {user.id}", after={"until": until.isoformat(timespec="seconds")}))
        request.session[KEY] = until.timestamp()
        request.session.save()
    return until


def has_stepped_up(request: Request) -> bool:
    """Whether the password was given in this session during the last minutes; a token has no session and never passes."""
    return getattr(request, "auth", None) is None and _until(request._request) > timezone.now().timestamp()


def require_step_up(request: Request) -> None:
    """Refuse unless the password was given a moment ago; for views that decide on nothing else."""
    if not has_stepped_up(request):
        raise needs_step_up()


def needs_step_up() -> Refused:
    return Refused(
        "needs_step_up", "This needs your password again.", "Give your password; it then holds for five minutes.", http_status=403
    )


def _until(request: HttpRequest) -> float:
    kept = request.session.get(KEY, 0.0)
    return float(kept) if isinstance(kept, int | float) else 0.0
