"""The addresses of adaptations."""

from __future__ import annotations

from django.urls import path

from backend.adaptation import views

urlpatterns = [
    path("labs/<uuid:lab_id>/adaptations/", views.AdaptationsView.as_view()),
    path("labs/<uuid:lab_id>/adaptations/material/", views.MaterialView.as_view()),
    path("adaptations/<uuid:adaptation_id>/cancel/", views.CancelView.as_view()),
]
