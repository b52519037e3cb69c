"""Labels on their way in, and what they brought, over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import actor_of
from backend.core.bodies import checked
from backend.core.errors import Refused
from backend.imaging import frames
from backend.imaging.decoding import DecodingRefused
from backend.labels import candidates, selectors, services
from backend.labels.models import LabelConflict, LabelTask
from backend.labels.serializers import (
    LabelConfirmIn,
    LabelConflictOut,
    LabelImportDetailOut,
    LabelImportIn,
    LabelImportOut,
    LabelPreviewIn,
    LabelTaskOut,
    TasksAsked,
)

PICTURE_WIDTH = 1536


class ImportsView(APIView):
    @extend_schema(operation_id="label_imports_list", responses=LabelImportOut(many=True))
    def get(self, request: Request, lab_id: UUID) -> Response:
        """The lab's imports of labels, the latest hundred, newest first."""
        return Response(LabelImportOut(selectors.imports_visible_to(actor_of(request), lab_id)[:100], many=True).data)

    @extend_schema(operation_id="label_imports_create", request=LabelImportIn, responses={201: LabelImportDetailOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """Have an uploaded file read; nothing is written before it is confirmed."""
        actor, said = actor_of(request), checked(LabelImportIn(data=request.data))
        row = services.take_upload(actor=actor, lab_id=lab_id, upload_id=said["upload"], instance=said["instance"], preset=said["preset"])
        return Response(LabelImportDetailOut(row).data, status=status.HTTP_201_CREATED)


class ImportView(APIView):
    @extend_schema(operation_id="label_imports_read", responses=LabelImportDetailOut)
    def get(self, request: Request, import_id: UUID) -> Response:
        """One import with what was read: what would be created, matched, changed and skipped, and why."""
        return Response(LabelImportDetailOut(selectors.import_visible_to(actor_of(request), import_id)).data)


class PreviewView(APIView):
    @extend_schema(operation_id="label_imports_preview", request=LabelPreviewIn, responses=LabelImportDetailOut)
    def post(self, request: Request, import_id: UUID) -> Response:
        """Read the file once more under other meanings of its words."""
        actor, said = actor_of(request), checked(LabelPreviewIn(data=request.data))
        row = selectors.import_visible_to(actor, import_id)
        row = services.preview_again(actor=actor, row=row, preset=said["preset"], mapping=said["mapping"])
        return Response(LabelImportDetailOut(row).data)


class ConfirmView(APIView):
    @extend_schema(operation_id="label_imports_confirm", request=LabelConfirmIn, responses=LabelImportDetailOut)
    def post(self, request: Request, import_id: UUID) -> Response:
        """Have everything written that the dry run showed."""
        actor, said = actor_of(request), checked(LabelConfirmIn(data=request.data))
        row = selectors.import_visible_to(actor, import_id)
        row = services.confirm_import(actor=actor, row=row, mapping=said["mapping"], choices=said["conflicts"])
        return Response(LabelImportDetailOut(row).data)


class CancelView(APIView):
    @extend_schema(operation_id="label_imports_cancel", request=None, responses=LabelImportDetailOut)
    def post(self, request: Request, import_id: UUID) -> Response:
        """End an import; what a running one has written stays."""
        actor = actor_of(request)
        row = services.cancel_import(actor=actor, row=selectors.import_visible_to(actor, import_id))
        return Response(LabelImportDetailOut(row).data)


class ConflictsView(ListAPIView[LabelConflict]):
    serializer_class = LabelConflictOut
    queryset = LabelConflict.objects.none()

    def get_queryset(self) -> Any:
        return selectors.conflicts_of(selectors.import_visible_to(actor_of(self.request), self.kwargs["import_id"]))

    @extend_schema(operation_id="label_imports_conflicts", responses=LabelConflictOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The questions of an import, a page at a time."""
        return super().get(request, *args, **kwargs)


class CandidateView(APIView):
    @extend_schema(operation_id="label_imports_candidate", responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def get(self, request: Request, import_id: UUID, conflict_id: UUID, option: str) -> HttpResponseBase:
        """One picture that a task may mean, small, as our own grey JPEG, so that a person can tell it from the others."""
        shown = candidates.candidate_visible_to(actor_of(request), import_id, conflict_id, option)
        headers = {"Cache-Control": "private, max-age=3600", "ETag": f'"{shown.tag}"', "X-Content-Type-Options": "nosniff"}
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers=headers)
        return HttpResponse(candidates.jpeg_of(shown), content_type="image/jpeg", headers=headers)


class TasksView(ListAPIView[LabelTask]):
    serializer_class = LabelTaskOut
    queryset = LabelTask.objects.none()

    def get_queryset(self) -> Any:
        asked = checked(TasksAsked(data=self.request.query_params))
        return selectors.tasks_visible_to(actor_of(self.request), self.kwargs["lab_id"], asked)

    @extend_schema(operation_id="label_tasks_list", parameters=[TasksAsked], responses=LabelTaskOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Labelled tasks of the lab, oldest first, a page at a time."""
        return super().get(request, *args, **kwargs)


class TaskView(APIView):
    @extend_schema(operation_id="label_tasks_read", responses=LabelTaskOut)
    def get(self, request: Request, task_id: UUID) -> Response:
        """One task with all that was said of it."""
        return Response(LabelTaskOut(selectors.task_visible_to(actor_of(request), task_id)).data)


class TaskPictureView(APIView):
    @extend_schema(operation_id="label_tasks_picture", responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def get(self, request: Request | HttpRequest, task_id: UUID) -> HttpResponseBase:
        """The task's picture as our own grey JPEG; what its file said besides is not in it."""
        task = selectors.task_visible_to(actor_of(request), task_id)
        picture = task.picture
        if picture is None:
            hint = "Import the labels again together with their pictures."
            raise Refused("no_picture", "The picture of this task is not here.", hint, http_status=404)
        asked = frames.Picture(picture.sha256, picture.frame_index or 0, picture.plane or 0, PICTURE_WIDTH)
        try:
            jpeg = frames.jpeg_of(asked, owner=str(task.lab_id), name=picture.name)
        except (DecodingRefused, FileNotFoundError) as problem:
            told = problem.as_dict() if isinstance(problem, DecodingRefused) else None
            code, detail = (told["code"], told["detail"]) if told else ("picture_lost", "The picture is no longer on the server.")
            raise Refused(code, detail, http_status=422) from None
        headers = {"Cache-Control": "private, max-age=3600", "ETag": f'"{asked.tag}"', "X-Content-Type-Options": "nosniff"}
        return HttpResponse(jpeg, content_type="image/jpeg", headers=headers)
