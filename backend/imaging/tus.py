"""The tus 1.0 protocol: core, creation, creation-with-upload, checksum, expiration, termination."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.http import http_date
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.accounts.actor import Actor, actor_of, as_uuid
from backend.accounts.models import Role
from backend.core.errors import Refused
from backend.imaging import selectors, uploads
from backend.imaging.bodies import body_of
from backend.imaging.filters import UploadFilter
from backend.imaging.models import Upload
from backend.imaging.serializers import UploadOut

VERSION = "1.0.0"
CHUNK_TYPE = "application/offset+octet-stream"
DIGEST_BYTES = {"sha256": 32, "sha1": 20}
MOST_LISTED = 500
MOST_METADATA = 8192
LENGTH = OpenApiParameter("Upload-Length", int, OpenApiParameter.HEADER, required=True)
OFFSET = OpenApiParameter("Upload-Offset", int, OpenApiParameter.HEADER, required=True)
METADATA = OpenApiParameter(
    "Upload-Metadata", str, OpenApiParameter.HEADER, required=True, description="filename, lab and batch, each in Base64"
)
CHECKSUM = OpenApiParameter("Upload-Checksum", str, OpenApiParameter.HEADER, description="sha256 or sha1, a space, the digest in Base64")
RESUMABLE = OpenApiParameter("Tus-Resumable", str, OpenApiParameter.HEADER, required=True, enum=[VERSION])
CHUNK = {CHUNK_TYPE: {"type": "string", "format": "binary"}}


class TusView(APIView):
    """What every answer of the protocol carries, and what every request must."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in ("GET", "OPTIONS") and request.headers.get("Tus-Resumable") != VERSION:
            raise Refused("tus_version", f"Only version {VERSION} of tus is spoken here.", "Send Tus-Resumable: 1.0.0.", http_status=412)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Tus-Resumable"] = VERSION
        response["Cache-Control"] = "no-store"
        if response.status_code == status.HTTP_412_PRECONDITION_FAILED:
            response["Tus-Version"] = VERSION
        return response

    @extend_schema(exclude=True)
    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        answer = Response(status=status.HTTP_204_NO_CONTENT)
        answer["Tus-Version"] = VERSION
        answer["Tus-Max-Size"] = str(settings.UPLOAD_MAX_BYTES)
        answer["Tus-Extension"] = "creation,creation-with-upload,checksum,expiration,termination"
        answer["Tus-Checksum-Algorithm"] = ",".join(uploads.ALGORITHMS)
        return answer


class UploadsView(TusView):
    @extend_schema(operation_id="uploads_list", parameters=[OpenApiParameter("lab", UUID)], responses=UploadOut(many=True))
    def get(self, request: Request) -> Response:
        """One's own uploads that are not yet part of a recording, oldest first, 500 at most."""
        filtered = UploadFilter(request.query_params, selectors.unfinished_uploads_of(actor_of(request)))
        if not filtered.is_valid():
            raise Refused("invalid", "The lab's id is malformed.")
        return Response(UploadOut(filtered.qs[:MOST_LISTED], many=True).data)

    @extend_schema(
        operation_id="uploads_create",
        parameters=[RESUMABLE, LENGTH, METADATA, CHECKSUM],
        request=CHUNK,
        responses={201: OpenApiResponse(description="Location says where the bytes go")},
    )
    def post(self, request: Request) -> Response:
        """Announce a file; a body of the chunk type is its first chunk."""
        actor = actor_of(request)
        told = _metadata(request)
        is_with_chunk = request.content_type == CHUNK_TYPE
        checksum = _checksum(request) if is_with_chunk else None
        _refuse_long_chunk(request)
        upload = uploads.create_upload(
            lab_id=told.get("lab"),
            name=told.get("filename", ""),
            batch=_batch(told),
            length=_number(request, "Upload-Length"),
            actor=actor,
            by=actor.user,
        )
        if is_with_chunk and upload.length:
            upload = uploads.append(upload_id=upload.id, offset=0, body=body_of(request._request), checksum=checksum)
        answer = _standing(upload, status.HTTP_201_CREATED)
        # Without scheme and host: behind a proxy the server knows neither for sure.
        answer["Location"] = reverse("upload", kwargs={"upload_id": upload.id})
        return answer


