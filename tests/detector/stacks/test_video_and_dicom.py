"""Videos and DICOM objects: every frame in its place, forwards and at random."""

from __future__ import annotations

import random
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from detector.errors import StackError
from detector.stacks import open_stack, probe
from tests.hostile import good

KINDS = [
    ("a.avi", "mjpeg", "yuvj420p", {}),
    ("a.avi", "rawvideo", "bgr24", {}),
    ("a.avi", "ffv1", "gray", {}),
    ("a.avi", "ffv1", "gray16le", {}),
    ("a.avi", "mpeg4", "yuv420p", {"g": "5"}),
    ("a.avi", "mpeg4", "yuv420p", {"g": "5", "bf": "2"}),
    ("a.avi", "libx264", "yuv420p", {"g": "5", "bf": "2"}),
    ("a.mp4", "mpeg4", "yuv420p", {}),
    ("a.mp4", "libx264", "yuv420p", {"g": "5", "bf": "2", "x264-params": "log-level=none"}),
    ("a.mov", "png", "gray", {}),
]


@pytest.mark.parametrize(("name", "codec", "pixels", "options"), KINDS, ids=lambda value: str(value))
def test_every_frame_of_a_video_is_found_in_order_and_at_random(
    tmp_path: Path, name: str, codec: str, pixels: str, options: dict[str, str]
) -> None:
    path = good.video(tmp_path / name, 17, codec=codec, pixels=pixels, options=options)
    with open_stack(path) as stack:
        assert stack.info.frames == 17
        assert stack.info.format == ("avi" if name.endswith("avi") else "mp4")
        in_order = [picture.astype(int) for _, picture in stack.frames()]
        assert all(b.mean() > a.mean() for a, b in pairwise(in_order))
        order = random.Random(5).sample(range(17), 17)
        for index in order:
            assert np.array_equal(stack.read(index), in_order[index]), index
        assert [i for i, _ in stack.frames([2, 9, 16])] == [2, 9, 16]


def test_the_frame_rate_of_a_video_is_not_a_time(tmp_path: Path) -> None:
    info = probe(good.video(tmp_path / "a.avi"))
    assert (info.times_from, info.interval_minutes, info.hours_since_start) == ("none", None, None)


def test_a_damaged_frame_of_a_video_is_refused_and_not_painted_over(tmp_path: Path) -> None:
    for codec, pixels in (("mjpeg", "yuvj420p"), ("mpeg4", "yuv420p")):
        path = good.video(tmp_path / "a.avi", 9, codec=codec, pixels=pixels)
        with open_stack(path) as stack:
            whole = stack.read(3).copy()
        data = bytearray(path.read_bytes())
        at = -1
        for _ in range(6):  # the first one stands in the header, so this is frame 4
            at = data.index(b"00dc", at + 1)
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        data[at + 8 + size // 2 : at + 8 + size] = b"\xff" * (size - size // 2)
        path.write_bytes(bytes(data))
        with open_stack(path) as stack:
            with pytest.raises(StackError, match="Frame 4"):
                stack.read(4)
            assert np.array_equal(stack.read(3), whole)


def test_a_video_inside_a_zip_is_read_where_it_lies(tmp_path: Path) -> None:
    video = good.video(tmp_path / "a.mp4", codec="mpeg4", pixels="yuv420p")
    for method in (0, 8):
        archive = good.archive(tmp_path / f"{method}.zip", [("dish/export.mp4", video.read_bytes())], method)
        with open_stack(archive) as stack:
            assert [good.number_of(p) for _, p in stack.frames()] == list(range(12))


def test_a_multi_frame_dicom_gives_frames_times_and_no_identity(tmp_path: Path) -> None:
    with open_stack(good.dicom(tmp_path / "a.dcm", 6)) as stack:
        info = stack.info
        assert [good.number_of(p) for _, p in stack.frames()] == list(range(6))
    assert (info.format, info.frames, info.times_from, info.interval_minutes) == ("dicom", 6, "dicom", 10.0)
    assert info.started_at == datetime(2026, 1, 2, 3, 4, 5)
    assert not any(word in repr(info) for word in ("Doe", "4711", "1990"))


def test_compressed_and_deep_dicom_frames_agree_with_pydicom() -> None:
    for name in ("SC_rgb_rle_2frame.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_jpeg_ls_lossless.dcm", "rtdose_rle.dcm"):
        path = get_testdata_file(name)
        plain = {"MR_small_jpeg_ls_lossless.dcm": "MR_small.dcm"}.get(name, name)
        expected = pydicom.dcmread(get_testdata_file(plain)).pixel_array
        with open_stack(Path(path)) as stack:
            if name.startswith("SC"):
                assert stack.info.frames == 2
                luma = expected[1].astype(float) @ [0.299, 0.587, 0.114]
                assert np.abs(stack.read(1) - luma).max() <= 1
            else:
                raw = stack.raw(0, 0)
                assert np.array_equal(raw, expected if expected.ndim == 2 else expected[0])


def test_a_dicom_cut_in_its_pixels_is_refused() -> None:
    with pytest.raises(StackError, match="file_truncated"):
        open_stack(Path(get_testdata_file("MR_truncated.dcm")))
