"""Adapting to a lab over HTTP."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import actor_of
from backend.adaptation import selectors, services
from backend.adaptation.serializers import AdaptationIn, AdaptationOut, MaterialOut
from backend.core.bodies import checked

SHOWN = 50


class AdaptationsView(APIView):
    @extend_schema(operation_id="adaptations_list", responses=AdaptationOut(many=True))
    def get(self, request: Request, lab_id: UUID) -> Response:
        """The lab's adaptations, the latest fifty, newest first."""
        rows = selectors.adaptations_visible_to(actor_of(request), lab_id)[:SHOWN]
        return Response(AdaptationOut(rows, many=True).data)

    @extend_schema(operation_id="adaptations_request", request=AdaptationIn, responses={200: AdaptationOut, 201: AdaptationOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """Ask the detector to learn from the lab's dishes; 200 with the one under way already, where there is one."""
        actor, said = actor_of(request), checked(AdaptationIn(data=request.data))
        is_new, adaptation = services.request_adaptation(lab_id=lab_id, dishes=said["dishes"], by=actor.user, actor=actor)
        return Response(AdaptationOut(adaptation).data, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


class MaterialView(APIView):
    @extend_schema(operation_id="adaptations_material", responses=MaterialOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """The lab's recordings, with the embryos that could be learned from, or why not."""
        lab = actor_of(request).require(lab_id)
        told = {
            "least_embryos": settings.ADAPT_LEAST_EMBRYOS,
            "is_ready": selectors.has_start(lab.id),
            "recordings": selectors.recordings_of(lab.id),
        }
        return Response(MaterialOut(told).data)


class CancelView(APIView):
    @extend_schema(operation_id="adaptations_cancel", request=None, responses=AdaptationOut)
    def post(self, request: Request, adaptation_id: UUID) -> Response:
        """End a waiting adaptation now and a running one within seconds; its weights are not kept."""
        actor = actor_of(request)
        adaptation = selectors.adaptation_visible_to(actor, adaptation_id)
        services.cancel_adaptation(adaptation=adaptation, by=actor.user, actor=actor)
        return Response(AdaptationOut(selectors.adaptation_visible_to(actor, adaptation_id)).data)
