"""The addresses of the product; everything else is the interface's single page."""

from __future__ import annotations

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from backend.config import views
from backend.config.metrics import metrics

urlpatterns = [
    path("api/", include("backend.accounts.urls")),
    path("api/", include("backend.audit.urls")),
    path("api/", include("backend.live.urls")),
    path("api/", include("backend.registry.urls")),
    path("api/", include("backend.analysis.urls")),
    path("api/", include("backend.adaptation.urls")),
    path("api/", include("backend.review.urls")),
    path("api/", include("backend.selection.urls")),
    path("api/", include("backend.worklist.urls")),
    path("api/", include("backend.readers.urls")),
    path("api/", include("backend.imaging.urls")),
    path("api/", include("backend.exchange.urls")),
    path("api/", include("backend.labels.urls")),
    path("api/", include("backend.datasets.urls")),
    path("api/", include("backend.training.urls")),
    path("api/", include("backend.admission.urls")),
    path("api/", include("backend.judging.urls")),
    path("api/", include("backend.drift.urls")),
    path("media/", include("backend.imaging.media_urls")),
    path("api/schema/", SpectacularAPIView.as_view()),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
    path("metrics", metrics),
    re_path(r"^(?!(?:api|media|ws|static)(?:/|$)).*$", views.page),
]
handler404 = "backend.config.views.not_found"
handler500 = "backend.config.views.went_wrong"
