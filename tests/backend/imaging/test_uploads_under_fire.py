"""Uploads to the real server: cut, stalled, restarted, on a full disk, and driven by the protocol's own client."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.backend.imaging.server import Server
from tests.backend.imaging.tus_client import CHUNK_TYPE, checksum
from tests.running.product import ROOT

MIB = 1024**2


def test_a_file_survives_cuts_at_random_places_byte_for_byte(server: Server) -> None:
    data, rng = os.urandom(3 * MIB), random.Random(7)
    url, offset, resent = server.create(len(data)), 0, 0
    for _ in range(12):
        sent = rng.randrange(1, 300_000)
        connection = server.begin_chunk(url, offset, data[offset : offset + sent], announced=len(data) - offset)
        if rng.random() < 0.5:
            # Half of the cuts are resets, as when a router goes, not polite goodbyes.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
        time.sleep(0.1)
        reached = server.settled(url, offset)
        assert offset <= reached <= offset + sent
        resent, offset = resent + offset + sent - reached, reached
    while offset < len(data):
        answer = server.patch(url, offset, data[offset : offset + 400_000])
        # The last cut may still be on its way through the server.
        assert answer.status_code in (204, 409), answer.text
        offset = server.offset(url)
    assert server.stored(url).read_bytes() == data
    assert resent <= 12 * 300_000


def test_a_cut_chunk_that_carries_a_hash_counts_for_nothing(server: Server) -> None:
    data = os.urandom(200_000)
    url = server.create(len(data))
    server.begin_chunk(url, 0, data[:100_000], announced=len(data), **{"Upload-Checksum": checksum(data)}).close()
    time.sleep(0.5)
    assert server.offset(url) == 0
    assert server.patch(url, 0, data, **{"Upload-Checksum": checksum(data)}).status_code == 204
    assert server.stored(url).read_bytes() == data


def test_a_changed_chunk_is_answered_460(server: Server) -> None:
    url = server.create(10)
    assert server.patch(url, 0, b"0123456789", **{"Upload-Checksum": checksum(b"9876543210")}).status_code == 460
    assert server.offset(url) == 0


def test_an_upload_goes_on_after_the_server_was_killed_in_the_middle_of_a_chunk(server: Server) -> None:
    data = os.urandom(MIB)
    url = server.create(len(data))
    assert server.patch(url, 0, data[:300_000]).status_code == 204
    connection = server.begin_chunk(url, 300_000, data[300_000:500_000], announced=len(data) - 300_000)
    time.sleep(0.3)
    server.restart()
    connection.close()
    assert server.offset(url) == 300_000
    assert server.patch(url, 300_000, data[300_000:]).status_code == 204
    assert server.stored(url).read_bytes() == data


def test_a_sender_that_fell_silent_lets_the_next_one_in(server: Server) -> None:
    data = os.urandom(200_000)
    url = server.create(len(data))
    silent = server.begin_chunk(url, 0, data[:50_000], announced=len(data))
    time.sleep(0.3)
    started = time.monotonic()
    assert server.patch(url, 0, data).status_code == 409, "what the silent one had sent is kept"
    assert time.monotonic() - started < 10
    offset = server.offset(url)
    assert server.patch(url, offset, data[offset:]).status_code == 204
    silent.close()
    assert server.stored(url).read_bytes() == data


def test_two_clients_on_one_upload_never_mix_their_bytes(server: Server) -> None:
    data, url = os.urandom(2 * MIB), server.create(2 * MIB)
    seen: set[int] = set()

    def push() -> None:
        with httpx.Client(base_url=server.web.url, timeout=60, headers=server.headers) as http:
            while (offset := int(http.head(url).headers["Upload-Offset"])) < len(data):
                said = {"Upload-Offset": str(offset), "Content-Type": CHUNK_TYPE}
                seen.add(http.patch(url, content=data[offset : offset + 90_000], headers=said).status_code)

    clients = [threading.Thread(target=push) for _ in range(3)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert server.stored(url).read_bytes() == data
    assert seen <= {204, 409, 423}


def test_a_full_disk_is_answered_507_reading_goes_on_and_so_does_the_upload_afterwards(server: Server) -> None:
    data = os.urandom(6 * MIB)
    url = server.create(len(data))
    assert server.patch(url, 0, data[: 4 * MIB]).status_code == 204
    limits = resource.prlimit(server.web.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.web.process.pid, resource.RLIMIT_FSIZE, (5 * MIB, limits[1]))
    answer = server.patch(url, 4 * MIB, data[4 * MIB :])
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert (server.offset(url), server.stored(url).stat().st_size) == (4 * MIB, 4 * MIB)
    assert server.http.get("/api/stacks/").status_code == 200
    resource.prlimit(server.web.process.pid, resource.RLIMIT_FSIZE, limits)
    assert server.patch(url, 4 * MIB, data[4 * MIB :]).status_code == 204
    assert server.stored(url).read_bytes() == data


def test_a_long_body_is_cut_wherever_it_is_sent(server: Server) -> None:
    url = server.create(64 * MIB)
    assert server.patch(url, 0, bytes(8 * MIB + 1)).status_code == 413

    def endless() -> Iterator[bytes]:
        for _ in range(9 * 16):
            yield bytes(64 * 1024)

    said = {"Upload-Offset": "0", "Content-Type": CHUNK_TYPE}
    assert server.http.patch(url, content=endless(), headers=said).status_code == 413
    assert server.offset(url) == 0
    assert server.http.post("/api/stacks/", content=bytes(9 * MIB), headers={"Content-Type": "application/json"}).status_code == 413
    assert server.http.post("/api/stacks/", content=endless(), headers={"Content-Type": "application/json"}).status_code == 413


def test_uploading_takes_the_web_process_little_memory(server: Server) -> None:
    chunk = os.urandom(8 * MIB)

    def push() -> None:
        with httpx.Client(base_url=server.web.url, timeout=120, headers=server.headers) as http:
            url = server.create(6 * len(chunk))
            for number in range(6):
                said = {"Upload-Offset": str(number * len(chunk)), "Content-Type": CHUNK_TYPE}
                assert http.patch(url, content=chunk, headers=said).status_code == 204

    server.offset(server.create(1))
    process = psutil.Process(server.web.process.pid)
    before = process.memory_info().rss
    clients = [threading.Thread(target=push) for _ in range(4)]
    for client in clients:
        client.start()
    peak = before
    while any(client.is_alive() for client in clients):
        peak = max(peak, process.memory_info().rss)
        time.sleep(0.02)
    assert peak - before < 40 * MIB
    assert peak < 250 * MIB


class TusClient:
    """tus-js-client in Node, as the page uses it; every line it prints is an event."""

    def __init__(self, server: Server, file: Path, store: Path) -> None:
        script, modules = Path(__file__).with_name("upload.cjs"), ROOT / "frontend" / "node_modules"
        node = ROOT / ".venv" / "bin" / "node"
        arguments = [modules, f"{server.web.url}/api/uploads/", server.token, server.seeded["lab"], file, store, MIB]
        self.process = subprocess.Popen([str(node), str(script), *map(str, arguments)], stdout=subprocess.PIPE, text=True)

    def events(self) -> Iterator[dict[str, Any]]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield json.loads(line)

    def end(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


def test_the_protocols_own_client_uploads_through_a_restart_of_the_server_and_of_itself(server: Server, tmp_path: Path) -> None:
    file, store = tmp_path / "a.zip", tmp_path / "store.json"
    data = os.urandom(12 * MIB)
    file.write_bytes(data)
    first = TusClient(server, file, store)
    for event in first.events():
        if event.get("done", 0) >= 3 * MIB:
            break
    first.end()
    second = TusClient(server, file, store)
    events: list[dict[str, Any]] = []
    for event in second.events():
        events.append(event)
        if event.get("done", 0) >= 6 * MIB and server.installation and not any("restarted" in e for e in events):
            server.restart()
            events.append({"restarted": True})
    second.end()
    assert events[0] == {"earlier": 1}
    assert min(event["done"] for event in events if "done" in event) > 3 * MIB, "what was there is not sent again"
    assert "url" in events[-1], events[-3:]
    assert server.stored(events[-1]["url"]).read_bytes() == data
    listed = {row["id"]: row["name"] for row in server.http.get("/api/uploads/").json()}
    assert listed[events[-1]["url"].rsplit("/", 1)[1]] == "day 3/Запись.zip"
