"""Addresses below /media/."""

from __future__ import annotations

from django.urls import path

from backend.imaging import media

urlpatterns = [
    path("frames/<uuid:stack_id>/<slug:sha16>/<int:index>-<int:plane>-<int:width>.jpg", media.frame, name="frame"),
    path("originals/<uuid:stack_id>", media.original, name="original"),
]
