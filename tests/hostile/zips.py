"""Archives that lie, climb, overlap or explode, each small on disk."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from pathlib import Path

from tests.hostile import good


def _named(root: Path, *names: str) -> Path:
    return good.archive(root / "dish.zip", [("frame000.jpg", good.jpeg(0)), *((name, good.jpeg(1)) for name in names)])


def climbing(root: Path) -> Path:
    return _named(root, "../../outside.jpg")


def climbing_backwards(root: Path) -> Path:
    return _named(root, "..\\..\\outside.jpg")


def absolute(root: Path) -> Path:
    return _named(root, "/tmp/outside.jpg")


def drive_letter(root: Path) -> Path:
    return _named(root, "C:outside.jpg")


def newline(root: Path) -> Path:
    return _named(root, "frame\n001.jpg")


def direction_override(root: Path) -> Path:
    return _named(root, "frame\u202egpj.exe.jpg")


def long_name(root: Path) -> Path:
    return _named(root, "x" * 5_000 + ".jpg")


def nul(root: Path) -> Path:
    """zipfile will not write such a name, so a byte is changed in both headers."""
    path = _named(root, "frameX001.jpg")
    path.write_bytes(path.read_bytes().replace(b"frameX001.jpg", b"frame\x00001.jpg"))
    return path


def duplicates(root: Path) -> Path:
    path = _named(root, "frame001.jpg", "frameXXX.jpg")
    path.write_bytes(path.read_bytes().replace(b"frameXXX.jpg", b"frame001.jpg"))
    return path


def link(root: Path) -> Path:
    path = root / "dish.zip"
    entry = zipfile.ZipInfo("frame001.jpg")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("frame000.jpg", good.jpeg(0))
        target.writestr(entry, "/etc/passwd")
    return path


def nested(root: Path) -> Path:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as target:
        target.writestr("frame000.jpg", good.jpeg(0))
    return good.archive(root / "dish.zip", [("frame000.jpg", good.jpeg(0)), ("more.zip", inner.getvalue())])


def encrypted(root: Path) -> Path:
    path = _named(root, "frame001.jpg")
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(bytes(data))
    return path


def other_method(root: Path) -> Path:
    return good.archive(root / "dish.zip", [("frame000.jpg", good.jpeg(0))], zipfile.ZIP_LZMA)


def overlapping(root: Path) -> Path:
    """Two directory entries that point to the same bytes."""
    path = _named(root, "frame001.jpg")
    data = bytearray(path.read_bytes())
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    data[second + 42 : second + 46] = struct.pack("<I", 0)
    path.write_bytes(bytes(data))
    return path


def million_entries(root: Path) -> Path:
    """A ZIP64 end record that declares a million entries."""
    path = _named(root)
    data = path.read_bytes()
    end_at = data.rindex(b"PK\x05\x06")
    size, start = struct.unpack_from("<LL", data, end_at + 12)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end_at, 1)
    path.write_bytes(data[:end_at] + end64 + locator + data[end_at:])
    return path


def _declare(path: Path, packed: int | None, unpacked: int) -> Path:
    """Change the sizes of the first member in the central directory."""
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    if packed is not None:
        data[at + 20 : at + 24] = struct.pack("<I", packed)
    data[at + 24 : at + 28] = struct.pack("<I", unpacked)
    path.write_bytes(bytes(data))
    return path


def ten_bytes_of_ten_gib(root: Path) -> Path:
    """One deflated member of some bytes that declares 10 GiB in a ZIP64 field."""
    packed = zlib.compress(bytes(100), 9)[2:-4]
    extra = struct.pack("<HHQ", 1, 8, 10 * 1024**3)
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 45, 0, 8, 0, 0, 0, len(packed), 0xFFFFFFFF, 7, len(extra)) + b"000.jpg" + extra
    central = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 45, 45, 0, 8, 0, 0, 0, len(packed), 0xFFFFFFFF, 7, len(extra), 0, 0, 0, 0, 0)
    central += b"000.jpg" + extra
    start = len(local) + len(packed)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(central), start, 0)
    path = root / "dish.zip"
    path.write_bytes(local + packed + central + end)
    return path


def lying_size(root: Path) -> Path:
    """A deflated picture that unpacks to more than it declares."""
    path = good.archive(root / "dish.zip", [("frame000.png", good.png(0, 640, 480))], zipfile.ZIP_DEFLATED)
    return _declare(path, None, 500)


def real_bomb(root: Path) -> Path:
    """300 MiB of zeros in 300 KiB, honestly declared."""
    return good.archive(root / "dish.zip", [("frame000.png", bytes(300 * 1024 * 1024))], zipfile.ZIP_DEFLATED)


def cut(root: Path) -> Path:
    path = _named(root, "frame001.jpg")
    path.write_bytes(path.read_bytes()[:-60])
    return path


def of_text_only(root: Path) -> Path:
    return good.archive(root / "dish.zip", [("readme.txt", b"no pictures here")])
