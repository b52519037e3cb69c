"""Which weights are there, over HTTP."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import actor_of
from backend.registry import selectors
from backend.registry.serializers import WeightsOut


class WeightsView(APIView):
    @extend_schema(operation_id="weights_list", responses=WeightsOut(many=True))
    def get(self, request: Request) -> Response:
        """Every weights folder of this installation, and why one cannot be used; beside them the candidates of one's own labs."""
        return Response(WeightsOut(selectors.weights_visible_to(actor_of(request)), many=True).data)
