"""The shape of weights on the wire."""

from __future__ import annotations

from rest_framework import serializers

from backend.registry.models import Weights


class WeightsOut(serializers.ModelSerializer[Weights]):
    manifest = serializers.DictField()

    class Meta:
        model = Weights
        fields = ["id", "name", "task", "family", "state", "reason", "sha256", "lab", "created_at", "manifest"]
