"""Small sound recordings of every format, made in the test: to be read whole, or to be broken."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pydicom
import simplejpeg
import tifffile
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MultiFrameGrayscaleByteSecondaryCaptureImageStorage, generate_uid

WIDTH, HEIGHT = 96, 64
Grey = npt.NDArray[np.uint8]


def picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> Grey:
    """A slope and some grain around a grey that tells which frame it is."""
    slope = np.linspace(0, 6, width)[np.newaxis, :] + np.linspace(0, 4, height)[:, np.newaxis]
    grain = np.random.default_rng(number).integers(0, 7, (height, width))
    return (20 + 12 * (number % 18) + slope + grain).astype(np.uint8)


def number_of(seen: Grey) -> int:
    """Which frame a picture shows, however it was compressed."""
    return round((float(seen.mean()) - 28) / 12)


def jpeg(number: int, width: int = WIDTH, height: int = HEIGHT, *, taken: str = "") -> bytes:
    data = bytes(
        simplejpeg.encode_jpeg(np.ascontiguousarray(picture(number, width, height))[..., np.newaxis], quality=92, colorspace="GRAY")
    )
    return data[:2] + _exif(taken) + data[2:] if taken else data


def _exif(taken: str) -> bytes:
    """An EXIF segment with a person's name, a time and nothing else."""
    artist, stamp = b"DOE^JANE\0", taken.encode() + b"\0"
    directory = struct.pack("<HHHIIHHII", 2, 0x013B, 2, len(artist), 38, 0x8769, 4, 1, 38 + len(artist)) + struct.pack("<I", 0)
    inner = struct.pack("<HHHIII", 1, 0x9003, 2, len(stamp), 38 + len(artist) + 18, 0)
    block = b"Exif\0\0II*\0\x08\0\0\0" + directory + artist + inner + stamp
    return b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(number: int, width: int = WIDTH, height: int = HEIGHT, *, deep: bool = False) -> bytes:
    pixels = picture(number, width, height)
    rows = (pixels.astype(np.uint16) * 16).astype(">u2") if deep else pixels
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 16 if deep else 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(raw)) + png_chunk(b"IEND", b"")


def tiff(frames: int = 3, **options: object) -> bytes:
    target = io.BytesIO()
    tifffile.imwrite(target, np.stack([picture(i) for i in range(frames)]), photometric="minisblack", metadata=None, **options)
    return target.getvalue()


def folder(root: Path, frames: int = 4, name: str = "frame{:03}.jpg") -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for i in range(frames):
        path = root / name.format(i)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(i) if name.endswith("png") else jpeg(i))
    return root


def archive(path: Path, members: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as target:
        for name, data in members:
            target.writestr(name, data)
    return path


def video(path: Path, frames: int = 12, *, codec: str = "mjpeg", pixels: str = "yuvj420p", options: dict[str, str] | None = None) -> Path:
    with av.open(str(path), "w") as target:
        stream = target.add_stream(codec, rate=Fraction(10), options=options or {})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixels
        for i in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(i), format="gray").reformat(format=pixels)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return path


def dicom(path: Path, frames: int = 4, **elements: object) -> Path:
    dataset = pydicom.Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = MultiFrameGrayscaleByteSecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = "Doe^Jane", "4711", "19900101"
    dataset.AcquisitionDateTime = "20260102030405"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = HEIGHT, WIDTH, frames
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.FrameTime = 600_000
    for key, value in elements.items():
        setattr(dataset, key, value)
    dataset.PixelData = b"".join(picture(i).tobytes() for i in range(frames))
    dataset.save_as(path, enforce_file_format=True)
    return path
