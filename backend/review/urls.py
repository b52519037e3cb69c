"""The addresses of readings, corrections and comments."""

from __future__ import annotations

from django.urls import path

from backend.review import dish_views, geometry_views, sign_views, views

urlpatterns = [
    path("readings/<uuid:stack_id>/<str:place>/", views.ReadingView.as_view()),
    path("readings/<uuid:stack_id>/<str:place>/submit/", views.SubmitView.as_view()),
    path("readings/<uuid:stack_id>/<str:place>/sign/", sign_views.SignView.as_view()),
    path("stacks/<uuid:stack_id>/readings/", views.ReadingsView.as_view()),
    path("stacks/<uuid:stack_id>/verdicts/", views.VerdictsView.as_view()),
    path("stacks/<uuid:stack_id>/effective/", views.EffectiveView.as_view()),
    path("stacks/<uuid:stack_id>/corrections/", dish_views.CorrectionsView.as_view()),
    path("stacks/<uuid:stack_id>/comments/", dish_views.CommentsView.as_view()),
    path("stacks/<uuid:stack_id>/calibration/", geometry_views.CalibrationView.as_view()),
    path("labs/<uuid:lab_id>/dish-geometry/", geometry_views.DishGeometryView.as_view()),
    path("stacks/<uuid:stack_id>/presence/", dish_views.PresenceView.as_view()),
    path("comments/<uuid:comment_id>/", dish_views.CommentView.as_view()),
]
