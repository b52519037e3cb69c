"""Review settings, assignments and agreement over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import actor_of
from backend.core.bodies import checked
from backend.core.versions import IF_MATCH, ChangedMeanwhileOut, asked_version, telling_current, versioned
from backend.imaging.selectors import stack_visible_to
from backend.readers import selectors, services
from backend.readers.comparing import compare
from backend.readers.models import Assignment
from backend.readers.serializers import (
    AgreementAsked,
    AgreementOut,
    AssignmentOut,
    AssignmentsAsked,
    AssignmentsIn,
    ReviewSettingsIn,
    ReviewSettingsOut,
)


class ReviewSettingsView(APIView):
    @extend_schema(operation_id="review_settings_get", responses=ReviewSettingsOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """How the lab reviews, with every member's own rule."""
        settings = selectors.settings_of(actor_of(request).require(lab_id))
        return versioned(ReviewSettingsOut(settings).data, settings.version)

    @extend_schema(
        operation_id="review_settings_change",
        request=ReviewSettingsIn,
        parameters=[IF_MATCH],
        responses={200: ReviewSettingsOut, 412: ChangedMeanwhileOut},
    )
    def patch(self, request: Request, lab_id: UUID) -> Response:
        actor = actor_of(request)
        said = checked(ReviewSettingsIn(data=request.data))
        with telling_current(lambda: ReviewSettingsOut(selectors.settings_of(actor.require(lab_id))).data):
            lab = services.change_settings(actor=actor, lab_id=lab_id, version=asked_version(request), said=said)
        settings = selectors.settings_of(lab)
        return versioned(ReviewSettingsOut(settings).data, settings.version)


class StackAssignmentsView(APIView):
    @extend_schema(operation_id="assignments_make", request=AssignmentsIn, responses={201: AssignmentOut(many=True)})
    def post(self, request: Request, stack_id: UUID) -> Response:
        """Ask a member to read these embryos; whoever reads blind sees no result of them until their reading is submitted."""
        actor, said = actor_of(request), checked(AssignmentsIn(data=request.data))
        made = services.assign(actor=actor, stack=stack_visible_to(actor, stack_id), **said)
        rows = selectors.assignments_visible_to(actor).filter(id__in=made)
        return Response(AssignmentOut(rows, many=True).data, status=status.HTTP_201_CREATED)


class AssignmentsView(ListAPIView[Assignment]):
    serializer_class = AssignmentOut
    queryset = Assignment.objects.none()
    filter_backends = []

    def get_queryset(self) -> Any:
        actor, asked = actor_of(self.request), checked(AssignmentsAsked(data=self.request.query_params))
        if asked.get("stack") is None:
            return selectors.open_assignments_of(actor)
        return selectors.assignments_of_stack(actor, stack_visible_to(actor, asked["stack"]))

    @extend_schema(operation_id="assignments_list", parameters=[AssignmentsAsked], responses=AssignmentOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What I am asked to read, oldest first."""
        return super().get(request, *args, **kwargs)


class AssignmentView(APIView):
    @extend_schema(operation_id="assignments_withdraw", responses={204: None})
    def delete(self, request: Request, assignment_id: UUID) -> Response:
        """Take back an open assignment: whoever made it, its reader where it is not blind, or a lab admin."""
        actor = actor_of(request)
        services.withdraw_assignment(actor=actor, assignment=selectors.assignment_visible_to(actor, assignment_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class AgreementView(APIView):
    @extend_schema(operation_id="agreement_get", parameters=[AgreementAsked], responses=AgreementOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """How well two readers, or a reader and the machine, agree on the embryos that both read."""
        actor = actor_of(request)
        lab = actor.require(lab_id)
        asked = checked(AgreementAsked(data=request.query_params, context={"asker": str(actor.user.id)}))
        return Response(AgreementOut(compare(actor=actor, lab=lab, **asked)).data)
