"""Decisions, fates and outcomes over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import Actor, actor_of
from backend.core.bodies import checked
from backend.core.versions import IF_MATCH, ChangedMeanwhileOut, asked_version, telling_current, versioned
from backend.selection import selectors, services
from backend.selection.serializers import CycleOutcomeIn, CycleOutcomeOut, DecisionIn, DecisionOut, FateIn, FateOut


def _decision(actor: Actor, dish_id: UUID, place: str) -> Any:
    return DecisionOut(selectors.decision_of(selectors.dish_visible_to(actor, dish_id), place)).data


def _fate(actor: Actor, dish_id: UUID, place: str) -> Any:
    return FateOut(selectors.fate_of(selectors.dish_visible_to(actor, dish_id), place)).data


def _outcome(actor: Actor, cycle_id: UUID) -> Any:
    return CycleOutcomeOut(selectors.outcome_of(selectors.cycle_visible_to(actor, cycle_id))).data


class DecisionsView(APIView):
    @extend_schema(operation_id="decisions_list", responses=DecisionOut(many=True))
    def get(self, request: Request, dish_id: UUID) -> Response:
        """Of the embryos that were decided on, in order of their wells; any other is undecided, with version 0."""
        dish = selectors.dish_visible_to(actor_of(request), dish_id)
        return Response(DecisionOut(selectors.decisions_of(dish), many=True).data)


class DecisionView(APIView):
    @extend_schema(
        operation_id="decisions_change", parameters=[IF_MATCH], request=DecisionIn, responses={200: DecisionOut, 412: ChangedMeanwhileOut}
    )
    def patch(self, request: Request, dish_id: UUID, place: str) -> Response:
        """Decide what shall be done with an embryo; the first decision is made on version 0."""
        actor, said = actor_of(request), checked(DecisionIn(data=request.data))
        version = asked_version(request)
        with telling_current(lambda: _decision(actor, dish_id, place)):
            services.decide(actor=actor, dish_id=dish_id, place=place, version=version, **said)
        decision = _decision(actor, dish_id, place)
        return versioned(decision, decision["version"])


class FatesView(APIView):
    @extend_schema(operation_id="fates_list", responses=FateOut(many=True))
    def get(self, request: Request, dish_id: UUID) -> Response:
        """What became of the dish's embryos, of those that somebody told of."""
        dish = selectors.dish_visible_to(actor_of(request), dish_id)
        return Response(FateOut(selectors.fates_of(dish), many=True).data)


class FateView(APIView):
    @extend_schema(operation_id="fates_change", parameters=[IF_MATCH], request=FateIn, responses={200: FateOut, 412: ChangedMeanwhileOut})
    def patch(self, request: Request, dish_id: UUID, place: str) -> Response:
        """Tell what became of an embryo; an empty fate takes back what was told."""
        actor, said = actor_of(request), checked(FateIn(data=request.data))
        version = asked_version(request)
        with telling_current(lambda: _fate(actor, dish_id, place)):
            services.tell_fate(actor=actor, dish_id=dish_id, place=place, version=version, **said)
        fate = _fate(actor, dish_id, place)
        return versioned(fate, fate["version"])


class OutcomeView(APIView):
    @extend_schema(operation_id="outcomes_get", responses=CycleOutcomeOut)
    def get(self, request: Request, cycle_id: UUID) -> Response:
        """What came of a cycle; an empty one of version 0 where nobody told."""
        outcome = _outcome(actor_of(request), cycle_id)
        return versioned(outcome, outcome["version"])

    @extend_schema(
        operation_id="outcomes_change",
        parameters=[IF_MATCH],
        request=CycleOutcomeIn,
        responses={200: CycleOutcomeOut, 412: ChangedMeanwhileOut},
    )
    def patch(self, request: Request, cycle_id: UUID) -> Response:
        actor, said = actor_of(request), checked(CycleOutcomeIn(data=request.data))
        version = asked_version(request)
        with telling_current(lambda: _outcome(actor, cycle_id)):
            services.tell_outcome(actor=actor, cycle_id=cycle_id, version=version, changes=said)
        outcome = _outcome(actor, cycle_id)
        return versioned(outcome, outcome["version"])
