"""Cut anywhere, changed anywhere: a recording is refused with a reason or read whole, and nothing else ever happens."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.errors import StackError
from detector.stacks import Code, open_stack
from tests.hostile import good

CODES = {code.value for code in Code}
FORMATS = ["jpeg", "png", "tiff", "deflated tiff", "stored zip", "deflated zip", "mjpeg avi", "mpeg4 avi", "mp4", "dicom"]


@cache
def whole(kind: str) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        frames = [(f"{i}.png", good.png(i)) for i in range(3)]
        makers = {
            "jpeg": lambda: good.jpeg(3),
            "png": lambda: good.png(3),
            "tiff": lambda: good.tiff(3),
            "deflated tiff": lambda: good.tiff(3, compression="deflate", rowsperstrip=9),
            "stored zip": lambda: good.archive(root / "a", frames).read_bytes(),
            "deflated zip": lambda: good.archive(root / "a", frames, 8).read_bytes(),
            "mjpeg avi": lambda: good.video(root / "a.avi", 4).read_bytes(),
            "mpeg4 avi": lambda: good.video(root / "a.avi", 4, codec="mpeg4", pixels="yuv420p").read_bytes(),
            "mp4": lambda: good.video(root / "a.mp4", 4, codec="mpeg4", pixels="yuv420p").read_bytes(),
            "dicom": lambda: good.dicom(root / "a.dcm", 3).read_bytes(),
        }
        return makers[kind]()


def _read(data: bytes) -> list[np.ndarray] | StackError:
    """All frames, or the refusal; any other exception is a fault of ours and fails the test."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "dish"
        path.write_bytes(data)
        try:
            with open_stack(path) as stack:
                return [picture for _, picture in stack.frames()]
        except StackError as refused:
            return refused


@pytest.mark.parametrize("kind", FORMATS)
@given(share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=60, deadline=None)
def test_a_recording_cut_at_any_offset_is_refused_or_complete(kind: str, share: float) -> None:
    data = whole(kind)
    cut = data[: int(len(data) * share)]
    answer = _read(cut)
    if isinstance(answer, StackError):
        assert answer.code in CODES
        assert answer.hint
        return
    # Only what follows the last picture may be missing without a refusal.
    expected = _read(data)
    assert not isinstance(expected, StackError)
    assert all(np.array_equal(a, b) for a, b in zip(answer, expected, strict=True))


@pytest.mark.parametrize("kind", FORMATS)
@given(changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=80, deadline=None)
def test_a_recording_with_changed_bytes_is_read_or_refused_with_a_documented_code(kind: str, changes: list[tuple[float, int]]) -> None:
    data = bytearray(whole(kind))
    for share, value in changes:
        data[int(len(data) * share)] = value
    answer = _read(bytes(data))
    if isinstance(answer, StackError):
        assert answer.code in CODES
    else:
        assert all(picture.dtype == np.uint8 and picture.ndim == 2 for picture in answer)


@given(data=st.binary(max_size=600))
@settings(max_examples=200, deadline=None)
def test_random_bytes_behind_any_signature_are_refused_with_a_documented_code(data: bytes) -> None:
    for start in (
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"II*\0\x08\0\0\0",
        b"MM\0+\0\x08\0\0",
        b"PK\x03\x04",
        b"RIFF\0\1\0\0AVI ",
        b"\0\0\0\x14ftypqt  ",
    ):
        answer = _read(start + data)
        assert isinstance(answer, StackError)
        assert answer.code in CODES
