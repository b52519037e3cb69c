"""The addresses of decisions, outcomes, rules, scores and statistics."""

from __future__ import annotations

from django.urls import path

from backend.selection import score_views, views

urlpatterns = [
    path("dishes/<uuid:dish_id>/decisions/", views.DecisionsView.as_view()),
    path("dishes/<uuid:dish_id>/decisions/<str:place>/", views.DecisionView.as_view()),
    path("dishes/<uuid:dish_id>/fates/", views.FatesView.as_view()),
    path("dishes/<uuid:dish_id>/fates/<str:place>/", views.FateView.as_view()),
    path("cycles/<uuid:cycle_id>/outcome/", views.OutcomeView.as_view()),
    path("labs/<uuid:lab_id>/rules/", score_views.RulesView.as_view()),
    path("rules/<uuid:rule_id>/", score_views.RuleView.as_view()),
    path("rules/<uuid:rule_id>/validate/", score_views.ValidateView.as_view()),
    path("dishes/<uuid:dish_id>/scores/", score_views.ScoresView.as_view()),
    path("compare/", score_views.CompareView.as_view()),
    path("labs/<uuid:lab_id>/statistics/", score_views.StatisticsView.as_view()),
]
