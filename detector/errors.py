"""What the detector refuses, as a code for programs, a detail that shows the value and a hint on what to do next."""

from __future__ import annotations


class DetectorError(Exception):
    """A refusal in three parts; the command line prints them as JSON, the page in words."""

    def __init__(self, code: str, detail: str, hint: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.hint = hint

    def as_dict(self) -> dict[str, str]:
        """The form the command line prints and the database keeps."""
        return {"code": self.code, "detail": self.detail, "hint": self.hint}


class StackError(DetectorError):
    """A recording that cannot be read, or a frame of it."""


class WeightsError(DetectorError):
    """Weights that are missing, changed since they were made, or of a kind this version cannot serve."""
