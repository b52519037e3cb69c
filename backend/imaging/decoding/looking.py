"""The process that looks at single pictures, one after the other: how large each is, and what it resembles."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from backend.imaging.decoding.confinement import confine
from backend.imaging.decoding.refusal import CRASHED, OUT_OF_MEMORY
from backend.imaging.decoding.wire import Channel
from detector.errors import StackError
from detector.stacks import Limits, open_stack

_LIMITS = Limits(recording_bytes=256 * 1024**2)


def main(arguments: list[str]) -> int:
    """Serve the connection whose file numbers stand in the arguments: channel, unused memory, life line, memory limit."""
    channel_fd, _, life_fd, memory_mb = map(int, arguments)
    confine(memory_mb, life_fd)
    channel = Channel(socket.socket(fileno=channel_fd))
    try:
        while True:
            request, _ = channel.receive()
            channel.send(_look(Path(request["path"]), str(request["name"])))
    except (EOFError, ConnectionError):
        return 0


def _look(path: Path, name: str) -> dict[str, Any]:
    """The whole picture is decoded: one that is damaged further down is refused here and not when somebody opens it."""
    try:
        with open_stack(path, name=name, limits=_LIMITS) as stack:
            info = stack.info
            if info.frames != 1 or len(info.planes) != 1:
                hint = "Upload recordings on their own page; labels go with single pictures."
                return {
                    "kind": "refused",
                    "code": "not_a_picture",
                    "detail": f"{name} holds {info.frames} pictures, not one.",
                    "hint": hint,
                }
            small = Pillow.fromarray(stack.read(0, 0)).resize((9, 8), Pillow.Resampling.BOX)
        grey = np.asarray(small, np.int16)
        bits = "".join("1" if bit else "0" for bit in (grey[:, 1:] > grey[:, :-1]).ravel())
        return {"kind": "looked", "width": info.width_px, "height": info.height_px, "dhash": f"{int(bits, 2):016x}"}
    except StackError as problem:
        return {"kind": "refused", **problem.as_dict()}
    except MemoryError:
        return {"kind": "refused", "code": OUT_OF_MEMORY, "detail": f"{name} needs more memory than a decoder may take.", "hint": ""}
    except Exception as problem:
        return {"kind": "refused", "code": CRASHED, "detail": f"The decoder met an unforeseen {type(problem).__name__}.", "hint": ""}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
