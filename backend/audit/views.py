"""The record of changes over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.actor import actor_of
from backend.audit import selectors
from backend.audit.models import Entry
from backend.audit.serializers import EntryOut, LabAsked
from backend.core.permissions import InPerson


class AuditView(ListAPIView[Entry]):
    permission_classes = [InPerson]
    serializer_class = EntryOut
    queryset = Entry.objects.none()

    def get_queryset(self) -> Any:
        asked = LabAsked(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        return selectors.entries_of(actor=actor_of(self.request), lab_id=asked.validated_data["lab"])

    @extend_schema(operation_id="audit_list", parameters=[LabAsked], responses=EntryOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who changed what in a lab, latest first; for its admins."""
        return super().get(request, *args, **kwargs)
