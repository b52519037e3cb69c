"""Forgets sessions, links and failed attempts to sign in once they are over; each says how many went."""

from __future__ import annotations

from datetime import timedelta

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.utils import timezone

from backend.accounts.models import OneTimeLink


def forget_expired_sessions() -> int:
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


def forget_old_links() -> int:
    """Links that were used or expired LINK_KEEP_DAYS ago; until then a lab's admins see what became of an invitation."""
    before = timezone.now() - timedelta(days=settings.LINK_KEEP_DAYS)
    return OneTimeLink.objects.filter(Q(used_at__lt=before) | Q(expires_at__lt=before)).delete()[0]


def forget_old_attempts() -> int:
    """Failed attempts to sign in; what a lock-out still counts stays."""
    kept: timedelta = max(timedelta(hours=settings.ATTEMPT_KEEP_HOURS), get_cool_off() or timedelta())
    forgotten: int = AccessAttempt.objects.filter(attempt_time__lt=timezone.now() - kept).delete()[0]
    return forgotten
