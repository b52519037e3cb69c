"""Speaks tus by hand, so that each header can be wrong."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from uuid import UUID, uuid4

from rest_framework.test import APIClient

CHUNK_TYPE = "application/offset+octet-stream"


def metadata(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def checksum(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def create(client: APIClient, lab: UUID, length: int, *, name: str = "frames.zip", batch: UUID | None = None, **headers: str) -> Any:
    said = {"Tus-Resumable": "1.0.0", "Upload-Length": str(length)}
    said["Upload-Metadata"] = metadata(filename=name, lab=str(lab), batch=str(batch or uuid4()))
    return client.generic("POST", "/api/uploads/", b"", "application/octet-stream", headers={**said, **headers})


def patch(client: APIClient, url: str, offset: int, data: bytes, **headers: str) -> Any:
    said = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset)}
    return client.generic("PATCH", url, data, headers.pop("content_type", CHUNK_TYPE), headers={**said, **headers})


def head(client: APIClient, url: str) -> Any:
    return client.head(url, headers={"Tus-Resumable": "1.0.0"})


def delete(client: APIClient, url: str) -> Any:
    return client.delete(url, headers={"Tus-Resumable": "1.0.0"})


def send(client: APIClient, lab: UUID, data: bytes, *, name: str = "frames.zip", batch: UUID | None = None) -> UUID:
    """Upload a small file whole and give its batch."""
    batch = batch or uuid4()
    made = create(client, lab, len(data), name=name, batch=batch)
    assert made.status_code == 201, made.content
    if data:
        assert patch(client, made["Location"], 0, data).status_code == 204
    return batch
