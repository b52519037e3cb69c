"""The addresses of the product; everything else is the interface's single page."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/", include("backend.accounts.urls")),
    path("api/", include("backend.imaging.urls")),
    path("api/", include("backend.registry.urls")),
    path("api/", include("backend.analysis.urls")),
    path("api/", include("backend.live.urls")),
]
