"""The addresses of checks and shadows."""

from __future__ import annotations

from django.urls import path

from backend.judging import views

urlpatterns = [
    path("weights/<uuid:weights_id>/checks/", views.ChecksView.as_view()),
    path("checks/<uuid:check_id>/", views.CheckView.as_view()),
    path("checks/<uuid:check_id>/cancel/", views.CancelView.as_view()),
    path("checks/<uuid:check_id>/pictures/<int:number>.jpg", views.PictureView.as_view()),
    path("labs/<uuid:lab_id>/shadows/", views.ShadowsView.as_view()),
    path("shadows/<uuid:shadow_id>/", views.ShadowView.as_view()),
    path("shadows/<uuid:shadow_id>/stop/", views.StopView.as_view()),
]
