"""Data sets over HTTP."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import Actor, actor_of
from backend.core.bodies import checked
from backend.core.errors import Refused
from backend.datasets import exporting, pictures, selectors, services
from backend.datasets.models import DataSet
from backend.datasets.serializers import (
    CountsIn,
    CountsOut,
    DataSetIn,
    DataSetOut,
    DataSetPatch,
    ExportAsked,
    FiltersIn,
    ItemsAsked,
    ItemsOut,
    LabelChoicesOut,
    PictureAsked,
    PreviewIn,
    PreviewOut,
    SplitIn,
    StepKindOut,
    StepsIn,
    step_kinds,
)
from backend.datasets.steps import checked_steps
from backend.imaging.decoding import DecodingRefused


def _told(actor: Actor, rows: Any, *, many: bool = False) -> Any:
    rows = list(rows) if many else rows
    hidden = selectors.hidden_data_sets(actor, rows if many else [rows])
    return DataSetOut(rows, many=many, context={"hidden": hidden}).data


def _usual(serializer: type[Any], said: Any) -> dict[str, Any]:
    return said if said is not None else checked(serializer(data={}))


class DataSetsView(APIView):
    @extend_schema(operation_id="data_sets_list", responses=DataSetOut(many=True))
    def get(self, request: Request, lab_id: UUID) -> Response:
        """The lab's data sets, newest first."""
        actor = actor_of(request)
        return Response(_told(actor, selectors.data_sets_visible_to(actor, lab_id), many=True))

    @extend_schema(operation_id="data_sets_make", request=DataSetIn, responses={201: DataSetOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """Keep a draft; nothing of it is fixed before it is frozen."""
        actor, said = actor_of(request), checked(DataSetIn(data=request.data))
        row = services.make_data_set(
            actor=actor,
            lab_id=lab_id,
            by=actor.user,
            name=said["name"],
            task=said["task"],
            filters=_usual(FiltersIn, said.get("filters")),
            steps=_usual(StepsIn, said.get("steps")),
            split=_usual(SplitIn, said.get("split")),
        )
        return Response(_told(actor, row), status=status.HTTP_201_CREATED)


class DataSetView(APIView):
    @extend_schema(operation_id="data_sets_get", responses=DataSetOut)
    def get(self, request: Request, data_set_id: UUID) -> Response:
        actor = actor_of(request)
        return Response(_told(actor, selectors.data_set_visible_to(actor, data_set_id)))

    @extend_schema(operation_id="data_sets_change", request=DataSetPatch, responses=DataSetOut)
    def patch(self, request: Request, data_set_id: UUID) -> Response:
        """Change a draft."""
        actor, said = actor_of(request), checked(DataSetPatch(data=request.data))
        services.change_data_set(actor=actor, data_set_id=data_set_id, by=actor.user, changes=said)
        return Response(_told(actor, selectors.data_set_visible_to(actor, data_set_id)))

    @extend_schema(operation_id="data_sets_remove", responses={204: None})
    def delete(self, request: Request, data_set_id: UUID) -> Response:
        """Remove a draft."""
        actor = actor_of(request)
        services.remove_data_set(actor=actor, data_set_id=data_set_id, by=actor.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class FreezeView(APIView):
    @extend_schema(operation_id="data_sets_freeze", request=None, responses={202: DataSetOut})
    def post(self, request: Request, data_set_id: UUID) -> Response:
        """Have the worker write the items for good; a live event tells when it is done, and `error` why it could not be."""
        actor = actor_of(request)
        services.freeze_data_set(actor=actor, data_set_id=data_set_id, by=actor.user)
        return Response(_told(actor, selectors.data_set_visible_to(actor, data_set_id)), status=status.HTTP_202_ACCEPTED)


class CancelView(APIView):
    @extend_schema(operation_id="data_sets_cancel", request=None, responses=DataSetOut)
    def post(self, request: Request, data_set_id: UUID) -> Response:
        """Stop a freezing; the data set is a draft again."""
        actor = actor_of(request)
        services.cancel_freezing(actor=actor, data_set_id=data_set_id, by=actor.user)
        return Response(_told(actor, selectors.data_set_visible_to(actor, data_set_id)))


class ItemsView(APIView):
    @extend_schema(operation_id="data_sets_items", parameters=[ItemsAsked], responses=ItemsOut)
    def get(self, request: Request, data_set_id: UUID) -> Response:
        """A page of items for a contact sheet; of a draft, what would be frozen now."""
        actor, said = actor_of(request), checked(ItemsAsked(data=request.query_params))
        row = selectors.data_set_visible_to(actor, data_set_id)
        first, wanted = (said["page"] - 1) * said["page_size"], said["page_size"]
        if row.state == DataSet.State.FROZEN:
            items = selectors.items_visible_to(actor, row)
            items = items.filter(split=said["split"]) if "split" in said else items
            items = items.filter(classes__contains=f" {said['meaning']} ") if "meaning" in said else items
            page, count = list(items[first : first + wanted]), items.count()
            for item in page:
                item.dataset = row
        else:
            drafted = [
                item
                for item in selectors.draft_items(actor, row)
                if item.split == said.get("split", item.split) and ("meaning" not in said or f" {said['meaning']} " in item.classes)
            ]
            page, count = drafted[first : first + wanted], len(drafted)
        return Response(ItemsOut({"count": count, "results": page}).data)


class ExportView(APIView):
    @extend_schema(operation_id="data_sets_export", parameters=[ExportAsked], responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, data_set_id: UUID) -> StreamingHttpResponse:
        """A frozen data set as a ZIP of pictures and labels, written while it is sent; originals come as they were brought in."""
        actor, said = actor_of(request), checked(ExportAsked(data=request.query_params))
        export = exporting.export_data_set(actor=actor, data_set_id=data_set_id, form=said["form"])
        # Django wants the kind of iterator that its server runs on.
        is_async = isinstance(request._request, ASGIRequest)
        response = StreamingHttpResponse(
            exporting.beside_the_loop(export.pieces) if is_async else export.pieces, content_type="application/zip"
        )
        response["Content-Disposition"] = export.disposition
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response


class LabelCountsView(APIView):
    @extend_schema(operation_id="label_counts", request=CountsIn, responses=CountsOut)
    def post(self, request: Request, lab_id: UUID) -> Response:
        """How much these filters take and how it would be divided, without keeping anything."""
        actor, said = actor_of(request), checked(CountsIn(data=request.data))
        filters, split = _usual(FiltersIn, said.get("filters")), _usual(SplitIn, said.get("split"))
        return Response(CountsOut(selectors.counts_for(actor, lab_id, said["task"], filters, split)).data)


class LabelChoicesView(APIView):
    @extend_schema(operation_id="label_choices", responses=LabelChoicesOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """What the lab's labels can be filtered by."""
        return Response(LabelChoicesOut(selectors.choices_for(actor_of(request), lab_id)).data)


class StepKindsView(APIView):
    @extend_schema(operation_id="data_set_steps", responses=StepKindOut(many=True))
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF's signature
        """Every step there is, with its parameters and their bounds."""
        return Response(StepKindOut(step_kinds(), many=True).data)


class ItemPictureView(APIView):
    @extend_schema(operation_id="item_picture", parameters=[PictureAsked], responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def get(self, request: Request, lab_id: UUID, reference: str) -> HttpResponse:
        """An item's picture by its reference, without any of its labels."""
        width = int(checked(PictureAsked(data=request.query_params))["width"])
        shown = pictures.picture_visible_to(actor_of(request), lab_id, reference)
        headers = {
            "ETag": f'"{shown.tag}-{width}"',
            "Cache-Control": "private, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        }
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers=headers)
        with _refusals():
            return HttpResponse(pictures.jpeg_of(shown, width), content_type="image/jpeg", headers=headers)


class PreviewView(APIView):
    @extend_schema(operation_id="step_preview", request=PreviewIn, responses=PreviewOut)
    def post(self, request: Request, lab_id: UUID) -> Response:
        """What steps make of a picture and of what is marked in it; the same seed draws the same."""
        actor, said = actor_of(request), checked(PreviewIn(data=request.data))
        shown = pictures.picture_visible_to(actor, lab_id, said["reference"])
        steps = checked_steps([dict(step) for step in said["steps"]])
        with _refusals():
            jpeg, facts = pictures.stepped_of(shown, boxes=said["boxes"], steps=steps, at_random=said["at_random"], seed=said["seed"])
        return Response(PreviewOut({"jpeg": base64.b64encode(jpeg).decode(), **facts}).data)


class _refusals:  # noqa: N801 - used as a word
    """A picture that cannot be decoded is refused in the decoder's words."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DecodingRefused):
            raise Refused(error.code, error.detail, error.hint, http_status=422) from error
        if isinstance(error, FileNotFoundError):
            raise Refused(
                "picture_gone", "The picture's bytes are not kept any more.", "Bring the labels in again.", http_status=410
            ) from error
