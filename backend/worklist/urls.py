"""The addresses of the review queue."""

from __future__ import annotations

from django.urls import path

from backend.worklist import views

urlpatterns = [
    path("queue/", views.QueueView.as_view()),
    path("queue/accept/", views.AcceptView.as_view()),
    path("queue/reject/", views.RejectView.as_view()),
    path("queue/accept-above/", views.AcceptAboveView.as_view()),
    path("queue/undo/", views.UndoView.as_view()),
    path("queue/pace/", views.PaceView.as_view()),
]
