"""Addresses of sessions, people, labs and tokens."""

from __future__ import annotations

from django.urls import path

from backend.accounts import lab_views, views

urlpatterns = [
    path("session/", views.SessionView.as_view()),
    path("session/step-up/", views.StepUpView.as_view()),
    path("setup/", views.SetupView.as_view()),
    path("invitations/accept/", views.AcceptView.as_view()),
    path("me/", views.MeView.as_view()),
    path("me/password/", views.PasswordView.as_view()),
    path("tokens/", views.TokensView.as_view()),
    path("tokens/<uuid:token_id>/", views.TokenView.as_view()),
    path("labs/", lab_views.LabsView.as_view()),
    path("labs/<uuid:lab_id>/", lab_views.LabView.as_view()),
    path("labs/<uuid:lab_id>/members/", lab_views.MembersView.as_view()),
    path("labs/<uuid:lab_id>/members/<uuid:member_id>/", lab_views.MemberView.as_view()),
    path("labs/<uuid:lab_id>/invitations/", lab_views.InvitationsView.as_view()),
    path("labs/<uuid:lab_id>/invitations/<uuid:invitation_id>/", lab_views.InvitationView.as_view()),
]
