"""Files that are no recordings, and pictures that lie, each made in the test and small on disk."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

from tests.hostile import good


def _write(root: Path, name: str, data: bytes) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(data)
    return root / name


def empty(root: Path) -> Path:
    return _write(root, "dish.tif", b"")


def one_byte(root: Path) -> Path:
    return _write(root, "dish.avi", b"R")


def svg_as_tiff(root: Path) -> Path:
    return _write(root, "dish.tif", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')


def pdf_as_tiff(root: Path) -> Path:
    return _write(root, "dish.tif", b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n")


def html_as_jpeg(root: Path) -> Path:
    return _write(root, "dish.jpg", b"<!DOCTYPE html><html><script>alert(1)</script></html>")


def empty_frame(root: Path) -> Path:
    good.folder(root / "dish")
    (root / "dish" / "frame002.jpg").write_bytes(b"")
    return root / "dish"


def link_in_folder(root: Path) -> Path:
    good.folder(root / "dish")
    os.symlink("/etc/passwd", root / "dish" / "frame009.jpg")
    return root / "dish"


def pipe_in_folder(root: Path) -> Path:
    good.folder(root / "dish")
    os.mkfifo(root / "dish" / "frame009.jpg")
    return root / "dish"


def several_wells(root: Path) -> Path:
    for well in ("WELL01", "WELL02"):
        good.folder(root / "dish" / well)
    return root / "dish"


def jpeg_of_65535(root: Path) -> Path:
    data = bytearray(good.jpeg(0))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65535, 65535)
    return _write(root, "dish.jpg", bytes(data))


def truncated_jpeg_after_a_good_one(root: Path) -> Path:
    good.folder(root / "dish", 2)
    whole = good.jpeg(1)
    (root / "dish" / "frame001.jpg").write_bytes(whole[: len(whole) // 2])
    return root / "dish"


def jpeg_cut_inside_but_ended(root: Path) -> Path:
    """The end marker is there, half of the picture is not: most decoders fill the rest with grey."""
    whole = good.jpeg(1)
    return _write(root, "dish.jpg", whole[: len(whole) - 120] + b"\xff\xd9")


def polyglot(root: Path) -> Path:
    return _write(root, "dish.jpg", good.jpeg(3) + b"<html><script>alert(1)</script></html>")


def png_bomb(root: Path) -> Path:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20))
    data = b"\x89PNG\r\n\x1a\n" + good.png_chunk(b"IHDR", header) + good.png_chunk(b"IDAT", rows) + good.png_chunk(b"IEND", b"")
    return _write(root, "dish.png", data)


def png_without_its_rows(root: Path) -> Path:
    header = struct.pack(">IIBBBBB", 96, 64, 8, 0, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + good.png_chunk(b"IHDR", header)
        + good.png_chunk(b"IDAT", zlib.compress(bytes(1000)))
        + good.png_chunk(b"IEND", b"")
    )
    return _write(root, "dish.png", data)


def second_size(root: Path) -> Path:
    good.folder(root / "dish")
    (root / "dish" / "frame002.jpg").write_bytes(good.jpeg(2, 48, 32))
    return root / "dish"


def tiff_directory(entries: list[tuple[int, int, int]], following: int = 0) -> bytes:
    """A little-endian directory of LONG values: (tag, count, value or offset)."""
    body = b"".join(struct.pack("<HHII", tag, 4, count, value) for tag, count, value in sorted(entries))
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)


def _page(width: int = 96, height: int = 64, *, at: int = 0, length: int = 96 * 64, compression: int = 1) -> list[tuple[int, int, int]]:
    return [
        (256, 1, width),
        (257, 1, height),
        (258, 1, 8),
        (259, 1, compression),
        (262, 1, 1),
        (273, 1, at),
        (277, 1, 1),
        (278, 1, height),
        (279, 1, length),
    ]


def huge_tiff(root: Path) -> Path:
    return _write(root, "dish.tif", b"II*\0\x08\0\0\0" + tiff_directory(_page(10**9, 10**9, at=8)) + bytes(100))


def looping_tiff(root: Path) -> Path:
    return _write(root, "dish.tif", b"II*\0\x08\0\0\0" + tiff_directory(_page(at=200), following=8) + bytes(96 * 64 + 200))


def million_directories(root: Path) -> Path:
    """A real chain: one page and a million thumbnails behind it."""
    first = tiff_directory(_page(at=8), following=200)
    start = b"II*\0\x08\0\0\0" + first
    links = b"".join(tiff_directory([(254, 1, 1)], following=200 + 18 * (i + 1)) for i in range(1_000_000))
    return _write(root, "dish.tif", start.ljust(200, b"\0") + links + bytes(96 * 64))


def strips_past_the_end(root: Path) -> Path:
    return _write(root, "dish.tif", b"II*\0\x08\0\0\0" + tiff_directory(_page(at=4000)) + bytes(500))


def deflate_strip_of_4_gib(root: Path) -> Path:
    """4 MiB on disk that unpack to 4 GiB for a page of 96 x 64."""
    packer = zlib.compressobj(9)
    head = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    strip = head + block * 4095
    directory = tiff_directory(_page(at=200, length=len(strip), compression=8))
    return _write(root, "dish.tif", (b"II*\0\x08\0\0\0" + directory).ljust(200, b"\0") + strip)


def tiff_of_no_depth(root: Path) -> Path:
    entries = [(tag, 0 if tag == 258 else count, value) for tag, count, value in _page(at=200)]
    return _write(root, "dish.tif", (b"II*\0\x08\0\0\0" + tiff_directory(entries)).ljust(200, b"\0") + bytes(96 * 64))


def pages_of_two_sizes(root: Path) -> Path:
    second = 8 + 2 + 9 * 12 + 4
    pages = tiff_directory(_page(at=300), following=second) + tiff_directory(_page(48, 32, at=300, length=48 * 32))
    return _write(root, "dish.tif", b"II*\0\x08\0\0\0" + pages + bytes(96 * 64 + 300))


def _ome(root: Path, xml: str) -> Path:
    at = 8 + 2 + 10 * 12 + 4
    text = xml.encode() + b"\0"
    entries = [*_page(at=at + len(text)), (270, len(text), at)]
    body = b"".join(struct.pack("<HHII", tag, 2 if tag == 270 else 4, count, value) for tag, count, value in sorted(entries))
    directory = struct.pack("<H", len(entries)) + body + struct.pack("<I", 0)
    return _write(root, "dish.ome.tif", b"II*\0\x08\0\0\0" + directory + text + good.picture(0).tobytes())


_PIXELS = 'DimensionOrder="XYZCT" Type="uint8" SizeX="96" SizeY="64" SizeC="1"'


def ome_entities(root: Path) -> Path:
    laughs = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
    return _ome(root, f'<!DOCTYPE OME [<!ENTITY l0 "ha">{laughs}]><OME><Image><Pixels {_PIXELS} SizeZ="1" SizeT="1"/></Image>&l9;</OME>')


def ome_of_a_foreign_definition(root: Path) -> Path:
    return _ome(
        root, f'<!DOCTYPE OME SYSTEM "http://169.254.169.254/ome.dtd"><OME><Image><Pixels {_PIXELS} SizeZ="1" SizeT="1"/></Image></OME>'
    )


def ome_of_other_files(root: Path) -> Path:
    block = '<TiffData IFD="0" FirstT="1"><UUID FileName="../../../etc/passwd">urn:uuid:1</UUID></TiffData>'
    return _ome(
        root,
        f'<OME><Image><Pixels {_PIXELS} SizeZ="1" SizeT="2"><TiffData IFD="0" FirstT="0" PlaneCount="1"/>{block}</Pixels></Image></OME>',
    )


def ome_of_a_billion_frames(root: Path) -> Path:
    return _ome(root, f'<OME><Image><Pixels {_PIXELS} SizeZ="1" SizeT="1000000000"/></Image></OME>')
