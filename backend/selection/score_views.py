"""Rules, scores, comparisons and statistics over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import Actor, actor_of
from backend.core.bodies import checked
from backend.core.versions import IF_MATCH, ChangedMeanwhileOut, asked_version, telling_current, versioned
from backend.selection import ruling, selectors
from backend.selection.comparison import compared, items_of
from backend.selection.fields import CATALOGUE
from backend.selection.score_serializers import (
    CompareAsked,
    ComparedOut,
    ScoreOut,
    StatisticsAsked,
    StatisticsOut,
    ValidateIn,
    ValidationOut,
)
from backend.selection.scores import scores_of_dish
from backend.selection.serializers import RuleSetChangeIn, RuleSetIn, RuleSetOut, RulesOut
from backend.selection.statistics import statistics_of
from backend.selection.templates import TEMPLATES


def _rule_set(actor: Actor, rule_id: UUID) -> Any:
    return RuleSetOut(selectors.rule_set_visible_to(actor, rule_id)).data


class RulesView(APIView):
    @extend_schema(operation_id="rules_list", responses=RulesOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """The lab's rules, and the published templates it may start from; no template scores anything."""
        rule_sets = selectors.rule_sets_of(actor_of(request), lab_id)
        told = {"rule_sets": rule_sets, "templates": TEMPLATES.values(), "known_fields": CATALOGUE.values()}
        return Response(RulesOut(told).data)

    @extend_schema(operation_id="rules_create", request=RuleSetIn, responses={201: RuleSetOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """A new rule, off: the lab's own, or a template's with its thresholds left for the lab to enter."""
        actor, said = actor_of(request), checked(RuleSetIn(data=request.data))
        rule_set = ruling.create_rule_set(actor=actor, lab_id=lab_id, **said)
        return versioned(RuleSetOut(rule_set).data, rule_set.version, status.HTTP_201_CREATED)


class RuleView(APIView):
    @extend_schema(operation_id="rules_get", responses=RuleSetOut)
    def get(self, request: Request, rule_id: UUID) -> Response:
        rule_set = _rule_set(actor_of(request), rule_id)
        return versioned(rule_set, rule_set["version"])

    @extend_schema(
        operation_id="rules_change", parameters=[IF_MATCH], request=RuleSetChangeIn, responses={200: RuleSetOut, 412: ChangedMeanwhileOut}
    )
    def patch(self, request: Request, rule_id: UUID) -> Response:
        """Change a rule, or turn it on or off; it cannot be on while a threshold is missing."""
        actor, said = actor_of(request), checked(RuleSetChangeIn(data=request.data))
        version = asked_version(request)
        with telling_current(lambda: _rule_set(actor, rule_id)):
            rule_set = ruling.change_rule_set(actor=actor, rule_id=rule_id, version=version, changes=said)
        return versioned(RuleSetOut(rule_set).data, rule_set.version)

    @extend_schema(operation_id="rules_delete", parameters=[IF_MATCH], request=None, responses={204: None, 412: ChangedMeanwhileOut})
    def delete(self, request: Request, rule_id: UUID) -> Response:
        actor, version = actor_of(request), asked_version(request)
        with telling_current(lambda: _rule_set(actor, rule_id)):
            ruling.delete_rule_set(actor=actor, rule_id=rule_id, version=version)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ValidateView(APIView):
    @extend_schema(operation_id="rules_validate", request=ValidateIn, responses=ValidationOut)
    def post(self, request: Request, rule_id: UUID) -> Response:
        """Judge a rule on the lab's own outcomes; 409 with the reason where they are too few to say anything."""
        actor, said = actor_of(request), checked(ValidateIn(data=request.data))
        return Response(ValidationOut(ruling.validate_rule_set(actor=actor, rule_id=rule_id, endpoint=said["endpoint"])).data)


class ScoresView(APIView):
    @extend_schema(operation_id="scores_list", responses=ScoreOut(many=True))
    def get(self, request: Request, dish_id: UUID) -> Response:
        """Every embryo by every rule that is on; none of embryos that the asker reads blind."""
        return Response(ScoreOut(scores_of_dish(actor_of(request), dish_id), many=True).data)


class CompareView(APIView):
    @extend_schema(operation_id="compare", parameters=[CompareAsked], responses=ComparedOut(many=True))
    def get(self, request: Request) -> Response:
        """Two to sixteen embryos of any dishes, in the order asked for."""
        actor, said = actor_of(request), checked(CompareAsked(data=request.query_params))
        return Response(ComparedOut(compared(actor, items_of(said["items"])), many=True).data)


class StatisticsView(APIView):
    @extend_schema(operation_id="statistics_get", parameters=[StatisticsAsked], responses=StatisticsOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """The lab's quality figures over a span of time, and week by week."""
        said = checked(StatisticsAsked(data=request.query_params))
        return Response(StatisticsOut(statistics_of(actor_of(request), lab_id, said["since"], said["until"])).data)
