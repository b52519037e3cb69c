"""Weights on their way in, over HTTP."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import actor_of
from backend.admission import selectors, services
from backend.admission.serializers import AdmissionAnswerIn, AdmissionChoicesOut, AdmissionIn, AdmissionOut
from backend.core.bodies import checked

SHOWN = 50


class AdmissionsView(APIView):
    @extend_schema(operation_id="admissions_list", responses=AdmissionOut(many=True))
    def get(self, request: Request, lab_id: UUID) -> Response:
        """Files that were brought to the lab, the latest fifty, newest first."""
        rows = selectors.admissions_visible_to(actor_of(request), lab_id)[:SHOWN]
        return Response(AdmissionOut(rows, many=True).data)

    @extend_schema(operation_id="admissions_create", request=AdmissionIn, responses={201: AdmissionOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """Have an uploaded file read in a sandbox; what comes of it is a candidate that nobody uses yet."""
        actor, said = actor_of(request), checked(AdmissionIn(data=request.data))
        row = services.take_upload(actor=actor, lab_id=lab_id, upload_id=said["upload"], mapping=said["mapping"])
        return Response(AdmissionOut(row).data, status=status.HTTP_201_CREATED)


class ChoicesView(APIView):
    @extend_schema(operation_id="admissions_choices", responses=AdmissionChoicesOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """What can be brought here, and whether checkpoints are converted."""
        actor_of(request).require(lab_id)
        found = selectors.sandbox_check()
        conversion = {
            "is_on": found.is_whole if found else None,
            "faults": found.faults if found else [],
            "checked_at": found.checked_at if found else None,
        }
        told = {"conversion": conversion, "meanings": services.MEANINGS, "most_bytes": services.MOST_BYTES}
        return Response(AdmissionChoicesOut(told).data)


class AdmissionView(APIView):
    @extend_schema(operation_id="admissions_read", responses=AdmissionOut)
    def get(self, request: Request, admission_id: UUID) -> Response:
        return Response(AdmissionOut(selectors.admission_visible_to(actor_of(request), admission_id)).data)


class AnswerView(APIView):
    @extend_schema(operation_id="admissions_answer", request=AdmissionAnswerIn, responses=AdmissionOut)
    def post(self, request: Request, admission_id: UUID) -> Response:
        """Say what the classes of the net mean, and have the file read once more."""
        actor, said = actor_of(request), checked(AdmissionAnswerIn(data=request.data))
        row = selectors.admission_visible_to(actor, admission_id)
        services.answer(actor=actor, admission=row, mapping=said["mapping"])
        return Response(AdmissionOut(selectors.admission_visible_to(actor, admission_id)).data)


class CancelView(APIView):
    @extend_schema(operation_id="admissions_cancel", request=None, responses=AdmissionOut)
    def post(self, request: Request, admission_id: UUID) -> Response:
        """End it; the file is not kept."""
        actor = actor_of(request)
        row = selectors.admission_visible_to(actor, admission_id)
        services.cancel_admission(actor=actor, admission=row)
        return Response(AdmissionOut(selectors.admission_visible_to(actor, admission_id)).data)
