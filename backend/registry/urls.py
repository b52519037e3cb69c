"""Address of the weights."""

from __future__ import annotations

from django.urls import path

from backend.registry.views import WeightsView

urlpatterns = [path("weights/", WeightsView.as_view())]
