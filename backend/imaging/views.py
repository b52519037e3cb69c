"""Recordings, patients and the server folder over HTTP; uploads speak tus in their own module."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import actor_of
from backend.imaging import selectors, serverfolder, services
from backend.imaging.filters import PatientFilter, StackFilter
from backend.imaging.models import Patient, Stack
from backend.imaging.serializers import FolderOut, FolderQuery, HoursOut, ImportIn, PatientOut, StackIn, StackOut

MOST_PATIENTS = 50


class StacksView(ListAPIView[Stack]):
    serializer_class = StackOut
    filterset_class = StackFilter
    queryset = Stack.objects.none()

    def get_queryset(self) -> QuerySet[Stack]:
        return selectors.stacks_visible_to(actor_of(self.request))

    @extend_schema(operation_id="stacks_list", responses=StackOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Recordings, newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="stacks_register", request=StackIn, responses={202: StackOut})
    def post(self, request: Request) -> Response:
        """Make a recording of the uploaded files of a batch; a worker looks at it, and the lab's topic tells what it saw."""
        said = _checked(StackIn(data=request.data))
        actor = actor_of(request)
        stack = services.register_stack(lab_id=said["lab"], batch=said["batch"], name=said["name"], actor=actor, by=actor.user)
        return Response(StackOut(stack).data, status=status.HTTP_202_ACCEPTED)


class StackView(APIView):
    @extend_schema(operation_id="stacks_get", responses=StackOut)
    def get(self, request: Request, stack_id: UUID) -> Response:
        return Response(StackOut(selectors.stack_visible_to(actor_of(request), stack_id)).data)

    @extend_schema(operation_id="stacks_delete", responses={204: None})
    def delete(self, request: Request, stack_id: UUID) -> Response:
        """Only recordings that were never confirmed, or refused, can be deleted."""
        actor = actor_of(request)
        services.delete_stack(stack=selectors.stack_visible_to(actor, stack_id), actor=actor, by=actor.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class HoursView(APIView):
    @extend_schema(operation_id="stacks_hours", responses=HoursOut)
    def get(self, request: Request, stack_id: UUID) -> Response:
        """When each frame was taken."""
        stack = selectors.stack_visible_to(actor_of(request), stack_id)
        since_start = selectors.hours_since_start_of(stack)
        return Response({"hours_post_insemination": selectors.hours_of(stack), "hours_since_start": since_start})


class PatientsView(ListAPIView[Patient]):
    """Codes with their cycles, for completing what a person types; 50 at most, so narrow the search."""

    serializer_class = PatientOut
    filterset_class = PatientFilter
    pagination_class = None
    queryset = Patient.objects.none()

    def get_queryset(self) -> QuerySet[Patient]:
        return selectors.patients_visible_to(actor_of(self.request))

    def filter_queryset(self, queryset: Any) -> Any:
        return super().filter_queryset(queryset)[:MOST_PATIENTS]


class ServerFolderView(APIView):
    @extend_schema(operation_id="server_folder_list", parameters=[FolderQuery], responses=FolderOut)
    def get(self, request: Request) -> Response:
        """What lies in the server's import folder."""
        said = _checked(FolderQuery(data=request.query_params))
        entries = serverfolder.entries_of(path=said["path"], lab_id=said["lab"], actor=actor_of(request))
        return Response(FolderOut({"path": said["path"], "entries": entries}).data)


class ServerImportView(APIView):
    @extend_schema(operation_id="server_folder_import", request=ImportIn, responses={202: StackOut})
    def post(self, request: Request) -> Response:
        """Take in a file or folder of the server's import folder."""
        said = _checked(ImportIn(data=request.data))
        actor = actor_of(request)
        stack = services.import_from_server(path=said["path"], lab_id=said["lab"], actor=actor, by=actor.user)
        return Response(StackOut(stack).data, status=status.HTTP_202_ACCEPTED)


def _checked(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data
