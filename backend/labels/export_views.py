"""Labels to be saved, over HTTP."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import actor_of
from backend.core.bodies import checked
from backend.imaging.names import attachment
from backend.labels.export_serializers import ExportAsked, ExportCountsOut
from backend.labels.exporting import Form, counts_of, export_labels
from backend.labels.outgoing import Asked
from backend.labels.zipping import sent


class _AsTheAddressSays(BaseContentNegotiation):
    """The suffix decides, so that a program that asks for application/zip is not turned away; refusals are JSON."""

    def select_parser(self, request: Any, parsers: Any) -> Any:  # noqa: ARG002 - DRF's signature
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:  # noqa: ARG002 - DRF's signature
        return renderers[0], renderers[0].media_type


class ExportCountsView(APIView):
    @extend_schema(operation_id="label_export_counts", parameters=[ExportAsked], responses=ExportCountsOut)
    def get(self, request: Request, lab_id: UUID) -> Response:
        """How much an export would hold."""
        said = checked(ExportAsked(data=request.query_params))
        return Response(ExportCountsOut(counts_of(actor=actor_of(request), lab_id=lab_id, asked=_asked(said))).data)


class ExportView(APIView):
    content_negotiation_class = _AsTheAddressSays
    form: Form = "label-studio"

    def get(self, request: Request, lab_id: UUID) -> StreamingHttpResponse:
        """An archive of the lab's labels, to be saved; what leaves is on the record."""
        said = checked(ExportAsked(data=request.query_params))
        export = export_labels(actor=actor_of(request), lab_id=lab_id, form=self.form, asked=_asked(said), pictures=said["pictures"])
        # Django wants the kind of iterator that its server runs on.
        blocks: Any = sent(export.blocks) if isinstance(request._request, ASGIRequest) else export.blocks
        response = StreamingHttpResponse(blocks, content_type="application/zip")
        response["Content-Disposition"] = attachment(export.name, export.name)
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "no-store"
        return response


def export_view(form: str) -> Any:
    """The view for one kind of archive, described for the contract."""
    described = extend_schema(
        operation_id=f"label_export_{form.replace('-', '_')}",
        parameters=[ExportAsked],
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    made = type(f"ExportView{form.title().replace('-', '')}", (ExportView,), {"form": cast(Form, form), "__doc__": ExportView.__doc__})
    return extend_schema_view(get=described)(made).as_view()  # type: ignore[attr-defined]


def _asked(said: dict[str, Any]) -> Asked:
    return Asked(
        source=said["source"],
        imports=tuple(said["label_import"]),
        instance=said["instance"],
        annotator=said["annotator"],
        dishes=tuple(said["dish"]),
        frames=said["frames"],
        names_annotators=said["annotators"],
        prefix=said["prefix"],
    )
