"""Addresses of the record of changes."""

from __future__ import annotations

from django.urls import path

from backend.audit.views import AuditView, ChainView, ChoicesView

urlpatterns = [
    path("audit/", AuditView.as_view()),
    path("audit/chain/", ChainView.as_view()),
    path("audit/choices/", ChoicesView.as_view()),
]
