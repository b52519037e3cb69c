"""Dish geometry and calibration over HTTP."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import actor_of
from backend.core.bodies import checked
from backend.core.versions import IF_MATCH, ChangedMeanwhileOut, asked_version, telling_current, versioned
from backend.review.calibration import calibration_of
from backend.review.geometry import change_geometry, geometry_of
from backend.review.geometry_serializers import DishGeometryIn, DishGeometryOut, PixelScaleOut
from backend.review.selectors import stack_under_review


class DishGeometryView(APIView):
    @extend_schema(operation_id="dish_geometry_get", responses=DishGeometryOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """How far apart the wells of the lab's dishes lie, by layout."""
        geometry = geometry_of(actor_of(request).require(lab_id))
        return versioned(DishGeometryOut(geometry).data, geometry.version)

    @extend_schema(
        operation_id="dish_geometry_change",
        request=DishGeometryIn,
        parameters=[IF_MATCH],
        responses={200: DishGeometryOut, 412: ChangedMeanwhileOut},
    )
    def patch(self, request: Request, lab_id: UUID) -> Response:
        actor = actor_of(request)
        said = checked(DishGeometryIn(data=request.data))
        with telling_current(lambda: DishGeometryOut(geometry_of(actor.require(lab_id))).data):
            geometry = change_geometry(actor=actor, lab_id=lab_id, version=asked_version(request), layouts=said["layouts"])
        return versioned(DishGeometryOut(geometry).data, geometry.version)


class CalibrationView(APIView):
    @extend_schema(operation_id="stacks_calibration", responses=PixelScaleOut)
    def get(self, request: Request, stack_id: UUID) -> Response:
        """How many micrometres a pixel of this recording is, and how that is known."""
        return Response(PixelScaleOut(calibration_of(stack_under_review(actor_of(request), stack_id))).data)
