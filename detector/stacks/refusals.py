"""Every reason for which a recording or a frame is refused: a code for programs and, beside it, what a person can do."""

from __future__ import annotations

from enum import StrEnum

from detector.errors import StackError


class Code(StrEnum):
    """The documented codes of StackError."""

    FILE_EMPTY = "file_empty"
    FILE_MISSING = "file_missing"
    FILE_NOT_REGULAR = "file_not_regular"
    FILE_TRUNCATED = "file_truncated"
    FILE_TOO_LARGE = "file_too_large"
    FORMAT_UNKNOWN = "format_unknown"
    FORMAT_NOT_SUPPORTED = "format_not_supported"
    NAME_REFUSED = "name_refused"
    LINK_REFUSED = "link_refused"
    PICTURES_NONE = "pictures_none"
    PICTURE_DAMAGED = "picture_damaged"
    PICTURE_TOO_LARGE = "picture_too_large"
    PICTURE_KIND = "picture_kind_not_supported"
    COMPRESSION = "compression_not_supported"
    RESOLUTION_CHANGES = "resolution_changes"
    FRAMES_TOO_MANY = "frames_too_many"
    FRAME_MISSING = "frame_missing"
    FRAME_OUT_OF_RANGE = "frame_out_of_range"
    FRAMES_AMBIGUOUS = "frames_ambiguous"
    RECORDINGS_SEVERAL = "recordings_several"
    TIFF_DAMAGED = "tiff_damaged"
    TIFF_LOOP = "tiff_loop"
    OME_DAMAGED = "ome_damaged"
    OME_DOCTYPE = "ome_doctype"
    OME_FILES_MISSING = "ome_files_missing"
    ARCHIVE_DAMAGED = "archive_damaged"
    ARCHIVE_ENCRYPTED = "archive_encrypted"
    ARCHIVE_BOMB = "archive_bomb"
    ARCHIVE_OVERLAP = "archive_overlap"
    ARCHIVE_NESTED = "archive_nested"
    ARCHIVE_DUPLICATE = "archive_duplicate_names"
    ARCHIVE_METHOD = "archive_method"
    VIDEO_DAMAGED = "video_damaged"
    VIDEO_CODEC = "video_codec"
    VIDEO_STREAMS = "video_streams"
    VIDEO_EXTERNAL = "video_external_reference"
    DICOM_DAMAGED = "dicom_damaged"
    DICOM_DIRECTORY = "dicom_directory"
    DICOM_NO_PIXELS = "dicom_no_pixels"


_AGAIN = "Copy or export the recording again from the microscope's computer and compare the file sizes."
_EXPORT = "Export the recording as numbered JPEG, PNG or TIFF frames (a folder or a ZIP), as OME-TIFF, or as AVI or MP4."
_REZIP = "Make a new ZIP of the frames with your system's own tool, without a password, and upload that."

HINTS: dict[Code, str] = {
    Code.FILE_EMPTY: _AGAIN,
    Code.FILE_MISSING: "Check the path, or upload the file again.",
    Code.FILE_NOT_REGULAR: "Give an ordinary file, or a folder of ordinary files.",
    Code.FILE_TRUNCATED: _AGAIN,
    Code.FILE_TOO_LARGE: "Split the recording into shorter parts and upload each by itself.",
    Code.FORMAT_UNKNOWN: _EXPORT,
    Code.FORMAT_NOT_SUPPORTED: _EXPORT,
    Code.NAME_REFUSED: "Rename the file with plain letters and digits and upload again.",
    Code.LINK_REFUSED: "Replace the link by the file it points to.",
    Code.PICTURES_NONE: _EXPORT,
    Code.PICTURE_DAMAGED: _AGAIN,
    Code.PICTURE_TOO_LARGE: "Export the frames at a smaller size.",
    Code.PICTURE_KIND: "Export the frames as 8 or 16 bit grey, or as 8 bit colour.",
    Code.COMPRESSION: "Save the frames uncompressed, or with LZW, deflate or JPEG compression.",
    Code.RESOLUTION_CHANGES: "Upload the parts with different picture sizes as recordings of their own.",
    Code.FRAMES_TOO_MANY: "Split the recording into shorter parts and upload each by itself.",
    Code.FRAME_MISSING: "Choose another plane, or a frame that this plane has.",
    Code.FRAME_OUT_OF_RANGE: "Ask for a frame and a plane that the recording has.",
    Code.FRAMES_AMBIGUOUS: "Give the frames numbered names, one number a frame, or save them as one OME-TIFF.",
    Code.RECORDINGS_SEVERAL: "Upload each recording by itself.",
    Code.TIFF_DAMAGED: _AGAIN,
    Code.TIFF_LOOP: _AGAIN,
    Code.OME_DAMAGED: "Save the file as OME-TIFF again, or as a plain multi-page TIFF.",
    Code.OME_DOCTYPE: "Save the file as OME-TIFF again; its description must be plain OME-XML.",
    Code.OME_FILES_MISSING: "Upload all files of the set together, as a folder or a ZIP.",
    Code.ARCHIVE_DAMAGED: _REZIP,
    Code.ARCHIVE_ENCRYPTED: _REZIP,
    Code.ARCHIVE_BOMB: _REZIP,
    Code.ARCHIVE_OVERLAP: _REZIP,
    Code.ARCHIVE_NESTED: "Unpack the inner archive first, then upload one ZIP of the frames.",
    Code.ARCHIVE_DUPLICATE: _REZIP,
    Code.ARCHIVE_METHOD: _REZIP,
    Code.VIDEO_DAMAGED: _AGAIN,
    Code.VIDEO_CODEC: "Export the video as MJPEG, uncompressed, MPEG-4 or H.264, or as numbered frames.",
    Code.VIDEO_STREAMS: "Export the video again with one picture track and no subtitles.",
    Code.VIDEO_EXTERNAL: "Export the video as one self-contained file.",
    Code.DICOM_DAMAGED: _AGAIN,
    Code.DICOM_DIRECTORY: "Upload the multi-frame DICOM file itself instead of its DICOMDIR.",
    Code.DICOM_NO_PIXELS: "Upload the DICOM object that holds the frames.",
}


def refusal(code: Code, detail: str, hint: str = "") -> StackError:
    """A StackError with the code's own advice unless a better one is given."""
    return StackError(code.value, detail, hint or HINTS[code])
