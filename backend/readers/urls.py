"""The addresses of review settings, assignments and agreement."""

from __future__ import annotations

from django.urls import path

from backend.readers import views

urlpatterns = [
    path("labs/<uuid:lab_id>/review-settings/", views.ReviewSettingsView.as_view()),
    path("labs/<uuid:lab_id>/agreement/", views.AgreementView.as_view()),
    path("stacks/<uuid:stack_id>/assignments/", views.StackAssignmentsView.as_view()),
    path("assignments/", views.AssignmentsView.as_view()),
    path("assignments/<uuid:assignment_id>/", views.AssignmentView.as_view()),
]
