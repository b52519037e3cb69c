"""What the record of changes may be narrowed by; nothing else reaches a query."""

from __future__ import annotations

from django_filters import rest_framework as filters

from backend.audit.models import Entry


class EntryFilter(filters.FilterSet):
    lab = filters.UUIDFilter(field_name="lab_id", required=True)
    actor = filters.UUIDFilter(field_name="actor_key")
    action = filters.CharFilter(max_length=60)
    subject = filters.CharFilter(lookup_expr="icontains", max_length=120, label="part of what was changed, such as `stack` or a key")
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte", label="at this time or later")
    until = filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt", label="before this time")

    class Meta:
        model = Entry
        fields: list[str] = []
