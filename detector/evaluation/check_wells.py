"""Finders side by side on the check set and a lab's own dishes: figures, honesty, and every well on which they differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from detector.evaluation.check_calibration import Honesty
from detector.evaluation.check_differences import Differences
from detector.evaluation.check_gain import Gains
from detector.evaluation.check_set import CONTENTS, LABELS, Shown
from detector.evaluation.scoring import Said, Tally, match
from detector.protocols import WellFinder
from detector.training.stages_folders import Say
from detector.types import Box, Candidate, Sighting

FIGURES = ("pictures", "wells", "recall", "false_alarms", "ap50", "ap50_95", "iou", "content", "content_macro_f1", "gas_outside")
Pairs = list[Candidate | None]
"""What was said of each true well, in their order."""


class Contender:
    """One finder and all that is counted of it."""

    def __init__(self, finder: WellFinder) -> None:
        self.finder = finder
        self._tallies: dict[str, Tally] = {}
        self._honesty: dict[str, Honesty] = {}

    def look(self, shown: Shown) -> tuple[Pairs, list[Candidate]]:
        """What it says of each true well, and what it invented."""
        sighting = self.finder.find([shown.picture.image])[0]
        for name in (shown.set, "all"):
            self._tallies.setdefault(name, Tally()).add_sighting(shown.picture, sighting)
        pairs, invented = _paired(shown, sighting)
        honesty = self._honesty.setdefault("labels" if shown.set == LABELS else "renderings", Honesty())
        for well, one in zip(shown.picture.wells, pairs, strict=True):
            if one is not None and one.content_probabilities and well.is_content_sure:
                shares = [float(one.content_probabilities.get(content, 0.0)) for content in CONTENTS]
                honesty.add(shares, CONTENTS.index(well.content))
        return pairs, invented

    def figures(self) -> dict[str, Any]:
        sets = {name: {key: figures[key] for key in FIGURES} for name, tally in self._tallies.items() for figures in [tally.figures()]}
        return {"sets": sets, "calibration": {name: honesty.figures() for name, honesty in self._honesty.items()}}


def side_by_side(
    contenders: Mapping[str, Contender], pictures: Iterable[Shown], differences: Differences, *, say: Say, of: int
) -> list[dict[str, Any]]:
    """Every picture is read once and shown to all; differences are those from "before" where it is there, else from the truth.

    Answers how much more often "after" names a well right than "before", a set each; a well that is not found is not named right.
    """
    gains = Gains()
    for number, shown in enumerate(pictures, start=1):
        seen = {role: contender.look(shown) for role, contender in contenders.items()}
        after, invented = seen["after"]
        before, invented_before = seen.get("before", ([None] * len(after), []))
        for place, well, old, new in zip(shown.places, shown.picture.wells, before, after, strict=True):
            told, was = _content(new), _content(old) if "before" in seen else well.content.value
            if told != was:
                about = {"set": shown.set, "picture": shown.picture.name, "place": place, "truth": well.content.value}
                differences.add(shown.picture.image, well.box, **about, before=_content(old), after=told)
        if "before" in seen:
            sure = [place for place, well in enumerate(shown.picture.wells) if well.is_content_sure]
            right = {
                role: sum(_content(pairs[place]) == shown.picture.wells[place].content.value for place in sure)
                for role, (pairs, _) in seen.items()
            }
            for name in (shown.set, "all"):
                gains.add(name, before=right["before"], after=right["after"], answers=len(sure))
        for old_box, new_box in _unlike(invented_before, invented):
            box = (new_box or old_box).box  # type: ignore[union-attr]
            about = {"set": shown.set, "picture": shown.picture.name, "place": ""}
            differences.add(shown.picture.image, box, **about, truth=None, before=_content(old_box), after=_content(new_box))
        say(json.dumps({"done": number, "of": of}))
    return gains.told()


def _content(one: Candidate | None) -> str | None:
    return one.content.value if one is not None else None


def _paired(shown: Shown, sighting: Sighting) -> tuple[Pairs, list[Candidate]]:
    """As `Tally` pairs them: the surest first, each used once; what lies in ignored places is no invention."""
    judged = [one for one in sighting.candidates if not _is_ignored(one.box, shown.picture.ignored)]
    said = [Said(one.box, one.content, one.confidence, None) for one in judged]
    found = {id(well): told for well, told in match(shown.picture.wells, said, 0.5)}
    of = {id(told): one for told, one in zip(said, judged, strict=True)}
    used = {id(told) for told in found.values()}
    pairs = [of[id(found[id(well)])] if id(well) in found else None for well in shown.picture.wells]
    return pairs, [one for told, one in zip(said, judged, strict=True) if id(told) not in used]


def _unlike(before: Sequence[Candidate], after: Sequence[Candidate]) -> list[tuple[Candidate | None, Candidate | None]]:
    """Inventions that only one of two has; one that both have is no difference."""
    left = list(before)
    only: list[tuple[Candidate | None, Candidate | None]] = []
    for one in after:
        same = next((other for other in left if other.box.iou(one.box) >= 0.5), None)
        if same is None:
            only.append((None, one))
        else:
            left.remove(same)
    return only + [(other, None) for other in left]


def _is_ignored(box: Box, ignored: Sequence[Box]) -> bool:
    x, y = box.centre
    return any(one.x0 <= x <= one.x1 and one.y0 <= y <= one.y1 for one in ignored)
