"""Checks and shadows over HTTP."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import Actor, actor_of
from backend.core.bodies import checked
from backend.core.errors import Refused
from backend.core.files import ContentStore
from backend.judging import selectors, services
from backend.judging.models import Check, Shadow
from backend.judging.serializers import CheckDetailOut, CheckIn, CheckOut, ShadowIn, ShadowOut, ShadowReportOut
from backend.registry.selectors import one_visible_to
from backend.registry.serializers import LabAsked

SHOWN = 50


def _detail(actor: Actor, check: Check) -> Response:
    differences = selectors.differences_visible_to(actor, check)
    told = {"check": check, "result": selectors.result_visible_to(actor, check), "differences": differences}
    return Response(CheckDetailOut(told).data)


def _report(actor: Actor, shadow: Shadow) -> Response:
    told = {"shadow": shadow, "report": selectors.report_of(shadow), "looks": selectors.looks_visible_to(actor, shadow)}
    return Response(ShadowReportOut(told).data)


class ChecksView(APIView):
    @extend_schema(operation_id="checks_list", parameters=[LabAsked], responses=CheckOut(many=True))
    def get(self, request: Request, weights_id: UUID) -> Response:
        """Checks of these weights by one's labs, the latest fifty, newest first."""
        actor, said = actor_of(request), checked(LabAsked(data=request.query_params))
        rows = selectors.checks_visible_to(actor, one_visible_to(actor, weights_id), said.get("lab"))[:SHOWN]
        return Response(CheckOut(rows, many=True).data)

    @extend_schema(operation_id="checks_request", request=CheckIn, responses={200: CheckOut, 201: CheckOut})
    def post(self, request: Request, weights_id: UUID) -> Response:
        """Have these weights checked beside those that the lab uses; 200 with the check under way already, where there is one."""
        actor, said = actor_of(request), checked(CheckIn(data=request.data))
        weights = one_visible_to(actor, weights_id)
        is_new, check = services.request_check(actor=actor, weights=weights, lab_id=said["lab"], by=actor.user)
        return Response(CheckOut(check).data, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


class CheckView(APIView):
    @extend_schema(operation_id="checks_get", responses=CheckDetailOut)
    def get(self, request: Request, check_id: UUID) -> Response:
        """One of them with its figures and every difference that was kept."""
        actor = actor_of(request)
        return _detail(actor, selectors.check_visible_to(actor, check_id))


class CancelView(APIView):
    @extend_schema(operation_id="checks_cancel", request=None, responses=CheckOut)
    def post(self, request: Request, check_id: UUID) -> Response:
        """End a waiting check now and a running one within seconds."""
        actor = actor_of(request)
        services.cancel_check(actor=actor, check=selectors.check_visible_to(actor, check_id), by=actor.user)
        return Response(CheckOut(selectors.check_visible_to(actor, check_id)).data)


class PictureView(APIView):
    @extend_schema(operation_id="checks_picture", responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def get(self, request: Request, check_id: UUID, number: int) -> HttpResponseBase:
        """The small picture of one difference, which the detector encoded itself."""
        sha256 = selectors.difference_visible_to(actor_of(request), check_id, number).sha256
        headers = {"Cache-Control": "private, max-age=3600", "ETag": f'"{sha256[:32]}"', "X-Content-Type-Options": "nosniff"}
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers=headers)
        try:
            jpeg = ContentStore().path_of(sha256).read_bytes()
        except FileNotFoundError:
            detail = "The picture is no longer on the server."
            raise Refused("picture_lost", detail, "Check the weights again to see it.", http_status=422) from None
        return HttpResponse(jpeg, content_type="image/jpeg", headers=headers)


class ShadowsView(APIView):
    @extend_schema(operation_id="shadows_list", responses=ShadowOut(many=True))
    def get(self, request: Request, lab_id: UUID) -> Response:
        """Weights that run or ran beside those in use, the latest fifty, newest first."""
        return Response(ShadowOut(selectors.shadows_visible_to(actor_of(request), lab_id)[:SHOWN], many=True).data)

    @extend_schema(operation_id="shadows_start", request=ShadowIn, responses={201: ShadowOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """Let weights look at the lab's next runs beside those in use; nothing they say is shown as a result."""
        actor, said = actor_of(request), checked(ShadowIn(data=request.data))
        shadow = services.start_shadow(actor=actor, lab_id=lab_id, weights_id=said["weights"], runs=said["runs"], by=actor.user)
        return Response(ShadowOut(shadow).data, status=status.HTTP_201_CREATED)


class ShadowView(APIView):
    @extend_schema(operation_id="shadows_get", responses=ShadowReportOut)
    def get(self, request: Request, shadow_id: UUID) -> Response:
        """Where it disagrees with the weights in use, in sum and recording by recording."""
        actor = actor_of(request)
        return _report(actor, selectors.shadow_visible_to(actor, shadow_id))


class StopView(APIView):
    @extend_schema(operation_id="shadows_stop", request=None, responses=ShadowOut)
    def post(self, request: Request, shadow_id: UUID) -> Response:
        """End it before its time; what it has found stays."""
        actor = actor_of(request)
        services.stop_shadow(actor=actor, shadow=selectors.shadow_visible_to(actor, shadow_id), by=actor.user)
        return Response(ShadowOut(selectors.shadow_visible_to(actor, shadow_id)).data)
