"""What a file is, told by its first bytes; its name is never asked."""

from __future__ import annotations

from enum import Enum

from detector.stacks.refusals import Code, refusal

HEAD_BYTES = 512


class Kind(Enum):
    """What can be read, and TEXT and OTHER for bystanders."""

    JPEG = "JPEG"
    PNG = "PNG"
    TIFF = "TIFF"
    ZIP = "ZIP"
    AVI = "AVI"
    MP4 = "MP4"
    DICOM = "DICOM"
    TEXT = "text"
    EMPTY = "nothing"
    OTHER = "unknown data"


PICTURES = frozenset({Kind.JPEG, Kind.PNG, Kind.TIFF})
CONTAINERS = frozenset({Kind.AVI, Kind.MP4, Kind.DICOM})

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_STILL_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis", b"crx ", b"jp2 ", b"jxl ")

_ARCHIVES = ((b"\x1f\x8b", "a gzip archive"), (b"7z\xbc\xaf\x27\x1c", "a 7z archive"), (b"Rar!\x1a\x07", "a RAR archive"))
_NAMED = (
    *_ARCHIVES,
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"%PDF", "a PDF document"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"8BPS", "a Photoshop file"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\0\0\x01\xba", "an MPEG program stream"),
    (b"FLV", "a Flash video"),
    (b"0&\xb2u", "a Windows Media video"),
)
_TEXT_BYTES = bytes({9, 10, 13} | set(range(32, 256)) - {127})
_MARKUP = (
    ("#extm3u", "a playlist"),
    ("ffconcat", "a playlist"),
    ("[playlist]", "a playlist"),
    ("<svg", "an SVG drawing"),
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
    ("<asx", "a playlist"),
    ("<smil", "a playlist"),
)


def sniff(head: bytes) -> Kind:
    """The kind of a file that starts with these bytes (HEAD_BYTES of them, or all it has)."""
    if not head:
        return Kind.EMPTY
    # Before the others: a DICOM file may carry a TIFF or JPEG header in its preamble.
    if head[128:132] == b"DICM":
        return Kind.DICOM
    if head.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if head.startswith(_TIFF):
        return Kind.TIFF
    if head.startswith(_ZIP):
        return Kind.ZIP
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return Kind.AVI
    if head[4:8] in _MP4_BOXES and not (head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS):
        return Kind.MP4
    return Kind.TEXT if _is_text(head) else Kind.OTHER


def described(head: bytes) -> str:
    """What unreadable content is, in words, for the message that refuses it."""
    for start, words in _NAMED:
        if head.startswith(start):
            return words
    if head[:4] == b"RIFF":
        return "a WebP picture" if head[8:12] == b"WEBP" else "a RIFF file other than AVI"
    if head[4:8] == b"ftyp":
        return "a HEIF, AVIF or raw picture"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:400].decode("latin-1").lower()
    for opening, words in _MARKUP:
        if text.startswith(opening) or (text.startswith("<?xml") and opening in text):
            return words
    if text.startswith("<?xml"):
        return "an XML document"
    return "text" if _is_text(head) else f"unknown data that starts with {head[:8].hex(' ')}"


def is_nested_archive(head: bytes) -> bool:
    """True for an archive inside an archive, whatever it is called."""
    return head.startswith(_ZIP) or any(head.startswith(start) for start, _ in _ARCHIVES)


def refuse_format(name: str, head: bytes) -> Exception:
    """The refusal of a file that is none of the kinds above; `name` is already fit to be shown."""
    if not head:
        return refusal(Code.FILE_EMPTY, f"{name} is empty (0 bytes).")
    words = described(head)
    code = Code.FORMAT_UNKNOWN if words.startswith(("unknown", "text")) else Code.FORMAT_NOT_SUPPORTED
    return refusal(code, f"{name} is {words}, not a recording that can be read.")


def _is_text(head: bytes) -> bool:
    """No control characters but tabs and line ends; old encodings such as cp1251 count as text too."""
    return not head.translate(None, _TEXT_BYTES)
