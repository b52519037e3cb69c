"""What people share about a dish over HTTP: corrections, comments, and who is there."""

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
from backend.review import commenting, correcting, selectors
from backend.review.models import Comment
from backend.review.serializers import (
    CommentChangeIn,
    CommentIn,
    CommentOut,
    CorrectionIn,
    CorrectionOut,
    PresenceIn,
    PresenceOut,
    VerdictsAsked,
    field_changes,
)


def _corrections(actor: Actor, stack_id: UUID) -> Any:
    return CorrectionOut(selectors.correction_of(selectors.stack_under_review(actor, stack_id))).data


def _comment(actor: Actor, comment: Comment) -> Any:
    return CommentOut(comment, context={"user_id": actor.user.id}).data


class CorrectionsView(APIView):
    @extend_schema(operation_id="corrections_get", responses=CorrectionOut)
    def get(self, request: Request, stack_id: UUID) -> Response:
        """What was put right about this dish; version 0 where nothing was."""
        corrections = _corrections(actor_of(request), stack_id)
        return versioned(corrections, corrections["version"])

    @extend_schema(
        operation_id="corrections_change",
        parameters=[IF_MATCH],
        request=CorrectionIn,
        responses={200: CorrectionOut, 412: ChangedMeanwhileOut},
    )
    def patch(self, request: Request, stack_id: UUID) -> Response:
        """Put the lattice, wells, contents or unusable frames right, all fields or none."""
        actor, said = actor_of(request), checked(CorrectionIn(data=request.data))
        version = asked_version(request)
        with telling_current(lambda: _corrections(actor, stack_id)):
            kept = correcting.change_corrections(actor=actor, stack_id=stack_id, version=version, changes=field_changes(said))
        return versioned(CorrectionOut(kept).data, kept.version)


class CommentsView(APIView):
    @extend_schema(operation_id="comments_list", parameters=[VerdictsAsked], responses=CommentOut(many=True))
    def get(self, request: Request, stack_id: UUID) -> Response:
        """Comments on this recording's embryos, oldest first."""
        actor, asked = actor_of(request), checked(VerdictsAsked(data=request.query_params))
        comments = selectors.comments_visible_to(actor, selectors.stack_under_review(actor, stack_id), asked.get("place"))
        return Response(CommentOut(comments, many=True, context={"user_id": actor.user.id}).data)

    @extend_schema(operation_id="comments_add", request=CommentIn, responses={201: CommentOut})
    def post(self, request: Request, stack_id: UUID) -> Response:
        actor = actor_of(request)
        comment = commenting.add_comment(actor=actor, stack_id=stack_id, **checked(CommentIn(data=request.data)))
        return versioned(_comment(actor, comment), comment.version, status.HTTP_201_CREATED)


class CommentView(APIView):
    @extend_schema(
        operation_id="comments_change",
        parameters=[IF_MATCH],
        request=CommentChangeIn,
        responses={200: CommentOut, 412: ChangedMeanwhileOut},
    )
    def patch(self, request: Request, comment_id: UUID) -> Response:
        """Reword my comment, or resolve or reopen anybody's."""
        actor, said = actor_of(request), checked(CommentChangeIn(data=request.data))
        version = asked_version(request)
        with telling_current(lambda: _comment(actor, selectors.comment_visible_to(actor, comment_id))):
            comment = commenting.change_comment(actor=actor, comment_id=comment_id, version=version, **said)
        return versioned(_comment(actor, comment), comment.version)


class PresenceView(APIView):
    @extend_schema(operation_id="presence_get", responses=PresenceOut(many=True))
    def get(self, request: Request, stack_id: UUID) -> Response:
        """Who told within the last minute that they have one of this recording's embryos open."""
        stack = selectors.stack_under_review(actor_of(request), stack_id)
        return Response(PresenceOut(selectors.present_at(stack), many=True).data)

    @extend_schema(operation_id="presence_tell", request=PresenceIn, responses={204: None})
    def post(self, request: Request, stack_id: UUID) -> Response:
        """Tell every 20 seconds that I have an embryo open."""
        commenting.tell_presence(actor=actor_of(request), stack_id=stack_id, **checked(PresenceIn(data=request.data)))
        return Response(status=status.HTTP_204_NO_CONTENT)
