"""A signed-in program: REST and websocket over loopback, as the page does it."""

from __future__ import annotations

import base64
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from websockets.sync.client import connect

from tests.running.product import Installation, Web


class Client:
    """An embryologist's token against a running product."""

    def __init__(self, installation: Installation, web: Web, seeded: dict[str, Any]) -> None:
        self.lab: str = seeded["lab"]
        self._headers = {"Authorization": f"Bearer {seeded['tokens']['write']}"}
        self._web = web
        self.http = httpx.Client(base_url=web.url, headers=self._headers, timeout=60)

    def upload(self, file: Path, *, name: str, chunk_bytes: int = 8 * 2**20) -> str:
        """Send the file by tus in whole chunks and give its batch."""
        batch = str(uuid4())
        told = {"filename": name, "lab": self.lab, "batch": batch}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
        tus = {"Tus-Resumable": "1.0.0"}
        made = self.http.post("/api/uploads/", headers={**tus, "Upload-Length": str(file.stat().st_size), "Upload-Metadata": metadata})
        made.raise_for_status()
        offset = 0
        with file.open("rb") as source:
            while chunk := source.read(chunk_bytes):
                headers = {**tus, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
                sent = self.http.patch(made.headers["Location"], headers=headers, content=chunk)
                sent.raise_for_status()
                offset += len(chunk)
        return batch

    def take_in(self, batch: str, *, name: str, within_s: float = 300) -> dict[str, Any]:
        """Register the batch and wait until it was recognised."""
        answer = self.http.post("/api/stacks/", json={"lab": self.lab, "batch": batch, "name": name})
        answer.raise_for_status()
        return self._until(f"/api/stacks/{answer.json()['id']}/", lambda stack: stack["state"] in ("recognised", "refused"), within_s)

    def confirm(self, stack: dict[str, Any], *, dish: str, analyse: bool) -> dict[str, Any]:
        told = {"patient_code": "BENCH", "cycle_label": "1", "method": "icsi", "dish_label": dish, "layout": "", "analyse": analyse}
        answer = self.http.post(
            f"/api/stacks/{stack['id']}/confirm/", json={**told, "hpi_at_first_frame": 0, "interval_minutes": stack["interval_minutes"]}
        )
        answer.raise_for_status()
        ready: dict[str, Any] = answer.json()
        return ready

    def wait_for_run(self, run_id: str, *, within_s: float = 600) -> dict[str, Any]:
        return self._until(f"/api/runs/{run_id}/", lambda run: run["state"] not in ("queued", "running"), within_s)

    def _until(self, path: str, is_done: Callable[[dict[str, Any]], bool], within_s: float) -> dict[str, Any]:
        end = time.monotonic() + within_s
        while True:
            found: dict[str, Any] = self.http.get(path).json()
            if is_done(found):
                return found
            assert time.monotonic() < end, f"{path} did not settle within {within_s} s: {found}"
            time.sleep(0.1)

    @contextmanager
    def following(self, topic: str, after: int) -> Iterator[Callable[[str], float]]:
        """Subscribe, and give a function that waits for an event of a type and says when it came."""
        with connect(self._web.socket_url, additional_headers=self._headers, origin=self._web.url) as socket:  # type: ignore[arg-type]
            socket.send(json.dumps({"type": "subscribe", "topic": topic, "after": after}))

            def when(kind: str) -> float:
                while True:
                    message = json.loads(socket.recv(timeout=120))
                    if message["type"] == "event" and message["event"]["type"] == kind:
                        return time.perf_counter()

            yield when


def zipped(folder: Path, file: Path) -> Path:
    """The pictures of a folder as one stored ZIP."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for picture in sorted(folder.rglob("*.jpg")):
            archive.write(picture, picture.relative_to(folder).as_posix())
    return file
