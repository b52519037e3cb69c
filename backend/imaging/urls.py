"""Addresses below /api/."""

from __future__ import annotations

from django.urls import path

from backend.imaging import tus, views

urlpatterns = [
    path("uploads/", tus.UploadsView.as_view(), name="uploads"),
    path("uploads/<uuid:upload_id>", tus.UploadView.as_view(), name="upload"),
    path("stacks/", views.StacksView.as_view(), name="stacks"),
    path("stacks/<uuid:stack_id>/", views.StackView.as_view(), name="stack"),
    path("stacks/<uuid:stack_id>/hours/", views.HoursView.as_view(), name="stack_hours"),
    path("patients/", views.PatientsView.as_view(), name="patients"),
    path("server-folder/", views.ServerFolderView.as_view(), name="server_folder"),
    path("server-folder/import/", views.ServerImportView.as_view(), name="server_folder_import"),
]
