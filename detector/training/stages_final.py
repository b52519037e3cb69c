"""The one judgement of weights that a lab's labels made, on held-out pictures, beside other weights and a guess without looking."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from detector.loading import read_verified
from detector.training.stages_folders import Labelled, Say
from detector.training.stages_judging import agreement_of, difference3
from detector.training.stages_lab import HeldBack
from detector.training.stages_weights import served


def final(
    held_back: HeldBack, taught: Sequence[Labelled], folders: Mapping[str, Path], *, threads: int, say: Say
) -> dict[str, Any]:  # fmt: skip
    """Figures of each folder by its role, "candidate" first, and how much better the candidate is, on the same pictures."""
    phases, embryos = held_back.phases, held_back.embryos
    named: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    for number, (role, folder) in enumerate(folders.items()):
        say(json.dumps({"judged": number, "of": len(folders)}))
        named[role] = held_back.named(served(folder, threads=threads))
        names[role] = read_verified(folder)[0].name
    # The phase that is seen most, for every picture: what one reaches with neither a net nor a clock.
    named["baseline"] = [Counter(row.phase for row in taught).most_common(1)[0][0]] * len(phases)
    names["baseline"] = "most common phase"
    told = [
        {"role": role, "name": names[role], "phases": agreement_of(columns, phases, embryos).as_dict(), "wells": None}
        for role, columns in named.items()
    ]
    return {"main": "accuracy3", "contenders": told, "differences": _differences(named, phases, embryos), "renderings": []}


def contenders(candidate: Path, active: Path | None, start: Path | None) -> dict[str, Path]:
    """Who is judged, by role; weights that are both in use and gone on from are judged once."""
    others = {"active": active} | ({} if start and active and start.resolve() == active.resolve() else {"start": start})
    return {"candidate": candidate} | {role: folder for role, folder in others.items() if folder is not None}


def _differences(named: Mapping[str, list[int]], phases: Sequence[int], embryos: Sequence[str]) -> list[dict[str, Any]]:
    told = []
    for role, columns in named.items():
        if role != "candidate":
            value, low, high = difference3(named["candidate"], columns, phases, embryos)
            told.append({"against": role, "value": round(value, 4), "low": round(low, 4), "high": round(high, 4)})
    return told
