"""The addresses of weights on their way in."""

from __future__ import annotations

from django.urls import path

from backend.admission import views

urlpatterns = [
    path("labs/<uuid:lab_id>/admissions/", views.AdmissionsView.as_view()),
    path("labs/<uuid:lab_id>/admissions/choices/", views.ChoicesView.as_view()),
    path("admissions/<uuid:admission_id>/", views.AdmissionView.as_view()),
    path("admissions/<uuid:admission_id>/answer/", views.AnswerView.as_view()),
    path("admissions/<uuid:admission_id>/cancel/", views.CancelView.as_view()),
]
