"""Addresses of the weights and their uses."""

from __future__ import annotations

from django.urls import path

from backend.registry import views

urlpatterns = [
    path("weights/", views.WeightsView.as_view()),
    path("weights/<uuid:weights_id>/", views.OneWeightsView.as_view()),
    path("weights/<uuid:weights_id>/retire/", views.RetireView.as_view()),
    path("labs/<uuid:lab_id>/uses/", views.UsesView.as_view()),
    path("labs/<uuid:lab_id>/uses/roll-back/", views.RollBackView.as_view()),
    path("uses/<uuid:use_id>/confirm/", views.ConfirmUseView.as_view()),
    path("uses/<uuid:use_id>/withdraw/", views.WithdrawUseView.as_view()),
    path("labs/<uuid:lab_id>/detector-settings/", views.DetectorSettingsView.as_view()),
]
