"""The page itself, and whether the process is alive and ready."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from backend.config.readiness import complaints


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The process answers."""
    return JsonResponse({"is_alive": True, "version": settings.VERSION})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Everything the process needs is there; otherwise 503 and what is missing, in words without secrets."""
    wrong = complaints()
    return JsonResponse({"is_ready": not wrong, "complaints": wrong}, status=503 if wrong else 200)


@require_safe
def page(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The interface; it reads the address itself."""
    index = Path(settings.FRONTEND_DIR, "index.html")
    if not index.is_file():
        return HttpResponse("The interface is not built yet: run `make setup`.", status=503, content_type="text/plain")
    return HttpResponse(index.read_bytes(), headers={"Cache-Control": "no-cache"})


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return JsonResponse({"code": "not_found", "detail": "There is nothing at this address.", "hint": ""}, status=404)


def went_wrong(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    hint = "Try again; if it happens again, tell whoever runs this installation when it happened."
    return JsonResponse({"code": "internal", "detail": "Something went wrong on the server.", "hint": hint}, status=500)
