"""Signing a reading, over HTTP."""

from __future__ import annotations

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
from backend.core.versions import IF_MATCH, ChangedMeanwhileOut, asked_version, telling_current
from backend.review.models import Signature
from backend.review.serializers import ReadingOut, SignatureOut, SignIn
from backend.review.signing import reading_to_sign, sign_reading


class SignView(APIView):
    permission_classes = [InPerson]

    @extend_schema(
        operation_id="readings_sign", parameters=[IF_MATCH], request=SignIn, responses={201: SignatureOut, 412: ChangedMeanwhileOut}
    )
    def post(self, request: Request, stack_id: UUID, place: str) -> Response:
        """Sign a submitted reading, one's own or, as a lab admin, somebody else's; needs the password within the last five minutes."""
        actor, said = actor_of(request), checked(SignIn(data=request.data))
        version, reader_id = asked_version(request), said["reader_id"]
        with telling_current(
            lambda: ReadingOut(reading_to_sign(actor=actor, stack_id=stack_id, place=place, reader_id=reader_id), context={}).data
        ):
            signature = sign_reading(
                actor=actor,
                stack_id=stack_id,
                place=place,
                reader_id=reader_id,
                version=version,
                meaning=Signature.Meaning(said["meaning"]),
                has_stepped_up=has_stepped_up(request),
            )
        return Response(SignatureOut(signature).data, status=status.HTTP_201_CREATED)
