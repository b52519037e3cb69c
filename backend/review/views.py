"""Readings, their history and the values that count, over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import Actor, actor_of
from backend.core.bodies import checked
from backend.core.concealment import hidden_places
from backend.core.versions import IF_MATCH, ChangedMeanwhileOut, asked_version, telling_current, versioned
from backend.imaging.models import Stack
from backend.review import selectors, services
from backend.review.models import Verdict
from backend.review.serializers import EffectiveOut, ReadingIn, ReadingOut, SubmitIn, VerdictOut, VerdictsAsked, field_changes


def _own(actor: Actor, stack_id: UUID, place: str) -> Any:
    return ReadingOut(selectors.own_reading(selectors.stack_under_review(actor, stack_id), actor, place)).data


def _answer(actor: Actor, stack_id: UUID, place: str) -> Response:
    reading = _own(actor, stack_id, place)
    return versioned(reading, reading["version"])


class ReadingView(APIView):
    @extend_schema(operation_id="readings_get", responses=ReadingOut)
    def get(self, request: Request, stack_id: UUID, place: str) -> Response:
        """My own reading of the embryo at a place such as A1; an empty one of version 0 where I wrote nothing yet."""
        return _answer(actor_of(request), stack_id, place)

    @extend_schema(
        operation_id="readings_change", parameters=[IF_MATCH], request=ReadingIn, responses={200: ReadingOut, 412: ChangedMeanwhileOut}
    )
    def patch(self, request: Request, stack_id: UUID, place: str) -> Response:
        """Write fields of my reading, all or none; a submitted reading becomes a draft by it."""
        actor, said = actor_of(request), checked(ReadingIn(data=request.data))
        version = asked_version(request)
        with telling_current(lambda: _own(actor, stack_id, place)):
            services.change_reading(
                actor=actor,
                stack_id=stack_id,
                place=place,
                version=version,
                changes=field_changes(said),
                seconds_spent=said["seconds_spent"],
            )
        return _answer(actor, stack_id, place)


class SubmitView(APIView):
    @extend_schema(
        operation_id="readings_submit", parameters=[IF_MATCH], request=SubmitIn, responses={200: ReadingOut, 412: ChangedMeanwhileOut}
    )
    def post(self, request: Request, stack_id: UUID, place: str) -> Response:
        """Let others see my reading; from now on the machine's result is not hidden from me."""
        actor, said = actor_of(request), checked(SubmitIn(data=request.data))
        version = asked_version(request)
        with telling_current(lambda: _own(actor, stack_id, place)):
            services.submit_reading(actor=actor, stack_id=stack_id, place=place, version=version, **said)
        return _answer(actor, stack_id, place)


class ReadingsView(APIView):
    @extend_schema(operation_id="stacks_readings", responses=ReadingOut(many=True))
    def get(self, request: Request, stack_id: UUID) -> Response:
        """Every reading of this recording that I may see: my own, and other people's submitted ones."""
        actor = actor_of(request)
        stack = selectors.stack_under_review(actor, stack_id)
        readings = selectors.readings_visible_to(actor, stack)
        for reading in readings:
            reading.stack = stack
        return Response(ReadingOut(readings, many=True, context={}).data)


class VerdictsView(ListAPIView[Verdict]):
    serializer_class = VerdictOut
    queryset = Verdict.objects.none()

    def _stack(self) -> tuple[Actor, Stack]:
        actor = actor_of(self.request)
        return actor, selectors.stack_under_review(actor, self.kwargs["stack_id"])

    def get_queryset(self) -> Any:
        asked = checked(VerdictsAsked(data=self.request.query_params))
        return selectors.verdicts_visible_to(*self._stack(), asked.get("place"))

    def get_serializer_context(self) -> dict[str, Any]:
        hidden = hidden_places(actor_of(self.request).user.id, self.kwargs["stack_id"])
        return {**super().get_serializer_context(), "hidden": hidden}

    @extend_schema(operation_id="stacks_verdicts", parameters=[VerdictsAsked], responses=VerdictOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who gave which value when, from what and why; latest first."""
        return super().get(request, *args, **kwargs)


class EffectiveView(APIView):
    @extend_schema(operation_id="stacks_effective", responses=EffectiveOut(many=True))
    def get(self, request: Request, stack_id: UUID) -> Response:
        """Each well as it counts for me: the latest verdict of a reading that I may see, else the machine's."""
        actor = actor_of(request)
        places = selectors.effective_of(selectors.stack_under_review(actor, stack_id), actor)
        return Response(EffectiveOut(list(places.values()), many=True).data)
