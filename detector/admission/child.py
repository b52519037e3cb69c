"""The process inside: it binds itself first, then does one job, and answers with one line of JSON."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from detector.admission import confining
from detector.admission.refusals import refused
from detector.errors import DetectorError

JOBS = {
    "probe": "detector.admission.probing:probe",
    "spin": "detector.admission.probing:spin",
    "read": "detector.admission.reading:read_in",
    "trial": "detector.admission.trial:try_out",
}


def main(told: dict[str, Any]) -> int:
    """Exit status 0 with an answer, 2 with a refusal."""
    confining.die_with(int(told["parent"]))
    scratch = Path(told["scratch"])
    confining.limit()
    landlock = 0
    if told["confined"]:
        try:
            landlock = confining.confine(scratch)
        except OSError as reason:
            return _refuse(refused("conversion_off", f"This server has no sandbox: {reason}"))
    os.chdir(scratch)
    try:
        module, _, name = JOBS[told["job"]].partition(":")
        answer = getattr(import_module(module), name)(told | {"landlock": landlock})
    except DetectorError as reason:
        return _refuse(reason)
    except MemoryError:
        return _refuse(refused("memory_exceeded", "Reading it asked for more than 2 GiB of memory."))
    except RecursionError:
        return _refuse(refused("nested_too_deep", "Its parts lie in one another without end."))
    except PermissionError as reason:
        return _refuse(refused("forbidden_attempt", f"Reading it tried what is forbidden: {reason}"))
    print(json.dumps(answer), flush=True)  # noqa: T201
    return 0


def _refuse(reason: DetectorError) -> int:
    print(json.dumps(reason.as_dict() | {"found": getattr(reason, "found", None)}), flush=True)  # noqa: T201
    return 2


if __name__ == "__main__":
    status = main(json.loads(sys.argv[1]))
    sys.stdout.flush()
    # Without the end of libraries' threads, which may hang where calls are refused.
    os._exit(status)
