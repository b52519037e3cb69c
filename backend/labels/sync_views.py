"""A lab's connection to its Label Studio server over HTTP; nothing here opens it, the worker does."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import Actor, actor_of
from backend.core.bodies import checked
from backend.labels import connecting, sync_selectors
from backend.labels.models import Connection, LabelSync
from backend.labels.sync_serializers import ConnectionIn, ConnectionStateOut, LabelSyncOut, PullIn, PushIn

SHOWN = 50


class ConnectionView(APIView):
    @extend_schema(operation_id="label_connection_read", responses=ConnectionStateOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """Which server the lab is connected to, and whether it works; the token is never answered."""
        return Response(_told(actor_of(request), lab_id))

    @extend_schema(operation_id="label_connection_set", request=ConnectionIn, responses=ConnectionStateOut)
    def put(self, request: Request, lab_id: UUID) -> Response:
        """Set the address, which has to be allowed in the server's environment, and the token."""
        actor, said = actor_of(request), checked(ConnectionIn(data=request.data))
        connecting.set_connection(actor=actor, lab_id=lab_id, address=said["address"], token=said["token"])
        return Response(_told(actor, lab_id))

    @extend_schema(operation_id="label_connection_remove", responses={204: None})
    def delete(self, request: Request, lab_id: UUID) -> Response:
        """Forget the address and the token."""
        connecting.remove_connection(actor=actor_of(request), lab_id=lab_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class CheckView(APIView):
    @extend_schema(operation_id="label_connection_check", request=None, responses={202: LabelSyncOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """Have the connection tried and the projects listed; follow it on the lab's topic as `label_sync.changed`."""
        return _asked(connecting.request_check(actor=actor_of(request), lab_id=lab_id))


class PullView(APIView):
    @extend_schema(operation_id="label_connection_pull", request=PullIn, responses={202: LabelSyncOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """Fetch tasks and annotations of a project; what came is an import that waits to be looked at and confirmed."""
        said = checked(PullIn(data=request.data))
        return _asked(connecting.request_pull(actor=actor_of(request), lab_id=lab_id, **said))


class PushView(APIView):
    @extend_schema(operation_id="label_connection_push", request=PushIn, responses={202: LabelSyncOut})
    def post(self, request: Request, lab_id: UUID) -> Response:
        """Leave our predictions with their scores on a project's tasks; asking again changes only what is different."""
        said = checked(PushIn(data=request.data))
        return _asked(connecting.request_push(actor=actor_of(request), lab_id=lab_id, **said))


class SyncsView(APIView):
    @extend_schema(operation_id="label_syncs_list", responses=LabelSyncOut(many=True))
    def get(self, request: Request, lab_id: UUID) -> Response:
        """The lab's exchanges, the latest fifty, newest first."""
        return Response(LabelSyncOut(sync_selectors.syncs_visible_to(actor_of(request), lab_id)[:SHOWN], many=True).data)


class SyncCancelView(APIView):
    @extend_schema(operation_id="label_syncs_cancel", request=None, responses=LabelSyncOut)
    def post(self, request: Request, sync_id: UUID) -> Response:
        """End an exchange; what it exchanged so far stays."""
        return Response(LabelSyncOut(connecting.cancel_sync(actor=actor_of(request), sync_id=sync_id)).data)


def _told(actor: Actor, lab_id: UUID) -> dict[str, object]:
    lab = sync_selectors.lab_with_connection(actor, lab_id)
    found = Connection.objects.select_related("by").filter(lab=lab).first()
    allowed = list(settings.LABEL_STUDIO_ALLOWED) if actor.is_instance_admin else []
    return dict(ConnectionStateOut({"connection": found, "allowed": allowed, "may_set": actor.is_instance_admin}).data)


def _asked(sync: LabelSync) -> Response:
    return Response(LabelSyncOut(sync).data, status=status.HTTP_202_ACCEPTED)
