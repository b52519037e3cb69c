"""A server on loopback that answers as Label Studio does, faults included; the real one is asked in test_real_label_studio."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LEGACY = "0123456789abcdef0123456789abcdef01234567"
# A token of the newer kind: three parts, the middle one says that it lasts for centuries.
PERSONAL = "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6ODA5OTA1OTEyMn0.c2lnbmF0dXJl"
SHORT_LIVED = "eyJhbGciOiJIUzI1NiJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjo4MDk5MDU5MTIyfQ.c2lnbmF0dXJl"


class PretendServer:
    """One project of tasks; what was asked of it is on record."""

    def __init__(self) -> None:
        self.tasks: list[dict[str, Any]] = []
        self.config = "<View/>"
        self.tokens = {f"Token {LEGACY}", f"Bearer {SHORT_LIVED}"}
        self.exchanges = {PERSONAL}
        self.faults: list[tuple[int, dict[str, str]]] = []
        """Answers given before the right ones, in order."""
        self.pictures: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.asked_at: list[float] = []
        self.address = ""

    def answer(
        self, method: str, path: str, query: dict[str, list[str]], sent: Any, authorization: str
    ) -> tuple[int, dict[str, str], bytes]:
        if self.faults:
            status, headers = self.faults.pop(0)
            return status, headers, b"{}"
        if path == "/api/token/refresh/":
            is_known = sent["refresh"] in self.exchanges
            return (200, {}, _json({"access": SHORT_LIVED})) if is_known else (401, {}, _json({"detail": "Token is blacklisted"}))
        if path == "/api/version":
            return 200, {}, _json({"release": "1.23.2"})
        if authorization not in self.tokens:
            return 401, {}, _json({"detail": "Invalid token."})
        if path in self.pictures:
            return 200, {"Content-Type": "image/jpeg"}, self.pictures[path]
        return self._project(method, path, query, sent)

    def _project(self, method: str, path: str, query: dict[str, list[str]], sent: Any) -> tuple[int, dict[str, str], bytes]:
        if path == "/api/current-user/whoami":
            return 200, {}, _json({"id": 1})
        if path == "/api/projects":
            row = {"id": 7, "title": "Dishes", "task_number": len(self.tasks)}
            return 200, {}, _json({"count": 1, "next": None, "results": [row]})
        if path == "/api/projects/7/":
            return 200, {}, _json({"id": 7, "task_number": len(self.tasks), "label_config": self.config})
        if path == "/api/tasks" and query["project"] == ["7"]:
            start, size = (int(query["page"][0]) - 1) * int(query["page_size"][0]), int(query["page_size"][0])
            rows = self.tasks[start : start + size]
            return (
                (200, {}, _json({"tasks": rows, "total": len(self.tasks)}))
                if rows or not start
                else (404, {}, _json({"detail": "Invalid page"}))
            )
        if path == "/api/projects/7/import" and method == "POST":
            number = len(self.tasks) + 1
            self.tasks.append({"id": number, "data": {"image": f"/data/upload/7/0a1b2c3d-{sent}"}, "annotations": [], "predictions": []})
            return 201, {}, _json({"task_count": 1})
        if path == "/api/predictions/" and method == "POST":
            task = next(task for task in self.tasks if task["id"] == sent["task"])
            task["predictions"].append({"id": len(task["predictions"]) + 100 * task["id"], **sent})
            return 201, {}, _json({"id": 1})
        if path.startswith("/api/predictions/") and method == "PATCH":
            key = int(path.split("/")[3])
            row = next(row for task in self.tasks for row in task["predictions"] if row["id"] == key)
            row.update(sent)
            return 200, {}, _json(row)
        return 404, {}, _json({"detail": "Not found."})


@contextmanager
def pretending() -> Iterator[PretendServer]:
    """The server, listening on a loopback port while the block runs."""
    pretend = PretendServer()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            pretend.asked.append((self.command, self.path))
            pretend.asked_at.append(time.monotonic())
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            sent = _sent(body, self.headers.get("Content-Type", ""))
            status, headers, told = pretend.answer(
                self.command, parts.path, parse_qs(parts.query), sent, self.headers.get("Authorization", "")
            )
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers | {"Content-Length": str(len(told))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PATCH = handle_any  # noqa: N815 - the server's own names

        def log_message(self, *args: Any) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pretend.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield pretend
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _sent(body: bytes, kind: str) -> Any:
    if kind.startswith("multipart/"):
        # All that is asked of an upload here is the file's name.
        return body.split(b'filename="', 1)[1].split(b'"', 1)[0].decode()
    return json.loads(body) if body else None
