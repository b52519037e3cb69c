"""`make bench`: speed and memory, everything side by side in one run, as a table of figures beside their targets.

usage: python -m tests.bench [--frames 600] [--profile-frames 576] [--upload-gib 2] [--scrub-frames 600]
                             [--serving-frames 144] [--only finders|worker|profiles|serving|upload|archive|scrubbing]
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import archive, finders, profiles, recordings, scrubbing, serving, uploads, worker
from tests.bench.figures import Figure, table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=600, help="length of the small recording; the large one has a quarter")
    parser.add_argument("--profile-frames", type=int, default=576, help="length of the developing recording")
    parser.add_argument("--serving-frames", type=int, default=144, help="length of the two recordings that are read at once")
    parser.add_argument("--cache", type=Path, default=recordings.CACHE, help="where the developing recording is kept once it is rendered")
    parser.add_argument("--upload-gib", type=float, default=2.0)
    parser.add_argument("--only", choices=("finders", "worker", "profiles", "serving", "upload", "archive", "scrubbing"))
    parser.add_argument("--scrub-frames", type=int, default=600, help="length of the recording that is scrubbed in a browser")
    parser.add_argument("--archive-frames", type=int, default=archive.FRAMES, help="generated frames that are taken into an archive")
    parser.add_argument("--sample", type=Path, help="a folder of real pictures, for the archive's ratio on them")
    options = parser.parse_args()
    parts: dict[str, Callable[[Path], list[Figure]]] = {
        "finders": lambda folder: finders.measure(folder, frames=options.frames),
        "worker": lambda folder: worker.measure(folder, frames=options.frames),
        "profiles": lambda folder: profiles.measure(folder, frames=options.profile_frames, cache=options.cache),
        "serving": lambda folder: serving.measure(folder, frames=options.serving_frames, cache=options.cache),
        "upload": lambda folder: uploads.measure(folder, gib=options.upload_gib),
        "scrubbing": lambda folder: scrubbing.measure(folder, frames=options.scrub_frames),
        "archive": lambda folder: archive.measure(folder, frames=options.archive_frames, sample=options.sample),
    }
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}", flush=True)
    for name, measure in parts.items():
        if options.only in (None, name):
            with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
                print(table(name, measure(Path(folder))), flush=True)


if __name__ == "__main__":
    main()
