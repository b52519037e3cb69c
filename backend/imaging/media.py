"""Pictures and originals: lab-checked, and as little between request and bytes as that allows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified, JsonResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from backend.accounts.authentication import bearer_in
from backend.accounts.models import User
from backend.accounts.selectors import token_in_use
from backend.core.errors import Refused
from backend.imaging import passes
from backend.imaging.decoding import DecodingRefused
from backend.imaging.frames import jpeg_of
from backend.imaging.models import Stack
from backend.imaging.names import attachment
from backend.imaging.selectors import SHOWABLE, path_of

RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
BLOCK_BYTES = 256 * 1024
SUFFIXES = {"image-zip": "zip", "tiff": "tif", "ome-tiff": "ome.tif", "avi": "avi", "mp4": "mp4", "dicom": "dcm"}
SANDBOX = "default-src 'none'; sandbox"
View = Callable[..., HttpResponseBase]


def refusals_answered(view: View) -> View:
    """Plain views answer refusals in the API's own shape."""

    @wraps(view)
    def answered(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, **kwargs)
        except Refused as refusal:
            response = JsonResponse(refusal.as_dict(), status=refusal.status_code)
        except DecodingRefused as refusal:
            response = JsonResponse(refusal.as_dict(), status=422)
        response["Cache-Control"] = "no-store"
        return response

    return answered


@require_safe
@refusals_answered
def frame(request: HttpRequest, stack_id: UUID, sha16: str, index: int, plane: int, width: int) -> HttpResponseBase:
    """One frame as grey JPEG under an address that names its content, so a browser never asks twice."""
    stack = _visible_stack(request, stack_id)
    shown = passes.Shown(stack.sha256, stack.frame_count, len(stack.planes), stack.width_px)
    picture = shown.picture(sha16, index, plane, width)
    if picture is None:
        raise _nothing()
    headers = passes.headers_of(picture)
    if headers["ETag"] in request.headers.get("If-None-Match", ""):
        response: HttpResponse = HttpResponseNotModified(headers=headers)
    else:
        response = HttpResponse(jpeg_of(picture, owner=str(stack.lab_id), name=stack.name), content_type="image/jpeg", headers=headers)
    credential = passes.credential_of(request.headers.get("Authorization", ""), request.headers.get("Cookie", ""))
    passes.grant(credential, str(stack_id), shown)
    return response


@require_safe
@refusals_answered
def original(request: HttpRequest, stack_id: UUID) -> HttpResponseBase:
    """The recording as it came, to be saved and never shown; answers one range of bytes when asked for."""
    stack = _visible_stack(request, stack_id)
    path = path_of(stack)
    size = path.stat().st_size
    start, end = _range_of(request, size, tag := f'"{stack.sha256}"')
    status = 206 if (start, end) != (0, size) else 200
    response: HttpResponseBase = HttpResponse(status=status)
    if request.method == "GET":
        # Django wants the kind of iterator that its server runs on.
        pieces = _apieces(path, start, end) if isinstance(request, ASGIRequest) else _pieces(path, start, end)
        response = StreamingHttpResponse(pieces, status=status)
    response["Content-Type"] = "application/octet-stream"
    plain = f"{stack.id}.{SUFFIXES.get(stack.format, 'bin')}"
    response["Content-Disposition"] = attachment(stack.name, plain)
    response["Content-Length"] = str(end - start)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = tag
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    response["Cache-Control"] = "private, no-store"
    if status == 206:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response


def _visible_stack(request: HttpRequest, stack_id: UUID) -> Stack:
    """One query answers whether the asker is a member and what the recording is."""
    fields = ("id", "lab_id", "name", "sha256", "frame_count", "planes", "width_px", "format")
    stacks = Stack.objects.filter(id=stack_id, state__in=SHOWABLE).order_by().only(*fields)
    sent = bearer_in(request.headers.get("Authorization", ""))
    if sent is not None:
        token = token_in_use(sent)
        if token is None:
            raise Refused("wrong_token", "This token is unknown, expired or withdrawn.", http_status=401)
        stack = stacks.filter(lab_id=token.lab_id, lab__memberships__user_id=token.user_id).first()
    elif isinstance(request.user, User) and request.user.is_active:
        stack = stacks.filter(lab__memberships__user_id=request.user.id).first()
    else:
        raise Refused("not_authenticated", "You are not signed in.", "Sign in, or send a token.", http_status=401)
    if stack is None:
        raise _nothing()
    return stack


def _range_of(request: HttpRequest, size: int, tag: str) -> tuple[int, int]:
    """Start and end (exclusive) of what is asked for; several ranges, or a range of another version, mean everything."""
    asked = RANGE.fullmatch(request.headers.get("Range", "").strip())
    if asked is None or asked[0] == "bytes=-" or request.headers.get("If-Range", tag) != tag:
        return 0, size
    if not asked[1]:
        start, end = max(0, size - int(asked[2])), size
    else:
        start, end = int(asked[1]), min(size, int(asked[2]) + 1) if asked[2] else size
    if start >= end:
        raise Refused("range_not_satisfiable", f"The recording has {size} bytes.", http_status=416)
    return start, end


def _pieces(path: Path, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (block := file.read(min(BLOCK_BYTES, end - start))):
            start += len(block)
            yield block


async def _apieces(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (block := await asyncio.to_thread(file.read, min(BLOCK_BYTES, end - start))):
            start += len(block)
            yield block


def _nothing() -> Refused:
    return Refused("not_found", "There is nothing here, or it belongs to another lab.", http_status=404)
