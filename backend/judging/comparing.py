"""Where two readings of the same recordings disagree: wells, hours of onset and stages, one recording at a time and in sum."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from backend.analysis.aside import Embryo, Seen
from backend.analysis.compact import coarse_of

PHASES = ("tPB2", "tPNa", "tPNf", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9+", "tM", "tSB", "tB", "tEB", "tHB")
Result = dict[str, Any]


def compared(before: Seen, after: Seen) -> Result:
    """One recording: `before` by the weights in use, `after` by the shadow; every single difference with its place."""
    return {"layouts": [before.layout, after.layout], "wells": _wells(before, after), "embryos": _embryos(before, after)}


def summed(results: Iterable[Mapping[str, Any]]) -> Result:
    """Any number of recordings: counts, and by phase how far apart onsets lie in hours."""
    totals: Counter[str] = Counter()
    changes: Counter[tuple[str | None, str | None]] = Counter()
    hours: dict[str, list[float]] = defaultdict(list)
    only: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for result in results:
        wells, embryos = result["wells"], result["embryos"]
        totals.update(runs=1, other_layout=int(result["layouts"][0] != result["layouts"][1]))
        totals.update({name: wells[name] for name in ("both", "same", "only_before", "only_after")})
        totals.update({name: embryos[name] for name in ("frames", "same_stage", "same_coarse")})
        changes.update((one["before"], one["after"]) for one in wells["differences"])
        for one in embryos["onsets"]:
            if one["difference_h"] is not None:
                hours[one["phase"]].append(one["difference_h"])
            elif one["before"] is None or one["after"] is None:
                only[one["phase"]][0 if one["after"] is None else 1] += 1
    return {
        "runs": totals["runs"],
        "other_layout": totals["other_layout"],
        "wells": {
            **{name: totals[name] for name in ("both", "same", "only_before", "only_after")},
            "agreement": _share(totals["same"], totals["both"]),
            "changes": [{"before": was, "after": is_now, "count": count} for (was, is_now), count in changes.most_common()],
        },
        "onsets": [_phase(phase, hours[phase], only[phase]) for phase in PHASES if hours[phase] or any(only[phase])],
        "stages": {
            "frames": totals["frames"],
            "agreement": _share(totals["same_stage"], totals["frames"]),
            "coarse_agreement": _share(totals["same_coarse"], totals["frames"]),
        },
    }


def without(result: Mapping[str, Any], hidden: Any) -> Result:
    """The same for somebody who must not see some places yet."""
    wells, embryos = result["wells"], result["embryos"]
    return {
        **result,
        "wells": {**wells, "differences": [one for one in wells["differences"] if one["place"] not in hidden]},
        "embryos": {
            **embryos,
            "onsets": [one for one in embryos["onsets"] if one["place"] not in hidden],
            "places": [one for one in embryos["places"] if one["place"] not in hidden],
        },
    }


def _wells(before: Seen, after: Seen) -> Result:
    both = before.contents.keys() & after.contents.keys()
    places = sorted(before.contents.keys() | after.contents.keys(), key=_order)
    pairs = [(place, before.contents.get(place), after.contents.get(place)) for place in places]
    return {
        "both": len(both),
        "same": sum(before.contents[place] == after.contents[place] for place in both),
        "only_before": len(before.contents.keys() - both),
        "only_after": len(after.contents.keys() - both),
        "differences": [{"place": place, "before": was, "after": is_now} for place, was, is_now in pairs if was != is_now],
    }


def _embryos(before: Seen, after: Seen) -> Result:
    places = sorted(before.embryos.keys() & after.embryos.keys(), key=_order)
    agreed = [{"place": place, **_agreement(before.embryos[place], after.embryos[place])} for place in places]
    return {
        "frames": sum(one["frames"] for one in agreed),
        "same_stage": sum(one["same_stage"] for one in agreed),
        "same_coarse": sum(one["same_coarse"] for one in agreed),
        "places": agreed,
        "onsets": [one for place in places for one in _onsets(place, before.embryos[place], after.embryos[place])],
    }


def _agreement(before: Embryo, after: Embryo) -> dict[str, int]:
    """Over frames that both named."""
    named = {frame: stage for first, last, stage in before.stages for frame in range(first, last + 1)}
    pairs = [(named[frame], stage) for first, last, stage in after.stages for frame in range(first, last + 1) if frame in named]
    coarse = sum(coarse_of(was) == coarse_of(is_now) for was, is_now in pairs)
    return {"frames": len(pairs), "same_stage": sum(was == is_now for was, is_now in pairs), "same_coarse": coarse}


def _onsets(place: str, before: Embryo, after: Embryo) -> list[dict[str, Any]]:
    """Every phase that either saw begin; hours where the recording has them."""
    found = []
    for phase in PHASES:
        was, is_now = before.onsets.get(phase), after.onsets.get(phase)
        if was is None and is_now is None:
            continue
        hours = [one["hours"] if one else None for one in (was, is_now)]
        difference = round(hours[1] - hours[0], 3) if hours[0] is not None and hours[1] is not None else None
        frames = is_now["frame"] - was["frame"] if was and is_now else None
        found.append(
            {"place": place, "phase": phase, "before": was, "after": is_now, "difference_h": difference, "difference_frames": frames}
        )
    return found


def _phase(phase: str, hours: list[float], only: list[int]) -> dict[str, Any]:
    return {
        "phase": phase,
        "embryos": len(hours),
        "mean_h": round(sum(hours) / len(hours), 3) if hours else None,
        "median_apart_h": round(median(abs(value) for value in hours), 3) if hours else None,
        "most_apart_h": round(max(abs(value) for value in hours), 3) if hours else None,
        "only_before": only[0],
        "only_after": only[1],
    }


def _order(place: str) -> tuple[str, int]:
    return place[:1], int(place[1:]) if place[1:].isdigit() else 0


def _share(part: int, of: int) -> float | None:
    return round(part / of, 4) if of else None
