"""Which weights are there and which are used, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import actor_of
from backend.accounts.stepup import has_stepped_up
from backend.core.bodies import checked
from backend.core.permissions import InPerson
from backend.core.versions import IF_MATCH, ChangedMeanwhileOut, asked_version, telling_current, versioned
from backend.registry import selectors, services, using
from backend.registry.serializers import (
    DetectorSettingsIn,
    DetectorSettingsOut,
    LabAsked,
    ReasonIn,
    RollBackIn,
    UseIn,
    UseOut,
    UsesOut,
    WeightsDetailOut,
    WeightsOut,
)
from backend.registry.standing import TASKS, standings

SHOWN = 200


def _lab_asked(request: Request) -> UUID | None:
    return checked(LabAsked(data=request.query_params)).get("lab")


class WeightsView(APIView):
    @extend_schema(operation_id="weights_list", parameters=[LabAsked], responses=WeightsOut(many=True))
    def get(self, request: Request) -> Response:
        """Every weights folder of this installation, and why one cannot be used; beside them those of one's own labs."""
        actor = actor_of(request)
        rows: Any = standings(actor, selectors.weights_visible_to(actor), _lab_asked(request))
        return Response(WeightsOut(rows, many=True).data)


class OneWeightsView(APIView):
    @extend_schema(operation_id="weights_get", parameters=[LabAsked], responses=WeightsDetailOut)
    def get(self, request: Request, weights_id: UUID) -> Response:
        """One of them with its manifest, its card and where it was in use."""
        actor = actor_of(request)
        (one,) = standings(actor, [selectors.one_visible_to(actor, weights_id)], _lab_asked(request))
        history = list(selectors.history_of(actor, one.weights)[:SHOWN])
        return Response(WeightsDetailOut(replace(one, history=history)).data)


class RetireView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="weights_retire", request=ReasonIn, responses=WeightsOut)
    def post(self, request: Request, weights_id: UUID) -> Response:
        """Put weights of one's lab away for good; not while they are in use or proposed."""
        actor, said = actor_of(request), checked(ReasonIn(data=request.data))
        weights = selectors.one_visible_to(actor, weights_id)
        row = services.retire_weights(weights=weights, actor=actor, reason=said["reason"])
        return Response(WeightsOut(standings(actor, [row], row.lab_id)[0]).data)


class UsesView(APIView):
    def get_permissions(self) -> list[Any]:
        return [InPerson()] if self.request.method == "POST" else list(super().get_permissions())

    @extend_schema(operation_id="uses_list", responses=UsesOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """What the lab uses for each task, and its history with the server's defaults, newest first."""
        history = selectors.uses_visible_to(actor_of(request), lab_id)[:SHOWN]
        tasks = [_task_use(task, lab_id) for task in TASKS]
        return Response(UsesOut({"tasks": tasks, "admins": selectors.admins_of(lab_id), "history": history}).data)

    @extend_schema(operation_id="uses_propose", request=UseIn, responses={201: UseOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """Propose other weights; needs the password within the last five minutes, and another admin who confirms it."""
        actor, said = actor_of(request), checked(UseIn(data=request.data))
        use = using.propose_use(
            actor=actor,
            lab_id=lab_id,
            task=said["task"],
            weights_id=said["weights"],
            reason=said["reason"],
            has_stepped_up=has_stepped_up(request),
        )
        return Response(UseOut(use).data, status=status.HTTP_201_CREATED)


class RollBackView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="uses_roll_back", request=RollBackIn, responses={201: UseOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """Go back at once to what was in use before; needs the password within the last five minutes."""
        actor, said = actor_of(request), checked(RollBackIn(data=request.data))
        use = using.roll_back(actor=actor, lab_id=lab_id, has_stepped_up=has_stepped_up(request), **said)
        return Response(UseOut(use).data, status=status.HTTP_201_CREATED)


class ConfirmUseView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="uses_confirm", request=None, responses=UseOut)
    def post(self, request: Request, use_id: UUID) -> Response:
        """Put into use what another admin proposed; needs the password within the last five minutes."""
        actor = actor_of(request)
        use = using.confirm_use(actor=actor, use=selectors.use_visible_to(actor, use_id), has_stepped_up=has_stepped_up(request))
        return Response(UseOut(use).data)


class WithdrawUseView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="uses_withdraw", request=ReasonIn, responses=UseOut)
    def post(self, request: Request, use_id: UUID) -> Response:
        """Take a proposal back, one's own or another admin's."""
        actor, said = actor_of(request), checked(ReasonIn(data=request.data))
        use = using.withdraw_use(actor=actor, use=selectors.use_visible_to(actor, use_id), reason=said["reason"])
        return Response(UseOut(use).data)


class DetectorSettingsView(APIView):
    @extend_schema(operation_id="detector_settings_get", responses=DetectorSettingsOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """What the lab wants of its detectors."""
        kept = selectors.settings_of(actor_of(request).require(lab_id))
        return versioned(DetectorSettingsOut(kept).data, kept.version)

    @extend_schema(
        operation_id="detector_settings_change",
        request=DetectorSettingsIn,
        parameters=[IF_MATCH],
        responses={200: DetectorSettingsOut, 412: ChangedMeanwhileOut},
    )
    def patch(self, request: Request, lab_id: UUID) -> Response:
        actor, said = actor_of(request), checked(DetectorSettingsIn(data=request.data))
        with telling_current(lambda: DetectorSettingsOut(selectors.settings_of(actor.require(lab_id))).data):
            kept = using.change_settings(actor=actor, lab_id=lab_id, version=asked_version(request), **said)
        return versioned(DetectorSettingsOut(kept).data, kept.version)


def _task_use(task: str, lab_id: UUID) -> dict[str, Any]:
    own = selectors.current_use(task, lab_id)
    use = selectors.use_in_effect(task, lab_id)
    before = selectors.usable_before(own) if own is not None else None
    back_to = before.weights if before is not None else None
    return {
        "task": task,
        "weights": use.weights_id if use is not None else None,
        "weights_name": use.weights.name if use is not None and use.weights is not None else "",
        "is_own_choice": use is not None and use.lab_id is not None,
        "can_roll_back": selectors.can_roll_back(own),
        "back_to": back_to.id if back_to is not None else None,
        "back_to_name": back_to.name if back_to is not None else "",
    }
