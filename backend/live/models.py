"""The event log: truth about what was announced, in which order, under which topic."""

from __future__ import annotations

from django.db import models


class Topic(models.Model):
    """A stream people may follow, such as `lab.<id>` or `dish.<id>`; its row lock orders the events."""

    name = models.CharField(max_length=80, primary_key=True)
    seq = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name}@{self.seq}"


class LoggedEvent(models.Model):
    """One thing that happened; `seq` has no gaps within its topic."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveBigIntegerField()
    type = models.CharField(max_length=40)
    payload = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "seq"], name="one_event_a_seq")]

    def __str__(self) -> str:
        return f"{self.topic_id}#{self.seq} {self.type}"
