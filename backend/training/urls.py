"""The addresses of trainings."""

from __future__ import annotations

from django.urls import path

from backend.training import views

urlpatterns = [
    path("labs/<uuid:lab_id>/trainings/", views.TrainingsView.as_view()),
    path("labs/<uuid:lab_id>/trainings/choices/", views.ChoicesView.as_view()),
    path("trainings/<uuid:training_id>/", views.TrainingView.as_view()),
    path("trainings/<uuid:training_id>/stop/", views.StopView.as_view()),
    path("trainings/<uuid:training_id>/resume/", views.ResumeView.as_view()),
    path("trainings/<uuid:training_id>/cancel/", views.CancelView.as_view()),
]
