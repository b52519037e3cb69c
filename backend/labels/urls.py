"""The addresses of labels: brought in, taken out, and exchanged with a lab's own server."""

from __future__ import annotations

from django.urls import path

from backend.labels import export_views, sync_views, views
from backend.labels.export_serializers import FORMS

CONNECTION = "labs/<uuid:lab_id>/label-connection/"

urlpatterns = [
    path("labs/<uuid:lab_id>/label-imports/", views.ImportsView.as_view()),
    path("label-imports/<uuid:import_id>/", views.ImportView.as_view()),
    path("label-imports/<uuid:import_id>/preview/", views.PreviewView.as_view()),
    path("label-imports/<uuid:import_id>/confirm/", views.ConfirmView.as_view()),
    path("label-imports/<uuid:import_id>/cancel/", views.CancelView.as_view()),
    path("label-imports/<uuid:import_id>/conflicts/", views.ConflictsView.as_view()),
    path("label-imports/<uuid:import_id>/conflicts/<uuid:conflict_id>/<slug:option>.jpg", views.CandidateView.as_view()),
    path("labs/<uuid:lab_id>/label-tasks/", views.TasksView.as_view()),
    path("label-tasks/<uuid:task_id>/", views.TaskView.as_view()),
    path("label-tasks/<uuid:task_id>/picture/", views.TaskPictureView.as_view()),
    path(CONNECTION, sync_views.ConnectionView.as_view()),
    path(f"{CONNECTION}check/", sync_views.CheckView.as_view()),
    path(f"{CONNECTION}pull/", sync_views.PullView.as_view()),
    path(f"{CONNECTION}push/", sync_views.PushView.as_view()),
    path("labs/<uuid:lab_id>/label-syncs/", sync_views.SyncsView.as_view()),
    path("label-syncs/<uuid:sync_id>/cancel/", sync_views.SyncCancelView.as_view()),
    path("labs/<uuid:lab_id>/label-exports/", export_views.ExportCountsView.as_view()),
    *(path(f"labs/<uuid:lab_id>/label-exports/{form}.zip", export_views.export_view(form)) for form in FORMS),
]
