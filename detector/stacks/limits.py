"""How much a recording may ask for before it is refused; every declared size is held against these before memory is taken."""

from __future__ import annotations

from dataclasses import dataclass

GIB = 1024**3
MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Limits:
    """The ceilings of one recording; the defaults hold a week of a large dish in several planes."""

    recording_bytes: int = 64 * GIB
    frames: int = 100_000
    planes: int = 64
    pictures: int = 250_000
    """Frames times planes; also the most files of a folder, members of an archive and pages of a TIFF."""
    side_px: int = 20_000
    picture_px: int = 200_000_000
    picture_bytes: int = GIB
    """The largest file or compressed strip that holds one picture."""
    unpacked_member_bytes: int = 512 * MIB
    """A compressed member of an archive is unpacked in memory up to here."""
    unpacked_ratio: int = 200
    """How many times larger than its packed form a member or a whole archive may become, above the two floors below."""
    ratio_floor_bytes: int = 16 * MIB
    archive_ratio_floor_bytes: int = 256 * MIB
    name_chars: int = 1_000
    folder_depth: int = 16
    xml_bytes: int = 64 * MIB
    table_bytes: int = 16 * MIB
    tags_a_page: int = 1_000
    boxes: int = 10_000
    """Headers that a video container may have besides its frames."""
    dicom_header_bytes: int = 64 * MIB
    tail_check_bytes: int = 256 * MIB
    """How much compressed data is unpacked on opening only to see that its pictures end where they should."""


DEFAULT = Limits()
