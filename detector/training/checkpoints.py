"""What the nets' trainings share: averaged weights and checkpoints that are whole or not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from detector.training.watching import Watch

Say = Callable[[str], None]
FILE = "checkpoint.pt"


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


def kept(folder: Path, recipe: Any, watch: Watch) -> dict[str, Any] | None:
    """The checkpoint in `folder` that a training by this recipe under this watch goes on from."""
    if not (folder / FILE).exists():
        return None
    saved: dict[str, Any] = torch.load(folder / FILE, weights_only=True, map_location="cpu")
    is_the_same = saved["recipe"] == asdict(recipe) and "watch" in saved
    return saved if is_the_same and ("before" in saved["watch"]) == (watch.before is not None) else None


def has_chosen(folder: Path, recipe: Any, watch: Watch, say: Say) -> bool:
    """Whether the training in `folder` learns once more already; `watch` then knows how it chose."""
    saved = kept(folder, recipe, watch.once_more())
    if saved is not None:
        watch.go_on(saved["watch"]["before"], say)
    return saved is not None
