"""TIFF in its many forms: pages, ImageJ stacks, OME-TIFF files and sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from detector.errors import StackError
from detector.stacks import open_stack, probe
from tests.hostile import good

T, Z = 4, 3


def _cube() -> np.ndarray:
    return np.stack([np.stack([good.picture(t * Z + z) for z in range(Z)]) for t in range(T)])


def _grid(path: Path) -> list[list[int]]:
    with open_stack(path) as stack:
        return [[good.number_of(stack.read(t, z)) for z in range(len(stack.info.planes))] for t in range(stack.info.frames)]


EXPECTED = [[t * Z + z for z in range(Z)] for t in range(T)]


@pytest.mark.parametrize("compression", [None, "lzw", "deflate", "packbits", "zstd", "jpeg"])
@pytest.mark.parametrize("layout", ["strips", "tiles", "big", "big-endian"])
def test_pages_are_frames_whatever_their_compression_and_layout(tmp_path: Path, compression: str | None, layout: str) -> None:
    pages = np.stack([good.picture(i) for i in range(5)])
    options = {"tiles": {"tile": (32, 48)}, "strips": {"rowsperstrip": 10}, "big": {}, "big-endian": {}}[layout]
    if layout == "strips" and compression == "jpeg":
        options = {"rowsperstrip": 16}
    writer = {"bigtiff": layout == "big", "byteorder": ">" if layout == "big-endian" else "<"}
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack", metadata=None, compression=compression, **options, **writer)
    with open_stack(tmp_path / "a.tif") as stack:
        assert (stack.info.format, stack.info.frames, stack.info.bit_depth) == ("tiff", 5, 8)
        for i, picture in stack.frames():
            assert np.abs(picture.astype(int) - pages[i]).max() <= (12 if compression == "jpeg" else 0)


@pytest.mark.parametrize("kind", ["u2", ">u2", "i2", "u4", "f4", "i1"])
def test_other_depths_are_mapped_by_one_scale(tmp_path: Path, kind: str) -> None:
    factor = 1 if kind == "i1" else 100
    pages = np.stack([(good.picture(i).astype(int) - 130) * factor for i in range(0, 18, 3)])
    pages = (pages if kind in ("i1", "i2", "f4") else pages + 13_000).astype(kind)
    order = ">" if kind.startswith(">") else "<"
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack", metadata=None, predictor=2 if kind == "u2" else None,
                     compression="deflate" if kind == "u2" else None, byteorder=order)  # fmt: skip
    with open_stack(tmp_path / "a.tif") as stack:
        means = [picture.mean() for _, picture in stack.frames()]
    assert means[0] < 20
    assert means[-1] > 235
    assert np.allclose(np.diff(means), np.diff(means).mean(), atol=1.0)


def test_an_imagej_stack_tells_frames_planes_and_interval(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", _cube(), imagej=True, metadata={"axes": "TZYX", "finterval": 600.0})
    assert _grid(tmp_path / "a.tif") == EXPECTED
    info = probe(tmp_path / "a.tif")
    assert (info.times_from, info.interval_minutes, info.planes) == ("container", 10.0, (0.0, 1.0, 2.0))


def test_an_imagej_file_without_page_directories_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.stack([good.picture(i) for i in range(6)]), imagej=True, metadata={"axes": "TYX"}, contiguous=True)
    with tifffile.TiffFile(path) as tiff:
        next_at = tiff.pages[0].offset + 2 + 12 * len(tiff.pages[0].tags)
    data = bytearray(path.read_bytes())
    data[next_at : next_at + 4] = bytes(4)
    path.write_bytes(bytes(data))
    assert _grid(path) == [[i] for i in range(6)]
    path.write_bytes(bytes(data[: len(data) // 2]))
    with pytest.raises(StackError, match="file_truncated"):
        open_stack(path)


@pytest.mark.parametrize("axes", ["TZYX", "ZTYX"])
def test_an_ome_tiff_tells_frames_planes_and_times(tmp_path: Path, axes: str) -> None:
    cube = _cube() if axes == "TZYX" else _cube().swapaxes(0, 1)
    metadata = {"axes": axes, "TimeIncrement": 5.0, "TimeIncrementUnit": "min", "PhysicalSizeZ": 15.0, "PhysicalSizeZUnit": "µm"}
    tifffile.imwrite(tmp_path / "a.ome.tif", cube, ome=True, metadata=metadata)
    assert _grid(tmp_path / "a.ome.tif") == EXPECTED
    info = probe(tmp_path / "a.ome.tif")
    assert (info.format, info.times_from, info.interval_minutes, info.planes) == ("ome-tiff", "ome", 5.0, (0.0, 15.0, 30.0))


def test_measured_times_of_planes_come_before_the_nominal_increment(tmp_path: Path) -> None:
    seconds = [0.0, 610.0, 1190.0, 1800.0]
    planes = {"DeltaT": [seconds[t] + z for t in range(T) for z in range(Z)], "DeltaTUnit": ["s"] * (T * Z)}
    tifffile.imwrite(tmp_path / "a.ome.tif", _cube(), ome=True, metadata={"axes": "TZYX", "TimeIncrement": 600.0, "Plane": planes})
    info = probe(tmp_path / "a.ome.tif")
    assert info.hours_since_start == pytest.approx([s / 3600 for s in seconds], abs=1e-5)


def test_an_ome_tiff_without_times_has_none(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.ome.tif", _cube(), ome=True, metadata={"axes": "TZYX"})
    info = probe(tmp_path / "a.ome.tif")
    assert (info.times_from, info.interval_minutes) == ("none", None)


def _write_set(root: Path, *, in_companion: bool) -> None:
    blocks = "".join(
        f'<TiffData FirstT="{t}" FirstZ="{z}" IFD="0" PlaneCount="1"><UUID FileName="t{t}z{z}.ome.tif">urn:uuid:{t}{z}</UUID></TiffData>'
        for t in range(T)
        for z in range(Z)
    )
    sizes = f'SizeX="{good.WIDTH}" SizeY="{good.HEIGHT}" SizeC="1" SizeZ="{Z}" SizeT="{T}"'
    start = '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
    whole = f'{start}<Image ID="I"><Pixels ID="P" DimensionOrder="XYZCT" Type="uint8" {sizes}>{blocks}</Pixels></Image></OME>'
    pointer = f'{start}<BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:1"/></OME>'
    for t in range(T):
        for z in range(Z):
            description = pointer if in_companion else whole
            tifffile.imwrite(root / f"t{t}z{z}.ome.tif", good.picture(t * Z + z), description=description, metadata=None)
    if in_companion:
        (root / "set.companion.ome").write_text(whole)


@pytest.mark.parametrize("in_companion", [False, True])
def test_a_set_of_ome_tiffs_is_one_recording(tmp_path: Path, in_companion: bool) -> None:
    _write_set(tmp_path, in_companion=in_companion)
    assert _grid(tmp_path) == EXPECTED
    archive = good.archive(tmp_path.parent / f"{tmp_path.name}.zip", [(p.name, p.read_bytes()) for p in sorted(tmp_path.iterdir())], 8)
    assert _grid(archive) == EXPECTED


def test_a_set_that_is_not_complete_is_refused(tmp_path: Path) -> None:
    _write_set(tmp_path, in_companion=False)
    (tmp_path / "t2z1.ome.tif").unlink()
    with pytest.raises(StackError, match="t2z1") as refused:
        open_stack(tmp_path)
    assert refused.value.code == "ome_files_missing"
    with pytest.raises(StackError, match="ome_files_missing"):
        open_stack(tmp_path / "t0z0.ome.tif")


def test_several_multi_page_files_are_refused_as_ambiguous(tmp_path: Path) -> None:
    for i in range(3):
        (tmp_path / f"{i}.tif").write_bytes(good.tiff(3))
    with pytest.raises(StackError, match="frames_ambiguous"):
        open_stack(tmp_path)


def test_one_multi_page_file_in_a_zip_is_the_recording(tmp_path: Path) -> None:
    for method in (0, 8):
        path = good.archive(tmp_path / f"{method}.zip", [("dish/stack.tif", good.tiff(5)), ("dish/notes.txt", b"kept at 37 C")], method)
        assert _grid(path) == [[i] for i in range(5)]
