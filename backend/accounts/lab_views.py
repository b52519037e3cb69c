"""Labs, their members and invitations over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts import selectors, services
from backend.accounts.actor import actor_of
from backend.accounts.models import Lab, Role
from backend.accounts.serializers import InvitationIn, InvitationOut, LabIn, LabWithRoleOut, MemberOut, NewInvitationOut, RoleIn
from backend.core.bodies import checked
from backend.core.permissions import InPerson


class LabsView(ListAPIView[Lab]):
    serializer_class = LabWithRoleOut
    queryset = Lab.objects.none()

    def get_queryset(self) -> Any:
        actor = actor_of(self.request)
        labs = selectors.labs_of(actor.user).filter(id__in=actor.lab_ids_seen)
        return labs.annotate(role=F("memberships__role")).order_by("name", "id")

    @extend_schema(operation_id="labs_list", responses=LabWithRoleOut(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(operation_id="labs_create", request=LabIn, responses={201: LabWithRoleOut})
    def post(self, request: Request) -> Response:
        """Open a lab; only the instance's admin can."""
        lab = services.create_lab(actor=actor_of(request), **checked(LabIn(data=request.data)))
        return Response(_lab(lab, Role.ADMIN), status=status.HTTP_201_CREATED)


class LabView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="labs_rename", request=LabIn, responses=LabWithRoleOut)
    def patch(self, request: Request, lab_id: UUID) -> Response:
        lab = services.rename_lab(actor=actor_of(request), lab_id=lab_id, **checked(LabIn(data=request.data)))
        return Response(_lab(lab, Role.ADMIN))


class MembersView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="members_list", responses=MemberOut(many=True))
    def get(self, request: Request, lab_id: UUID) -> Response:
        lab = actor_of(request).require(lab_id)
        return Response(MemberOut(selectors.members_of(lab), many=True).data)


class MemberView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="members_change_role", request=RoleIn, responses=MemberOut)
    def patch(self, request: Request, lab_id: UUID, member_id: UUID) -> Response:
        role = Role(checked(RoleIn(data=request.data))["role"])
        return Response(MemberOut(services.change_role(actor=actor_of(request), lab_id=lab_id, member_id=member_id, role=role)).data)

    @extend_schema(operation_id="members_remove", responses={204: None})
    def delete(self, request: Request, lab_id: UUID, member_id: UUID) -> Response:
        services.remove_member(actor=actor_of(request), lab_id=lab_id, member_id=member_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitationsView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="invitations_list", responses=InvitationOut(many=True))
    def get(self, request: Request, lab_id: UUID) -> Response:
        lab = actor_of(request).require(lab_id, Role.ADMIN)
        return Response(InvitationOut(selectors.invitations_to(lab), many=True).data)

    @extend_schema(operation_id="invitations_create", request=InvitationIn, responses={201: NewInvitationOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """Invite somebody; the answer is the only one that carries the link, which works once and for three days."""
        asked = checked(InvitationIn(data=request.data))
        link, secret = services.invite_member(actor=actor_of(request), lab_id=lab_id, email=asked["email"], role=Role(asked["role"]))
        # The fragment never reaches a server, so the secret stays out of access logs.
        address = request.build_absolute_uri(f"/invitation#token={secret}")
        return Response({**InvitationOut(link).data, "link": address}, status=status.HTTP_201_CREATED)


class InvitationView(APIView):
    permission_classes = [InPerson]

    @extend_schema(operation_id="invitations_withdraw", responses={204: None})
    def delete(self, request: Request, lab_id: UUID, invitation_id: UUID) -> Response:
        services.withdraw_invitation(actor=actor_of(request), lab_id=lab_id, invitation_id=invitation_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _lab(lab: Lab, role: Role) -> dict[str, Any]:
    return {"id": str(lab.id), "name": lab.name, "is_demo": lab.is_demo, "role": role}
