"""Profiles over HTTP: one embryo's, and all of a run to be saved."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import actor_of
from backend.analysis import selectors
from backend.analysis.profile_serializers import EmbryoProfileOut, ProfileRowOut
from backend.analysis.profile_tables import as_csv, rows_of, saved_as
from backend.analysis.profiles import embryo_profile
from backend.core.concealment import hidden_places, refuse_if_hidden


class EmbryoProfileView(APIView):
    @extend_schema(operation_id="runs_profile", responses=EmbryoProfileOut)
    def get(self, request: Request, run_id: UUID, place: str) -> Response:
        """The profile of the embryo at a place such as A1, with what is known of every frame that was looked at."""
        actor = actor_of(request)
        run = selectors.run_visible_to(actor, run_id)
        refuse_if_hidden(actor.user.id, run.stack_id, place)
        return Response(EmbryoProfileOut(embryo_profile(run, place)).data)


class _AsTheAddressSays(BaseContentNegotiation):
    """The suffix decides, so that a program that asks for text/csv is not turned away; refusals are JSON."""

    def select_parser(self, request: Any, parsers: Any) -> Any:  # noqa: ARG002 - DRF's signature
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:  # noqa: ARG002 - DRF's signature
        return renderers[0], renderers[0].media_type


class ProfilesCsvView(APIView):
    content_negotiation_class = _AsTheAddressSays

    @extend_schema(operation_id="runs_profiles_csv", responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        """The run's profiles as a table, one line an embryo, for spreadsheets."""
        actor = actor_of(request)
        run = selectors.run_to_export(actor, run_id)
        hidden = hidden_places(actor.user.id, run.stack_id)
        # The mark at its beginning tells spreadsheets that this is UTF-8.
        return _saved(as_csv(run, hidden).encode("utf-8-sig"), "text/csv; charset=utf-8", saved_as(run, "csv"))


class ProfilesJsonView(APIView):
    content_negotiation_class = _AsTheAddressSays

    @extend_schema(operation_id="runs_profiles_json", responses=ProfileRowOut(many=True))
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        """The same for programs."""
        actor = actor_of(request)
        run = selectors.run_to_export(actor, run_id)
        rows = ProfileRowOut(rows_of(run, hidden_places(actor.user.id, run.stack_id)), many=True).data
        return _saved(json.dumps(rows, ensure_ascii=False, indent=1).encode(), "application/json", saved_as(run, "json"))


def _saved(content: bytes, kind: str, disposition: str) -> HttpResponse:
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=kind, headers=headers)
