"""What real microscopes and programs wrote, read whole or refused with the right reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from detector.errors import StackError
from detector.stacks import open_stack, probe
from tests.hostile import good

pytestmark = pytest.mark.real_data


def test_a_recording_of_285_jpegs_is_read_to_the_last_one(real_data: Path) -> None:
    with open_stack(real_data / "timelapse" / "AA83-7") as stack:
        assert (stack.info.format, stack.info.frames, stack.info.width_px) == ("image-folder", 285, 500)
        assert sum(1 for _ in stack.frames()) == 285
        assert "phases.csv" in stack.info.notes[-1]


def test_embryoscope_folders_are_three_planes_of_which_two_are_short(real_data: Path) -> None:
    with open_stack(real_data / "containers" / "embryoscope_folders") as stack:
        assert (stack.info.frames, stack.info.planes) == (9, (-15.0, 0.0, 15.0))
        assert stack.info.notes == ("Not every plane has all 9 frames: plane -15 has 1, plane 15 has 1.",)
        assert [len(list(stack.frames(plane=plane))) for plane in range(3)] == [1, 9, 1]


def test_real_videos_are_read_and_the_truncated_one_is_refused(real_data: Path) -> None:
    containers = real_data / "containers"
    with open_stack(containers / "embryoscope.avi") as stack:
        assert (stack.info.frames, stack.info.times_from) == (121, "none")
        assert sum(1 for _ in stack.frames()) == 121
    with open_stack(containers / "bulk-water.mov") as stack:
        in_order = {i: picture for i, picture in stack.frames() if i % 60 == 7}
        assert stack.info.frames == 480
        for i in sorted(in_order, reverse=True):
            assert np.array_equal(stack.read(i), in_order[i])
    with pytest.raises(StackError) as refused:
        open_stack(containers / "truncated.avi")
    assert refused.value.code == "file_truncated"


def test_real_tiffs_are_read_and_an_incomplete_ome_set_is_refused(real_data: Path, tmp_path: Path) -> None:
    containers = real_data / "containers"
    assert (probe(containers / "tiff_stack.tif").frames, probe(containers / "tiff_stack.tif").bit_depth) == (5, 16)
    info = probe(containers / "ome" / "multi-channel.ome.tif")
    assert (info.format, info.width_px, info.height_px, info.frames) == ("ome-tiff", 439, 167, 1)
    for z in range(1, 6):
        shutil.copy(containers / "ome" / f"multifile-Z{z}.ome.tiff", tmp_path)
    with pytest.raises(StackError, match="ome_files_missing"):
        open_stack(tmp_path)
    blocks = "".join(
        f'<TiffData FirstZ="{z}" IFD="0" PlaneCount="1"><UUID FileName="multifile-Z{z + 1}.ome.tiff">urn:uuid:{z}</UUID></TiffData>'
        for z in range(5)
    )
    pixels = 'DimensionOrder="XYZCT" Type="uint8" SizeX="18" SizeY="24" SizeZ="5" SizeC="1" SizeT="1"'
    (tmp_path / "multifile.companion.ome").write_text(f"<OME><Image><Pixels {pixels}>{blocks}</Pixels></Image></OME>")
    assert len(probe(tmp_path).planes) == 5


def test_real_dish_images_in_a_zip_are_three_frames(real_data: Path, tmp_path: Path) -> None:
    images = sorted((real_data / "wow_dishes").glob("*.jpg"))
    path = good.archive(tmp_path / "dishes.zip", [(f"dishes/{image.name}", image.read_bytes()) for image in images])
    with open_stack(path) as stack:
        assert (stack.info.frames, stack.info.width_px, stack.info.height_px) == (3, 384, 275)
