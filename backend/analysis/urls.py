"""The addresses of dishes and runs."""

from __future__ import annotations

from django.urls import path

from backend.analysis import profile_views, views

urlpatterns = [
    path("dishes/", views.DishesView.as_view()),
    path("dishes/<uuid:dish_id>/", views.DishView.as_view()),
    path("runs/", views.RunsView.as_view()),
    path("runs/<uuid:run_id>/", views.RunView.as_view()),
    path("runs/<uuid:run_id>/cancel/", views.CancelView.as_view()),
    path("runs/<uuid:run_id>/retry/", views.RetryView.as_view()),
    path("runs/<uuid:run_id>/placements/", views.PlacementsView.as_view()),
    path("runs/<uuid:run_id>/profiles/<str:place>/", profile_views.EmbryoProfileView.as_view()),
    path("runs/<uuid:run_id>/profiles.csv", profile_views.ProfilesCsvView.as_view()),
    path("runs/<uuid:run_id>/profiles.json", profile_views.ProfilesJsonView.as_view()),
    path("stacks/<uuid:stack_id>/confirm/", views.ConfirmView.as_view()),
]
