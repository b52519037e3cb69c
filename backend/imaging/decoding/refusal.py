"""Why a recording, or a frame of it, could not be decoded."""

from __future__ import annotations

CRASHED = "decoder_crashed"
TIMEOUT = "decoder_timeout"
OUT_OF_MEMORY = "decoder_out_of_memory"
CLOSED = "decoder_closed"

_OURS = "The recording was set aside and the others go on. If it opens elsewhere, export it again as numbered JPEG or PNG frames."
_HINTS = {
    CRASHED: _OURS,
    TIMEOUT: _OURS,
    OUT_OF_MEMORY: "Export the recording with smaller frames, or give decoders more memory.",
    CLOSED: "Open the recording again.",
}


class DecodingRefused(Exception):
    """A refusal in three parts: a code for programs, a detail that shows the value, a hint on what to do."""

    def __init__(self, code: str, detail: str, hint: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.hint = hint or _HINTS.get(code, "")

    def as_dict(self) -> dict[str, str]:
        """The form in which a refusal is stored and answered."""
        return {"code": self.code, "detail": self.detail, "hint": self.hint}
