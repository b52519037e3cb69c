"""Addresses of the live channel; the websocket's own is in `websocket_urls`."""

from __future__ import annotations

from django.urls import path

from backend.live.views import EventsView

urlpatterns = [path("events/", EventsView.as_view())]