class UploadView(TusView):
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        # Old proxies let only POST through; the protocol asks servers to honour this header.
        method = request.headers.get("X-HTTP-Method-Override", "").upper()
        if request.method == "POST" and method in ("PATCH", "DELETE", "HEAD"):
            request.method = method
        return super().dispatch(request, *args, **kwargs)

    @extend_schema(
        operation_id="uploads_offset",
        methods=["HEAD"],
        parameters=[RESUMABLE],
        responses={200: OpenApiResponse(description="Upload-Offset says where to go on")},
    )
    def head(self, request: Request, upload_id: UUID) -> Response:
        upload = selectors.upload_visible_to(actor_of(request), upload_id)
        uploads.require_live(upload)
        answer = _standing(upload, status.HTTP_200_OK)
        answer["Upload-Length"] = str(upload.length)
        return answer

    @extend_schema(
        operation_id="uploads_append",
        parameters=[RESUMABLE, OFFSET, CHECKSUM],
        request=CHUNK,
        responses={204: OpenApiResponse(description="Upload-Offset says where to go on")},
    )
    def patch(self, request: Request, upload_id: UUID) -> Response:
        """Append a chunk of at most 8 MiB at the offset where the upload stands."""
        upload = _writable(actor_of(request), upload_id)
        if request.content_type != CHUNK_TYPE:
            raise Refused("chunk_type", f"A chunk is sent as {CHUNK_TYPE}.", http_status=415)
        _refuse_long_chunk(request)
        offset, checksum = _number(request, "Upload-Offset"), _checksum(request)
        upload = uploads.append(upload_id=upload.id, offset=offset, body=body_of(request._request), checksum=checksum)
        return _standing(upload, status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="uploads_terminate", parameters=[RESUMABLE], responses={204: None})
    def delete(self, request: Request, upload_id: UUID) -> Response:
        """Give an upload up and forget its bytes."""
        actor = actor_of(request)
        uploads.terminate_upload(upload=_writable(actor, upload_id), actor=actor, by=actor.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _writable(actor: Actor, upload_id: UUID) -> Upload:
    upload = selectors.upload_visible_to(actor, upload_id)
    actor.require(upload.lab_id, Role.EMBRYOLOGIST)
    return upload


def _standing(upload: Upload, http_status: int) -> Response:
    answer = Response(status=http_status)
    answer["Upload-Offset"] = str(upload.offset)
    answer["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return answer


def _number(request: Request, header: str) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise Refused("bad_header", f"{header} must be a whole number of bytes.")
    return int(value)


def _metadata(request: Request) -> dict[str, str]:
    """Comma-separated pairs of a key and a Base64 value."""
    header = request.headers.get("Upload-Metadata", "")
    if len(header) > MOST_METADATA:
        raise Refused("bad_metadata", f"Upload-Metadata has more than {MOST_METADATA} characters.", "Shorten the file's name.")
    told: dict[str, str] = {}
    for pair in filter(None, map(str.strip, header.split(","))):
        key, _, value = pair.partition(" ")
        told[key] = _base64(value, "bad_metadata", "Upload-Metadata").decode("utf-8", "replace")
    return told


def _batch(told: dict[str, str]) -> UUID | None:
    batch = as_uuid(told.get("batch"))
    if batch is None and told.get("batch"):
        raise Refused("bad_metadata", "The batch must be a UUID.")
    return batch


def _checksum(request: Request) -> uploads.Checksum | None:
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return None
    algorithm, _, value = header.strip().partition(" ")
    if algorithm not in uploads.ALGORITHMS:
        raise Refused("bad_checksum", "The chunk's hash is of an unknown kind.", f"Use one of {', '.join(uploads.ALGORITHMS)}.")
    digest = _base64(value, "bad_checksum", "Upload-Checksum")
    if len(digest) != DIGEST_BYTES[algorithm]:
        raise Refused("bad_checksum", f"A {algorithm} has {DIGEST_BYTES[algorithm]} bytes, not {len(digest)}.")
    return uploads.Checksum(algorithm, digest)


def _base64(value: str, code: str, header: str) -> bytes:
    try:
        return base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(code, f"{header} is not valid Base64.") from None


def _refuse_long_chunk(request: Request) -> None:
    declared = request.headers.get("Content-Length") or "0"
    if not declared.isdigit() or int(declared) > settings.UPLOAD_CHUNK_BYTES:
        raise uploads.chunk_too_long()
