"""The record of changes over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import actor_of
from backend.audit import selectors
from backend.audit.filters import EntryFilter
from backend.audit.models import Entry
from backend.audit.serializers import ChainOut, ChoicesOut, EntryOut, LabAsked
from backend.core.bodies import checked
from backend.core.permissions import InPerson


def lab_asked(request: Request) -> UUID:
    lab: UUID = checked(LabAsked(data=request.query_params))["lab"]
    return lab


class AuditView(ListAPIView[Entry]):
    permission_classes = [InPerson]
    serializer_class = EntryOut
    filterset_class = EntryFilter
    queryset = Entry.objects.none()

    @extend_schema(operation_id="audit_list", responses=EntryOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        """Who changed what in a lab, latest first; for its admins."""
        actor = actor_of(request)
        page = self.paginate_queryset(self.filter_queryset(selectors.entries_of(actor=actor, lab_id=lab_asked(request)))) or []
        told = EntryOut(page, many=True, context={"withheld": selectors.withheld_from(actor, page)})
        return self.get_paginated_response(told.data)


class ChoicesView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="audit_choices", parameters=[LabAsked], responses=ChoicesOut)
    def get(self, request: Request) -> Response:
        """Who and what the lab's record can be narrowed to; for its admins."""
        return Response(ChoicesOut(selectors.choices_of(actor=actor_of(request), lab_id=lab_asked(request))).data)


class ChainView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="audit_chain", parameters=[LabAsked], responses=ChainOut)
    def get(self, request: Request) -> Response:
        """Whether every recorded change is as it was written, up to the newest; for lab admins."""
        return Response(ChainOut(selectors.chain_seen_by(actor=actor_of(request), lab_id=lab_asked(request))).data)
