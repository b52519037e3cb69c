"""The event log over plain HTTP, for pages whose network blocks websockets."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import NOT_HERE, actor_of
from backend.core.errors import Refused
from backend.live import selectors, topics
from backend.live.serializers import EventsAsked, EventsPage
from backend.live.tail import as_delivered
from backend.live.withholding import as_told_to


class EventsView(APIView):
    """The next events of a topic after `after`, at most 500; ask again with the `seq` that came back."""

    @extend_schema(operation_id="events_list", parameters=[EventsAsked], responses=EventsPage)
    def get(self, request: Request) -> Response:
        asked = EventsAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        topic, after = asked.validated_data["topic"], asked.validated_data.get("after")
        actor = actor_of(request)
        if not topics.may_follow(actor, topic):
            raise Refused("not_found", NOT_HERE, http_status=404)
        if after is None:
            return Response({"topic": topic, "seq": selectors.latest_seq(topic), "events": []})
        if selectors.is_gone(topic, after):
            raise Refused("gone", "These events are no longer kept.", "Load the state anew.", http_status=410)
        rows = selectors.events_after(topic, after)
        told = as_told_to(actor.user.id, [as_delivered(row) for row in rows])
        return Response({"topic": topic, "seq": rows[-1].seq if rows else after, "events": told})
