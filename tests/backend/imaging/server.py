"""A web process of its own on a seeded installation, and a program that uploads to it."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.backend.imaging.tus_client import CHUNK_TYPE, metadata
from tests.running.product import Installation


class Server:
    """A web process on a seeded installation, and a program that uploads to it."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.seeded = installation.seed()
        self.web = installation.start_web()
        self.token: str = self.seeded["tokens"]["write"]
        self.http = httpx.Client(base_url=self.web.url, timeout=60, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Tus-Resumable": "1.0.0"}

    def restart(self) -> None:
        """As after a power cut: nothing is asked."""
        self.web.process.kill()
        self.web.process.wait(10)
        self.web = self.installation.start_web(self.web.port)

    def create(self, length: int, batch: str = "") -> str:
        told = metadata(filename="a.zip", lab=self.seeded["lab"], batch=batch or str(uuid4()))
        said = {"Upload-Length": str(length), "Upload-Metadata": told}
        answer = self.http.post("/api/uploads/", headers=said)
        assert answer.status_code == 201, answer.text
        location: str = answer.headers["Location"]
        return location

    def offset(self, url: str) -> int:
        return int(self.http.head(url).headers["Upload-Offset"])

    def patch(self, url: str, offset: int, data: bytes, **headers: str) -> httpx.Response:
        return self.http.patch(url, content=data, headers={"Upload-Offset": str(offset), "Content-Type": CHUNK_TYPE, **headers})

    def begin_chunk(self, url: str, offset: int, part: bytes, announced: int, **headers: str) -> socket.socket:
        """Send the head of a chunk and only a part of its body; the connection stays open."""
        said = {**self.headers, "Host": "127.0.0.1", "Upload-Offset": str(offset), "Content-Type": CHUNK_TYPE, **headers}
        head = f"PATCH {url} HTTP/1.1\r\nContent-Length: {announced}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in said.items())
        connection = socket.create_connection(("127.0.0.1", self.web.port))
        connection.sendall(head.encode() + b"\r\n" + part)
        return connection

    def stored(self, url: str) -> Path:
        return self.installation.data / "uploads" / url.rsplit("/", 1)[1]

    def settled(self, url: str, at_least: int) -> int:
        """The offset, once the server has noticed that a sender went away."""
        end = time.monotonic() + 10
        while (offset := self.offset(url)) < at_least and time.monotonic() < end:
            time.sleep(0.02)
        return offset

    def take_in(self, data: bytes) -> dict[str, Any]:
        """Upload a recording and take it in, as the worker does."""
        batch = str(uuid4())
        assert self.patch(self.create(len(data), batch), 0, data).status_code == 204
        stack = self.http.post("/api/stacks/", json={"lab": self.seeded["lab"], "batch": batch, "name": "a.zip"}).json()
        self.installation.run(
            "-c", f"import django; django.setup(); from backend.imaging import intake; assert intake.take_in({stack['id']!r})"
        )
        taken: dict[str, Any] = self.http.get(f"/api/stacks/{stack['id']}/").json()
        return taken
