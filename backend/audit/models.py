"""Who changed what, from what, when and why; rows are added and never changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from backend.audit.chain import START


class Entry(models.Model):
    """One change; `lab_id` and `actor_key` are kept as text so that a row outlives what it speaks of."""

    id = models.PositiveBigIntegerField(primary_key=True)
    """Its place in the chain: from 1, without gaps."""
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_key = models.CharField(max_length=36, blank=True, db_index=True)
    actor_name = models.CharField(max_length=120, blank=True)
    lab_id = models.UUIDField(null=True, db_index=True)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    digest = models.CharField(max_length=64)
    """HMAC of the digest before it and of this row; backend.audit.chain."""

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class Head(models.Model):
    """The end of the chain; its one row is locked by whoever adds to the chain, so that no two rows follow the same one."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    count = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default=START)
    seal = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_head")]

    def __str__(self) -> str:
        return f"{self.count} rows"
