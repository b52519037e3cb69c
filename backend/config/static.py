"""The built interface's files, under ASGI as well: each is read whole, in the request's own thread."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware


class BuiltFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise, which answers with a file that is read as it is sent: under ASGI that is a blocking reader on the event loop.

    These files are small, so their bytes are the answer; ETag, ranges, compressed siblings and Cache-Control stay WhiteNoise's.
    """

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        answer = static_file.get_response(request.method, request.META)
        body = b""
        if answer.file is not None:
            with answer.file:
                body = answer.file.read()
        response = HttpResponse(body, status=int(answer.status))
        # What WhiteNoise says of the type counts, also where it says nothing.
        del response["Content-Type"]
        for name, value in answer.headers:
            response[name] = value
        return response
