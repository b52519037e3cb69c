"""How long an export of a gigabyte takes to be read, and in what memory: `python -m tests.bench.reading_labels [megabytes]`."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from backend.labels.formats.counting import Tally
from backend.labels.formats.mapping import WOW
from backend.labels.formats.reading import read
from tests.backend.labels.exports import dish


def main(megabytes: int) -> None:
    one = json.dumps(dish([("E",), (), ("E", "B"), ("B",), ("E",), ("E",), (), ("E",), ("E",)]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "export.json")
        with path.open("w") as file:
            file.write("[" + one)
            for number in range(2, megabytes * 1024**2 // len(one)):
                file.write("," + one.replace('"id": 1,', f'"id": {number},', 1))
            file.write("]")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, used = time.monotonic(), time.process_time()
        tally = Tally()
        with read(path) as reading:
            for task in reading:
                tally.add(task, WOW)
        told = {
            "megabytes": round(path.stat().st_size / 1024**2),
            "tasks": tally.tasks,
            "regions": tally.regions,
            "seconds": round(time.monotonic() - began, 1),
            "processor_seconds": round(time.process_time() - used, 1),
            "memory_grew_mib": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1),
        }
    print(json.dumps(told))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1024)
