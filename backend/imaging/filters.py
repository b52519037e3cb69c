"""What lists may be narrowed by; nothing else reaches a query."""

from __future__ import annotations

from django_filters import rest_framework as filters

from backend.imaging.models import Patient, Stack, Upload


class StackFilter(filters.FilterSet):
    lab = filters.UUIDFilter(field_name="lab_id")
    dish = filters.UUIDFilter(field_name="dish_id")
    state = filters.MultipleChoiceFilter(choices=Stack.State.choices)

    class Meta:
        model = Stack
        fields = ["lab", "dish", "state"]


class PatientFilter(filters.FilterSet):
    lab = filters.UUIDFilter(field_name="lab_id")
    search = filters.CharFilter(field_name="code", lookup_expr="icontains", max_length=40)

    class Meta:
        model = Patient
        fields = ["lab", "search"]


class UploadFilter(filters.FilterSet):
    lab = filters.UUIDFilter(field_name="lab_id")

    class Meta:
        model = Upload
        fields = ["lab"]
