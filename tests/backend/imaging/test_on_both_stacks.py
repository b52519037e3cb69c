"""The way of a recording, on SQLite and again on PostgreSQL, whose locks and JSON are stricter."""

from __future__ import annotations

from tests.backend.imaging.pictures import zip_of_frames
from tests.backend.imaging.server import Server
from tests.running.product import Installation


def test_a_recording_is_uploaded_recognised_shown_and_deleted(installation: Installation) -> None:
    server = Server(installation)
    with server.http:
        check(server)


def check(server: Server) -> None:
    first, second = server.take_in(zip_of_frames(3)), server.take_in(zip_of_frames(3))
    assert (first["state"], second["state"], second["same_as"]["id"]) == ("recognised", "recognised", first["id"])
    frame = server.http.get(second["frame_url_template"].format(index=2, plane=0, width=0))
    assert (frame.status_code, frame.headers["content-type"]) == (200, "image/jpeg")
    refused = server.take_in(b"no recording at all")
    assert (refused["state"], refused["refusal"]["code"]) == ("refused", "format_unknown")
    for stack in (first, second, refused):
        assert server.http.delete(f"/api/stacks/{stack['id']}/").status_code == 204
    assert server.http.get("/api/stacks/").json()["count"] == 0
    kept = [
        path for name in ("content", "uploads", "quarantine") for path in (server.installation.data / name).rglob("*") if path.is_file()
    ]
    assert kept == []
