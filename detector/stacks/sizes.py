"""The size of a picture against the limits, asked before any memory is taken for it."""

from __future__ import annotations

from detector.stacks.limits import Limits
from detector.stacks.refusals import Code, refusal


def check_size(width: int, height: int, name: str, limits: Limits) -> None:
    """Refuse pictures without pixels and pictures larger than the limits."""
    if width < 1 or height < 1:
        raise refusal(Code.PICTURE_DAMAGED, f"{name} declares {width}x{height} pixels.")
    if width > limits.side_px or height > limits.side_px or width * height > limits.picture_px:
        raise refusal(
            Code.PICTURE_TOO_LARGE,
            f"{name} declares {width}x{height} pixels, more than {limits.side_px} a side or {limits.picture_px} in all.",
        )
