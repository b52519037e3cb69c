"""Videos and DICOM objects that are cut, lie about their size or point elsewhere."""

from __future__ import annotations

import struct
from pathlib import Path

from pydicom.uid import MediaStorageDirectoryStorage

from tests.hostile import good


def playlist(root: Path) -> Path:
    path = root / "dish.avi"
    path.write_bytes(b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
    return path


def concat_script(root: Path) -> Path:
    path = root / "dish.mp4"
    path.write_bytes(b"ffconcat version 1.0\nfile /etc/passwd\n")
    return path


def avi_with_playlist_track(root: Path) -> Path:
    """A second track of text, where FFmpeg looks for subtitles and would follow a playlist."""
    data = good.video(root / "dish.avi").read_bytes()
    header = struct.pack("<4s4sIHHIIIIIIIIHHHH", b"txts", b"\0\0\0\0", 0, 0, 0, 0, 1, 10, 0, 1, 0, 0, 0, 0, 0, 0, 0)
    stream = b"strl" + b"strh" + struct.pack("<I", len(header)) + header + b"strf" + struct.pack("<I", 8) + b"GAB2\0\2\0\0"
    track = b"LIST" + struct.pack("<I", len(stream)) + stream
    at = data.index(b"hdrl")
    end = at + struct.unpack_from("<I", data, at - 4)[0]
    grown = bytearray(data[:end] + track + data[end:])
    grown[at - 4 : at] = struct.pack("<I", end - at + len(track))
    grown[4:8] = struct.pack("<I", len(grown) - 8)
    (root / "dish.avi").write_bytes(bytes(grown))
    return root / "dish.avi"


def cut_avi(root: Path) -> Path:
    data = good.video(root / "dish.avi").read_bytes()
    (root / "dish.avi").write_bytes(data[: len(data) * 2 // 3])
    return root / "dish.avi"


def unfinished_avi(root: Path) -> Path:
    """As a camera leaves it when the power fails: sizes unwritten, no index."""
    data = good.video(root / "dish.avi").read_bytes()
    cut = bytearray(data[: data.index(b"idx1")])
    cut[4:8] = b"\xff\xff\xff\xff"
    (root / "dish.avi").write_bytes(bytes(cut))
    return root / "dish.avi"


def unindexed_avi(root: Path) -> Path:
    data = good.video(root / "dish.avi").read_bytes()
    cut = bytearray(data[: data.index(b"idx1")])
    cut[4:8] = struct.pack("<I", len(cut) - 8)
    (root / "dish.avi").write_bytes(bytes(cut))
    return root / "dish.avi"


def avi_of_a_billion_frames(root: Path) -> Path:
    data = bytearray(good.video(root / "dish.avi").read_bytes())
    at = data.index(b"strh")
    data[at + 8 + 32 : at + 8 + 36] = struct.pack("<I", 10**9)
    (root / "dish.avi").write_bytes(bytes(data))
    return root / "dish.avi"


def unknown_codec(root: Path) -> Path:
    data = good.video(root / "dish.avi").read_bytes().replace(b"MJPG", b"ZZZZ").replace(b"mjpg", b"ZZZZ")
    (root / "dish.avi").write_bytes(data)
    return root / "dish.avi"


def unlisted_codec(root: Path) -> Path:
    """A codec that FFmpeg has and the allow-list has not."""
    return good.video(root / "dish.avi", codec="cinepak", pixels="rgb24")


def _mp4(root: Path) -> Path:
    return good.video(root / "dish.mp4", codec="mpeg4", pixels="yuv420p")


def mp4_of_other_files(root: Path) -> Path:
    """The data reference no longer says "this file"."""
    data = bytearray(_mp4(root).read_bytes())
    at = data.index(b"dref") + 12
    data[at + 4 : at + 8] = b"alis"
    data[at + 8 : at + 12] = bytes(4)
    (root / "dish.mp4").write_bytes(bytes(data))
    return root / "dish.mp4"


def mp4_of_a_billion_frames(root: Path) -> Path:
    """A table of one fixed size needs no bytes a frame, so a billion fit into twenty."""
    data = bytearray(_mp4(root).read_bytes())
    at = data.index(b"stsz")
    data[at + 8 : at + 16] = struct.pack(">II", 1, 10**9)
    (root / "dish.mp4").write_bytes(bytes(data))
    return root / "dish.mp4"


def mp4_without_header(root: Path) -> Path:
    data = _mp4(root).read_bytes()
    (root / "dish.mp4").write_bytes(data[: data.index(b"moov") - 4])
    return root / "dish.mp4"


def fragmented_mp4(root: Path) -> Path:
    data = _mp4(root).read_bytes()
    (root / "dish.mp4").write_bytes(data + struct.pack(">I4s", 8, b"moof"))
    return root / "dish.mp4"


def dicom_of_a_billion_frames(root: Path) -> Path:
    data = good.dicom(root / "dish.dcm").read_bytes()
    element = b"\x28\x00\x08\x00IS"
    few, many = b"\x02\x004 ", b"\x0a\x001000000000"
    (root / "dish.dcm").write_bytes(data.replace(element + few, element + many))
    return root / "dish.dcm"


def cut_dicom(root: Path) -> Path:
    data = good.dicom(root / "dish.dcm").read_bytes()
    (root / "dish.dcm").write_bytes(data[:-1000])
    return root / "dish.dcm"


def nested_dicom(root: Path) -> Path:
    """Ten thousand sequences, each inside the one before, in front of the pixels."""
    data = good.dicom(root / "dish.dcm").read_bytes()
    at = data.index(b"\x08\x00\x2a\x00DT")
    opening = b"\x08\x00\x05\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    (root / "dish.dcm").write_bytes(data[:at] + opening * 10_000 + data[at:])
    return root / "dish.dcm"


def dicom_of_unknown_values(root: Path) -> Path:
    """BitsStored in a representation that there is not."""
    data = good.dicom(root / "dish.dcm").read_bytes()
    (root / "dish.dcm").write_bytes(data.replace(b"\x28\x00\x01\x01US", b"\x28\x00\x01\x01U\x18"))
    return root / "dish.dcm"


def dicom_directory(root: Path) -> Path:
    path = good.dicom(root / "DICOMDIR")
    data = path.read_bytes()
    old = b"1.2.840.10008.5.1.4.1.1.7.2\0"
    path.write_bytes(data.replace(old, MediaStorageDirectoryStorage.encode().ljust(len(old), b"\0"), 1))
    return path


def climbing_dicom(root: Path) -> Path:
    """Identifiers that would be paths if anybody used them as such; they are not even read."""
    return good.dicom(root / "dish.dcm", StudyID="../../../../etc", AccessionNumber="../../passwd", PatientID="..\\..\\x")
