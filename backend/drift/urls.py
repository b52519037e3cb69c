"""Addresses of the drift and of recalibrations."""

from __future__ import annotations

from django.urls import path

from backend.drift.views import CancelView, DriftView, RecalibrationsView

urlpatterns = [
    path("labs/<uuid:lab_id>/drift/", DriftView.as_view()),
    path("labs/<uuid:lab_id>/recalibrations/", RecalibrationsView.as_view()),
    path("recalibrations/<uuid:recalibration_id>/cancel/", CancelView.as_view()),
]
