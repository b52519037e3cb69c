"""The content store: every original under its SHA-256, so that no name anybody gave ever becomes a path."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

CHUNK_BYTES = 1024**2
SHA256 = re.compile(r"[0-9a-f]{64}")


_speakers: list[Callable[[str], bool]] = []


def keep_while(speaks_of: Callable[[str], bool]) -> None:
    """Say whether rows of an app still speak of some bytes; called once, when that app is ready."""
    if speaks_of not in _speakers:
        _speakers.append(speaks_of)


def is_spoken_of(sha256: str) -> bool:
    """Some app still needs these bytes."""
    return any(speaks_of(sha256) for speaks_of in _speakers)


def sha256_of(path: Path) -> str:
    """Hash a file of any size in one pass."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class ContentStore:
    """Originals by hash: in DATA/content, or in an S3-compatible store with DATA/cache/content as its front."""

    def __init__(self) -> None:
        self.remote = _bucket(settings.STORAGE_URL) if settings.STORAGE_URL else None
        self.folder = Path(settings.DATA_DIR, "cache", "content") if self.remote else Path(settings.CONTENT_DIR)

    def put(self, file_path: Path, sha256: str | None = None) -> str:
        """Keep the file's bytes and give their hash; the file stays where it is, and putting it twice keeps it once."""
        sha256 = sha256 or sha256_of(file_path)
        local = self._local(sha256)
        if self.remote is not None and not self.remote.exists(sha256):
            with file_path.open("rb") as file:
                self.remote.save(sha256, file)
        if not local.exists():
            _link_or_copy(file_path, local)
        return sha256

    def path_of(self, sha256: str) -> Path:
        """A readable local path of the bytes; FileNotFoundError where they are not kept."""
        local = self._local(sha256)
        if not local.exists() and self.remote is not None:
            with self.remote.open(sha256, "rb") as source:
                _write(local, iter(lambda: source.read(CHUNK_BYTES), b""))
        if not local.exists():
            raise FileNotFoundError(f"The content store holds nothing under {sha256}.")
        return local

    def exists(self, sha256: str) -> bool:
        return self._local(sha256).exists() or (self.remote is not None and self.remote.exists(sha256))

    def delete(self, sha256: str) -> None:
        """Forget the bytes; the caller knows that no row speaks of them any more."""
        self._local(sha256).unlink(missing_ok=True)
        if self.remote is not None:
            self.remote.delete(sha256)

    def _local(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is no SHA-256.")
        return self.folder / sha256[:2] / sha256[2:4] / sha256


def _link_or_copy(source: Path, target: Path) -> None:
    """A hard link where both lie on one disk: a 64 GiB recording is not written twice."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError:
        with source.open("rb") as file:
            _write(target, iter(lambda: file.read(CHUNK_BYTES), b""))


def _write(target: Path, chunks: Any) -> None:
    """Write beside the target and rename, so that nobody ever sees half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".part-", delete=False) as part:
        try:
            for chunk in chunks:
                part.write(chunk)
            part.flush()
            os.fsync(part.fileno())
            os.replace(part.name, target)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise


def _bucket(address: str) -> Any:
    """`s3://key:secret@host:port/bucket`, over TLS unless it ends in `?tls=0`."""
    # Loaded where it is used: boto3 costs the web process 40 MiB, and most installations keep files locally.
    from storages.backends.s3 import S3Storage

    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.hostname or not parts.path.strip("/"):
        raise ValueError("STORAGE_URL is not of the form s3://key:secret@host:port/bucket.")
    host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    return S3Storage(
        access_key=unquote(parts.username or ""),
        secret_key=unquote(parts.password or ""),
        endpoint_url=f"{'http' if 'tls=0' in parts.query else 'https'}://{host}",
        bucket_name=parts.path.strip("/"),
        addressing_style="path",
        file_overwrite=False,
        default_acl=None,
    )
