from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from backend.core.files import ContentStore, sha256_of


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "recording"
    file.write_bytes(os.urandom(3 * 1024**2 + 7))
    return file


def test_bytes_are_kept_under_their_hash_and_putting_them_twice_keeps_them_once(recording: Path, settings: Any) -> None:
    store = ContentStore()
    sha256 = store.put(recording)
    assert sha256 == hashlib.sha256(recording.read_bytes()).hexdigest() == sha256_of(recording)
    assert store.put(recording) == sha256
    kept = store.path_of(sha256)
    assert kept.relative_to(settings.CONTENT_DIR).parts == (sha256[:2], sha256[2:4], sha256)
    recording.unlink()
    assert sha256_of(kept) == sha256
    assert [path for path in Path(settings.CONTENT_DIR).rglob("*") if path.is_file()] == [kept]


def test_a_file_on_another_disk_is_copied_whole_and_leaves_no_part_behind(
    recording: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def across_disks(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", across_disks)
    sha256 = ContentStore().put(recording)
    assert sha256_of(ContentStore().path_of(sha256)) == sha256
    assert not list(Path(settings.CONTENT_DIR).rglob(".part-*"))


def test_a_copy_that_fails_halfway_leaves_nothing(recording: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        ContentStore().put(recording)
    assert not [path for path in Path(settings.CONTENT_DIR).rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "g" * 64, "0" * 63, "0" * 64 + "/x", "0" * 64 + "\n"])
def test_nothing_but_a_hash_becomes_a_path(name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        ContentStore().path_of(name)
    with pytest.raises(ValueError, match="SHA-256"):
        ContentStore().delete(name)


def test_what_was_deleted_is_gone_and_said_so(recording: Path) -> None:
    store = ContentStore()
    sha256 = store.put(recording)
    assert store.exists(sha256)
    store.delete(sha256)
    store.delete(sha256)
    assert not store.exists(sha256)
    with pytest.raises(FileNotFoundError, match=sha256):
        store.path_of(sha256)


@pytest.mark.parametrize("address", ["http://host/bucket", "s3://host", "s3:///bucket", "nonsense"])
def test_a_storage_address_that_is_none_is_refused_at_once(address: str, settings: Any) -> None:
    settings.STORAGE_URL = address
    with pytest.raises(ValueError, match="STORAGE_URL"):
        ContentStore()
