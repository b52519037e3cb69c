"""Address of the record of changes."""

from __future__ import annotations

from django.urls import path

from backend.audit.views import AuditView

urlpatterns = [path("audit/", AuditView.as_view())]
