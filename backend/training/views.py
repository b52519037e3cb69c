"""Trainings over HTTP."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import actor_of
from backend.core.bodies import checked
from backend.training import selectors, services
from backend.training.paces import paces
from backend.training.serializers import TrainingChoicesOut, TrainingIn, TrainingOut

SHOWN = 50


class TrainingsView(APIView):
    @extend_schema(operation_id="trainings_list", responses=TrainingOut(many=True))
    def get(self, request: Request, lab_id: UUID) -> Response:
        """The lab's trainings, the latest fifty, newest first."""
        rows = selectors.trainings_visible_to(actor_of(request), lab_id)[:SHOWN]
        return Response(TrainingOut(rows, many=True).data)

    @extend_schema(operation_id="trainings_request", request=TrainingIn, responses={200: TrainingOut, 201: TrainingOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """Queue a training; 200 with the same one where it is under way already."""
        actor, said = actor_of(request), checked(TrainingIn(data=request.data))
        is_new, training = services.request_training(
            lab_id=lab_id,
            data_set_id=said["data_set"],
            recipe=said["recipe"],
            start_id=said["start"],
            seed=said["seed"],
            steps=said["steps"],
            by=actor.user,
            actor=actor,
        )
        return Response(TrainingOut(training).data, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


class ChoicesView(APIView):
    @extend_schema(operation_id="trainings_choices", responses=TrainingChoicesOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """The lab's data sets and the weights one can go on from, or why not, and how long each recipe takes."""
        actor = actor_of(request)
        told = {
            "data_sets": selectors.materials_of(actor, lab_id),
            "weights": selectors.startings_visible_to(actor, lab_id),
            "paces": paces(),
        }
        return Response(TrainingChoicesOut(told).data)


class TrainingView(APIView):
    @extend_schema(operation_id="trainings_get", responses=TrainingOut)
    def get(self, request: Request, training_id: UUID) -> Response:
        return Response(TrainingOut(selectors.training_visible_to(actor_of(request), training_id)).data)


class StopView(APIView):
    @extend_schema(operation_id="trainings_stop", request=None, responses=TrainingOut)
    def post(self, request: Request, training_id: UUID) -> Response:
        """Stop it within seconds; it keeps its last checkpoint and can go on."""
        actor = actor_of(request)
        training = selectors.training_visible_to(actor, training_id)
        services.stop_training(training=training, by=actor.user, actor=actor)
        return Response(TrainingOut(selectors.training_visible_to(actor, training_id)).data)


class ResumeView(APIView):
    @extend_schema(operation_id="trainings_resume", request=None, responses=TrainingOut)
    def post(self, request: Request, training_id: UUID) -> Response:
        """Let one that was stopped or failed go on from its last checkpoint."""
        actor = actor_of(request)
        training = selectors.training_visible_to(actor, training_id)
        services.resume_training(training=training, by=actor.user, actor=actor)
        return Response(TrainingOut(selectors.training_visible_to(actor, training_id)).data)


class CancelView(APIView):
    @extend_schema(operation_id="trainings_cancel", request=None, responses=TrainingOut)
    def post(self, request: Request, training_id: UUID) -> Response:
        """End it for good; neither weights nor checkpoint are kept."""
        actor = actor_of(request)
        training = selectors.training_visible_to(actor, training_id)
        services.cancel_training(training=training, by=actor.user, actor=actor)
        return Response(TrainingOut(selectors.training_visible_to(actor, training_id)).data)
