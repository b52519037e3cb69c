"""The web process: HTTP by Django, /ws/live/ by Channels."""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
http: Any = get_asgi_application()

# Only now are the apps loaded, and the consumer may import models.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from backend.imaging.bodies import BoundedBodies  # noqa: E402
from backend.imaging.passes import QuickFrames  # noqa: E402
from backend.live.consumers import LiveConsumer  # noqa: E402
from backend.live.origins import OriginCheck, refuse  # noqa: E402

live: Any = LiveConsumer.as_asgi()
sockets: Any = URLRouter([path("ws/live/", live), re_path("", refuse)])
application = ProtocolTypeRouter({"http": QuickFrames(BoundedBodies(http)), "websocket": OriginCheck(CookieMiddleware(sockets))})
