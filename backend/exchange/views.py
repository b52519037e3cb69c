"""Reports over HTTP; what the address ends in decides the kind of file."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from backend.accounts.actor import Actor, actor_of
from backend.core.bodies import checked
from backend.exchange import selectors
from backend.exchange.serializers import PdfReportAsked, ReportAsked, ReportOut, ReportProgressOut
from backend.exchange.services import Format, Unfinished, Written, export_report
from backend.exchange.words import Language


class _AsTheAddressSays(BaseContentNegotiation):
    """The suffix decides, so that a program that asks for application/pdf is not turned away; refusals are JSON."""

    def select_parser(self, request: Any, parsers: Any) -> Any:  # noqa: ARG002 - DRF's signature
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:  # noqa: ARG002 - DRF's signature
        return renderers[0], renderers[0].media_type


class _ReportView(APIView):
    content_negotiation_class = _AsTheAddressSays
    suffix: ClassVar[Format] = "pdf"

    def asked(self, request: Request, actor: Actor) -> dict[str, Any]:
        """What every report is told: its language, where none is asked for the one that the person reads the product in."""
        said = checked((PdfReportAsked if self.suffix == "pdf" else ReportAsked)(data=request.query_params))
        language = cast(Language, said.get("language") or actor.user.language)
        return {"suffix": self.suffix, "language": language, "must_be_complete": said.get("complete", False), "actor": actor}


class DishReportView(_ReportView):
    def get(self, request: Request, dish_id: UUID) -> HttpResponse:
        """Everything known of a dish's embryos, as it counts now, to be saved."""
        actor = actor_of(request)
        asked = self.asked(request, actor)
        dish = selectors.dish_to_report(actor, dish_id)
        return _answer(export_report(scope="dish", cycle=dish.cycle, dishes=[dish], **asked))


class EmbryoReportView(_ReportView):
    def get(self, request: Request, dish_id: UUID, place: str) -> HttpResponse:
        """Everything known of one embryo, as it counts now, to be saved."""
        actor = actor_of(request)
        asked = self.asked(request, actor)
        dish = selectors.dish_to_report(actor, dish_id)
        return _answer(export_report(scope="embryo", cycle=dish.cycle, dishes=[dish], place=place, **asked))


class CycleReportView(_ReportView):
    def get(self, request: Request, cycle_id: UUID) -> HttpResponse:
        """Every dish of a cycle with its embryos and what became of it, to be saved."""
        actor = actor_of(request)
        asked = self.asked(request, actor)
        cycle = selectors.cycle_to_report(actor, cycle_id)
        return _answer(export_report(scope="cycle", cycle=cycle, dishes=selectors.dishes_of(actor, cycle), **asked))


def _answer(written: Written | Unfinished) -> HttpResponse:
    if isinstance(written, Unfinished):
        progress = ReportProgressOut(written).data
        return JsonResponse(progress, status=202, headers={"Retry-After": "1", "Cache-Control": "no-store"})
    headers = {"Content-Disposition": written.disposition, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(written.content, content_type=written.kind, headers=headers)


_ANSWERS: dict[Format, Any] = {
    "pdf": {(200, "application/pdf"): OpenApiTypes.BINARY, (202, "application/json"): ReportProgressOut},
    "xlsx": {(200, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"): OpenApiTypes.BINARY},
    "csv": {(200, "text/csv"): OpenApiTypes.STR},
    "json": ReportOut,
}


def report_view(view: type[_ReportView], name: str, suffix: Format) -> Any:
    """The view for one kind of file, described for the contract."""
    described = extend_schema(
        operation_id=f"{name}_report_{suffix}", parameters=[PdfReportAsked if suffix == "pdf" else ReportAsked], responses=_ANSWERS[suffix]
    )
    made = type(f"{view.__name__}{suffix.title()}", (view,), {"suffix": suffix, "__doc__": view.__doc__})
    return extend_schema_view(get=described)(made).as_view()  # type: ignore[attr-defined]
