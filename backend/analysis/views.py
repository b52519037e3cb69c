"""Dishes, runs and what they found over HTTP."""

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
from backend.analysis import selectors, services
from backend.analysis.filters import DishFilter, RunFilter
from backend.analysis.models import Run
from backend.analysis.serializers import (
    ConfirmIn,
    DishAsked,
    DishIn,
    DishOut,
    DishSnapshotOut,
    PlacementsAsked,
    PlacementsOut,
    RunIn,
    RunOut,
)
from backend.analysis.transitions import run_under_way
from backend.core.bodies import checked
from backend.imaging.models import Dish
from backend.imaging.selectors import stack_visible_to
from backend.imaging.serializers import StackOut
from backend.imaging.services import change_dish
from backend.registry.selectors import active_weights


class DishesView(ListAPIView[Any]):
    """Dishes with their latest recording and run."""

    serializer_class = DishOut
    filterset_class = DishFilter
    queryset = Dish.objects.none()

    @extend_schema(operation_id="dishes_list", responses=DishOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        actor = actor_of(request)
        page = self.paginate_queryset(self.filter_queryset(selectors.dishes_with_runs(actor))) or []
        return self.get_paginated_response(DishOut(selectors.summaries(page, actor), many=True).data)


class DishView(APIView):
    @extend_schema(operation_id="dishes_get", parameters=[DishAsked], responses=DishSnapshotOut)
    def get(self, request: Request, dish_id: UUID) -> Response:
        """Everything the page of a dish shows, and the number of the event it stands at."""
        asked = checked(DishAsked(data=request.query_params))
        return Response(DishSnapshotOut(selectors.snapshot(dish_id, actor_of(request), asked.get("run"))).data)

    @extend_schema(operation_id="dishes_change", request=DishIn, responses=DishOut)
    def patch(self, request: Request, dish_id: UUID) -> Response:
        """Another label, or the incubator it was filmed in."""
        actor, said = actor_of(request), checked(DishIn(data=request.data))
        dish = selectors.dish_summary(actor, dish_id).dish
        change_dish(dish=dish, actor=actor, by=actor.user, **said)
        return Response(DishOut(selectors.dish_summary(actor, dish_id)).data)


class RunsView(ListAPIView[Run]):
    serializer_class = RunOut
    filterset_class = RunFilter
    queryset = Run.objects.none()

    def get_queryset(self) -> Any:
        return selectors.runs_visible_to(actor_of(self.request))

    @extend_schema(operation_id="runs_list", responses=RunOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Runs, newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="runs_request", request=RunIn, responses={200: RunOut, 201: RunOut})
    def post(self, request: Request) -> Response:
        """Ask for an analysis; 200 with the run that is under way already, where there is one."""
        actor, said = actor_of(request), checked(RunIn(data=request.data))
        stack = stack_visible_to(actor, said["stack"])
        weights = selectors.weights_named(said["weights"], stack) if said.get("weights") else active_weights("wells", stack.lab_id)
        is_known = run_under_way(stack, weights) is not None
        run = services.request_run(stack=stack, weights=weights, by=actor.user, actor=actor)
        return Response(RunOut(run).data, status=status.HTTP_200_OK if is_known else status.HTTP_201_CREATED)


class RunView(APIView):
    @extend_schema(operation_id="runs_get", responses=RunOut)
    def get(self, request: Request, run_id: UUID) -> Response:
        return Response(RunOut(selectors.run_visible_to(actor_of(request), run_id)).data)


class CancelView(APIView):
    @extend_schema(operation_id="runs_cancel", request=None, responses=RunOut)
    def post(self, request: Request, run_id: UUID) -> Response:
        """End a waiting run now and a running one within its current batch of frames."""
        actor = actor_of(request)
        run = selectors.run_visible_to(actor, run_id)
        return Response(RunOut(services.cancel_run(run=run, by=actor.user, actor=actor)).data)


class RetryView(APIView):
    @extend_schema(operation_id="runs_retry", request=None, responses={201: RunOut})
    def post(self, request: Request, run_id: UUID) -> Response:
        """The same analysis again as a new run; the old one stays."""
        actor = actor_of(request)
        run = selectors.run_visible_to(actor, run_id)
        return Response(RunOut(services.retry_run(run=run, by=actor.user, actor=actor)).data, status=status.HTTP_201_CREATED)


class PlacementsView(APIView):
    @extend_schema(operation_id="runs_placements", parameters=[PlacementsAsked], responses=PlacementsOut)
    def get(self, request: Request, run_id: UUID) -> Response:
        """Where the dish lies in each frame from `from` on, at most 5,000 frames; ask again from where these end."""
        run = selectors.run_visible_to(actor_of(request), run_id)
        first_frame = checked(PlacementsAsked(data=request.query_params))["from"]
        return Response({"first_frame": first_frame, "rows": selectors.placements_of(run, first_frame)})


class ConfirmView(APIView):
    @extend_schema(operation_id="stacks_confirm", request=ConfirmIn, responses=StackOut)
    def post(self, request: Request, stack_id: UUID) -> Response:
        """Give a recognised recording its dish and times, and have it analysed where that is wanted."""
        actor, said = actor_of(request), checked(ConfirmIn(data=request.data))
        wants_run = said.pop("analyse")
        stack = stack_visible_to(actor, stack_id)
        services.confirm(stack=stack, wants_run=wants_run, by=actor.user, actor=actor, **said)
        return Response(StackOut(stack_visible_to(actor, stack_id)).data)
