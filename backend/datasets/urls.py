"""The addresses of data sets."""

from __future__ import annotations

from django.urls import path

from backend.datasets import views

urlpatterns = [
    path("labs/<uuid:lab_id>/data-sets/", views.DataSetsView.as_view()),
    path("labs/<uuid:lab_id>/label-counts/", views.LabelCountsView.as_view()),
    path("labs/<uuid:lab_id>/label-choices/", views.LabelChoicesView.as_view()),
    path("labs/<uuid:lab_id>/item-pictures/<str:reference>/", views.ItemPictureView.as_view()),
    path("labs/<uuid:lab_id>/step-previews/", views.PreviewView.as_view()),
    path("data-set-steps/", views.StepKindsView.as_view()),
    path("data-sets/<uuid:data_set_id>/", views.DataSetView.as_view()),
    path("data-sets/<uuid:data_set_id>/freeze/", views.FreezeView.as_view()),
    path("data-sets/<uuid:data_set_id>/cancel/", views.CancelView.as_view()),
    path("data-sets/<uuid:data_set_id>/items/", views.ItemsView.as_view()),
    path("data-sets/<uuid:data_set_id>/export/", views.ExportView.as_view()),
]
