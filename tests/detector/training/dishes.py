"""A lab of rendered dishes, as a folder with truth.json."""

from __future__ import annotations

import json
from pathlib import Path

import cv2

from detector.evaluation.truth import rendered


def lab(folder: Path, *, train: int, dev: int = 0, test: int = 0, first_seed: int = 7_000_000, kind: str = "shifted") -> Path:
    """So many pictures of each split, every one a dish of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    splits = ["train"] * train + ["dev"] * dev + ["test"] * test
    entries = []
    for number, picture in enumerate(rendered(kind, len(splits), first_seed)):
        cv2.imwrite(str(folder / f"{number:03d}.png"), picture.image)
        wells = [
            {"row": None, "column": None, "box": [well.box.x0, well.box.y0, well.box.x1, well.box.y1], "content": well.content.value}
            for well in picture.wells
        ]
        entries.append(
            {
                "file": f"{number:03d}.png",
                "split": splits[number],
                "dish": f"dish {number}",
                "gas_outside_wells": picture.gas_outside_wells,
                "usable": bool(wells),
                "wells": wells,
            }
        )
    (folder / "truth.json").write_text(json.dumps(entries))
    return folder
