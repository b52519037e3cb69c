"""How a lab's recordings have changed, over HTTP."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import actor_of
from backend.drift import selectors, services
from backend.drift.figures import keep_figures
from backend.drift.serializers import DriftOut, RecalibrationOut, RecalibrationsOut
from backend.drift.verdicts import count_told
from backend.registry.selectors import weights_in_use

SHOWN = 20


class DriftView(APIView):
    @extend_schema(operation_id="drift_get", responses=DriftOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """Pictures and sureness by incubator and week, beside the first recordings that the weights in use have read."""
        actor = actor_of(request)
        lab = actor.require(lab_id)
        keep_figures(lab.id)
        return Response(DriftOut(selectors.drift_of(actor, lab.id)).data)


class RecalibrationsView(APIView):
    @extend_schema(operation_id="recalibrations_list", responses=RecalibrationsOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """What there is to fit on, and the latest twenty recalibrations, newest first."""
        actor = actor_of(request)
        rows = selectors.recalibrations_visible_to(actor, lab_id)[:SHOWN]
        stager = weights_in_use("stages", lab_id)
        embryos, patients = count_told(lab_id, stager) if stager is not None else (0, 0)
        told = {"embryos": embryos, "patients": patients, "recalibrations": rows}
        least = {"least_embryos": selectors.LEAST_EMBRYOS, "least_patients": selectors.LEAST_PATIENTS}
        return Response(RecalibrationsOut(told | least).data)

    @extend_schema(operation_id="recalibrations_request", request=None, responses={200: RecalibrationOut, 201: RecalibrationOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """Fit anew how sure the stager in use may be; 200 with the one under way already, where there is one."""
        actor = actor_of(request)
        is_new, job = services.request_recalibration(lab_id=lab_id, by=actor.user, actor=actor)
        return Response(RecalibrationOut(job).data, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


class CancelView(APIView):
    @extend_schema(operation_id="recalibrations_cancel", request=None, responses=RecalibrationOut)
    def post(self, request: Request, recalibration_id: UUID) -> Response:
        """End a waiting one now and a running one within seconds; nothing of it is kept."""
        actor = actor_of(request)
        job = selectors.recalibration_visible_to(actor, recalibration_id)
        services.cancel_recalibration(recalibration=job, by=actor.user, actor=actor)
        return Response(RecalibrationOut(selectors.recalibration_visible_to(actor, recalibration_id)).data)
