"""The review queue over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import Actor, actor_of
from backend.accounts.models import Role
from backend.core.bodies import checked
from backend.core.versions import ChangedMeanwhileOut
from backend.readers.selectors import settings_of
from backend.worklist import selectors, services
from backend.worklist.filters import QueueFilter
from backend.worklist.keeping_scores import keep_scores
from backend.worklist.models import Score
from backend.worklist.serializers import (
    AcceptAboveIn,
    BatchOut,
    PaceAsked,
    PaceOut,
    QueueAcceptIn,
    QueueItemOut,
    SureOut,
    UndoIn,
    UndoneOut,
)

SHOWN = 100


class QueueView(ListAPIView[Any]):
    """Embryos and unsure wells of the latest finished analyses, most uncertain first; what one is blind for last, by age."""

    serializer_class = QueueItemOut
    filterset_class = QueueFilter
    queryset = Score.objects.none()

    @extend_schema(operation_id="queue_list", responses=QueueItemOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        actor = actor_of(request)
        labs = actor.lab_ids_seen
        keep_scores(labs)
        page = self.paginate_queryset(self.filter_queryset(selectors.queue_of(actor, labs))) or []
        return self.get_paginated_response(QueueItemOut(page, many=True).data)


class AcceptView(APIView):
    @extend_schema(operation_id="queue_accept", request=QueueAcceptIn, responses={200: BatchOut, 412: ChangedMeanwhileOut})
    def post(self, request: Request) -> Response:
        """Submit the machine's profiles of these embryos as my own readings; what I said of them already stays as it is."""
        said = checked(QueueAcceptIn(data=request.data))
        batch = services.accept(
            actor=actor_of(request), stack_id=said["stack"], versions=said["versions"], seconds_spent=said["seconds_spent"]
        )
        return Response(BatchOut({"batch": batch.id, "count": len(said["versions"])}).data)


class RejectView(APIView):
    @extend_schema(operation_id="queue_reject", request=QueueAcceptIn, responses={200: BatchOut, 412: ChangedMeanwhileOut})
    def post(self, request: Request) -> Response:
        """Say that the machine's profiles of these embryos count for nothing; they go on waiting, last, for a reading of my own."""
        said = checked(QueueAcceptIn(data=request.data))
        batch = services.reject(
            actor=actor_of(request), stack_id=said["stack"], versions=said["versions"], seconds_spent=said["seconds_spent"]
        )
        return Response(BatchOut({"batch": batch.id, "count": len(said["versions"])}).data)


class AcceptAboveView(APIView):
    @extend_schema(operation_id="queue_accept_above", request=AcceptAboveIn, responses=SureOut)
    def post(self, request: Request) -> Response:
        """Count the embryos of which the machine is at least so sure; no dry run accepts them, a part at a time under one batch."""
        actor, said = actor_of(request), checked(AcceptAboveIn(data=request.data))
        lab = actor.require(said["lab"], Role.EMBRYOLOGIST)
        threshold = said["threshold"] if "threshold" in said else settings_of(lab).bulk_threshold
        keep_scores([lab.id])
        if said["dry_run"]:
            scores = services.sure_ones(actor, lab.id, threshold)
            return Response(_sure(None, threshold, scores, len(scores), 0))
        asked = {"threshold": threshold, "expected": said["expected"], "batch_id": said["batch"]}
        batch, scores, left = services.accept_above(actor=actor, lab_id=lab.id, **asked)
        return Response(_sure(batch.id if batch else None, threshold, scores, len(scores), left))


def _sure(batch: UUID | None, threshold: float, scores: list[Score], count: int, left: int) -> Any:
    return SureOut({"batch": batch, "threshold": threshold, "count": count, "left": left, "items": scores[:SHOWN]}).data


class UndoView(APIView):
    @extend_schema(operation_id="queue_undo", request=UndoIn, responses=UndoneOut)
    def post(self, request: Request) -> Response:
        """Take back what was accepted or rejected in one go; readings that I changed or signed since stay as they are."""
        said = checked(UndoIn(data=request.data))
        return Response(UndoneOut(services.undo(actor=actor_of(request), batch_id=said["batch"])).data)


class PaceView(APIView):
    @extend_schema(operation_id="queue_pace", parameters=[PaceAsked], responses=PaceOut)
    def get(self, request: Request) -> Response:
        """How long my decisions take, in the middle and by day."""
        actor, said = actor_of(request), checked(PaceAsked(data=request.query_params))
        return Response(PaceOut(selectors.pace_of(actor, _labs(actor, said.get("lab")))).data)


def _labs(actor: Actor, lab_id: UUID | None) -> set[UUID]:
    return actor.lab_ids_seen if lab_id is None else {actor.require(lab_id).id}
