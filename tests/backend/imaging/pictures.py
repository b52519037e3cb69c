"""Small recordings for tests: grey frames with a bright square that tells the frame's number."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from PIL import Image, ImageDraw


def jpeg(number: int, size: tuple[int, int] = (64, 48)) -> bytes:
    picture = Image.new("L", size, 40)
    ImageDraw.Draw(picture).rectangle((number % 48, 8, number % 48 + 12, 24), fill=220)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def zip_of_frames(frames: int = 5, size: tuple[int, int] = (64, 48)) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(frames):
            # The clock stays out of it: the same frames make the same bytes.
            archive.writestr(zipfile.ZipInfo(f"frame_{number:04}.jpg"), jpeg(number, size))
    return buffer.getvalue()


def folder_of_frames(folder: Path, frames: int = 5) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(frames):
        (folder / f"frame_{number:04}.jpg").write_bytes(jpeg(number))
    return folder


def everything_below(folder: Path) -> list[str]:
    """Every file, as relative paths; what a test expects to be left behind."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
