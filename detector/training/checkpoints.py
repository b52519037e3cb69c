"""What both nets' trainings share: averaged weights and checkpoints that are whole or not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def follow(average: Any, network: Any, keep: float) -> None:
    """Move `average` towards `network`; counters are copied."""
    with torch.no_grad():
        for mean, value in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.mul_(keep).add_(value, alpha=1 - keep)
            else:
                mean.copy_(value)


def save(content: Any, path: Path) -> None:
    """Write beside and move, so that a stop in between leaves the old file whole."""
    draft = path.with_suffix(".tmp")
    torch.save(content, draft)
    draft.replace(path)
