"""Proves the sandbox when a worker starts, by trying to break it."""

from __future__ import annotations

import logging
import socket
import tempfile
from pathlib import Path

from backend.adaptation.learning import CommandFailed, CommandRefused, run_detector
from backend.admission.models import SandboxCheck
from backend.admission.services import note_sandbox

logger = logging.getLogger(__name__)


def prove_sandbox() -> SandboxCheck:
    """Run the self-test on this host and keep what it found; conversion is off where anything does not hold."""
    try:
        with tempfile.TemporaryDirectory(prefix="sandbox-") as folder:
            found = run_detector(["admit", "--self-test"], Path(folder), check=lambda: None, hear=lambda _: None)
    except (CommandFailed, CommandRefused, OSError) as problem:
        found = {"is_whole": False, "faults": [f"the self-test did not end: {problem}"], "landlock": 0}
    row = note_sandbox(host=socket.gethostname()[:255], found=found)
    if not row.is_whole:
        logger.warning("Checkpoints are not converted on this host: %s", "; ".join(row.faults))
    return row
