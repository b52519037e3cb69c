"""What a dry run says, for tests that need one and import nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backend.labels.formats.counting import Tally
from backend.labels.formats.mapping import WOW
from backend.labels.formats.reading import read
from backend.labels.reporting import Report
from tests.backend.labels.exports import written


def report_of(path: Path, *tasks: Any) -> dict[str, Any]:
    """The report on these tasks while none of them is here."""
    with read(written(path, *tasks)) as reading:
        tally = Tally()
        for one in reading:
            tally.add(one, WOW)
        return Report(reading).as_json(tally, [], 0)
