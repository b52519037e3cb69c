"""The addresses of reports."""

from __future__ import annotations

from typing import get_args

from django.urls import path

from backend.exchange import views
from backend.exchange.services import Format

urlpatterns = [
    path(f"{below}report.{suffix}", views.report_view(view, name, suffix))
    for below, view, name in (
        ("dishes/<uuid:dish_id>/", views.DishReportView, "dish"),
        ("dishes/<uuid:dish_id>/embryos/<str:place>/", views.EmbryoReportView, "embryo"),
        ("cycles/<uuid:cycle_id>/", views.CycleReportView, "cycle"),
    )
    for suffix in get_args(Format)
]
