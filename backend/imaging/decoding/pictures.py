"""Looks at many single pictures of one lab in one child process; begins another where a picture has ended it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from backend.imaging.decoding.process import shared_memory, start
from backend.imaging.decoding.refusal import CRASHED, TIMEOUT, DecodingRefused
from backend.imaging.decoding.wire import Channel

MODULE = "backend.imaging.decoding.looking"


@dataclass(frozen=True, slots=True)
class Looked:
    """A picture's size, and sixty-four bits that are near for pictures that look alike."""

    width: int
    height: int
    dhash: str


class PictureLooker:
    """Raises DecodingRefused with the reason for what is no whole picture; serves one lab and dies with its worker."""

    def __init__(self, *, timeout_s: float = 10, memory_mb: int = 2048) -> None:
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._child: tuple[subprocess.Popen[bytes], Channel, int, int] | None = None

    def look(self, path: Path, *, name: str) -> Looked:
        """Decode the picture once."""
        channel = self._channel()
        try:
            channel.send({"path": str(path.absolute()), "name": name})
            message, _ = channel.receive(self._timeout_s)
        except TimeoutError:
            self.close()
            raise DecodingRefused(TIMEOUT, f"The decoder did not answer within {self._timeout_s:g} seconds.") from None
        except (EOFError, OSError, ValueError):
            self.close()
            raise DecodingRefused(CRASHED, "The decoder ended while it read the picture.") from None
        if message.get("kind") != "looked":
            raise DecodingRefused(*(str(message.get(key, ""))[:2000] for key in ("code", "detail", "hint")))
        return Looked(int(message["width"]), int(message["height"]), str(message["dhash"])[:16])

    def close(self) -> None:
        """End the process at once."""
        if self._child is None:
            return
        process, channel, life_fd, memory_fd = self._child
        self._child = None
        channel.close()
        os.close(life_fd)
        os.close(memory_fd)
        process.kill()
        process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _channel(self) -> Channel:
        if self._child is None:
            memory_fd = shared_memory()
            try:
                process, channel, life_fd = start(memory_fd, self._memory_mb, MODULE)
            except BaseException:
                os.close(memory_fd)
                raise
            self._child = (process, channel, life_fd, memory_fd)
        return self._child[1]
