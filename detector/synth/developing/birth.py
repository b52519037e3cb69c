"""live(): draws an embryo's traits, its timetable and what goes wrong, and makes one life of them."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from detector.synth.developing.happenings import USUAL_RATES, Happening, LifeSettings
from detector.synth.developing.life import Life
from detector.synth.developing.lineage import Division, Lineage, Points, grow_tree
from detector.synth.developing.moment import Fragments, Traits
from detector.synth.developing.timings import Course, draw_onsets
from detector.types import Phase

_COUNTED = {2: Phase.T2, 3: Phase.T3, 4: Phase.T4, 5: Phase.T5, 6: Phase.T6, 7: Phase.T7, 8: Phase.T8, 9: Phase.T9_PLUS}
_UNEVEN_SHARE = (0.21, 0.3)
"""A cell with 71 to 80 % of the volume is at least 25 % wider than its sister."""
_FUSING_ROOM_H = 4.8


def live(seed: int, settings: LifeSettings | None = None) -> Life:
    """The life of `seed`: the same seed and settings always give the same life."""
    chosen = settings or LifeSettings()
    rng = np.random.default_rng([seed, 81])
    plan = {kind: chosen.happens(rng, kind) for kind in USUAL_RATES}
    chaotic = plan["chaotic_division"]
    plan["direct_cleavage_1_3"] &= not chaotic
    plan["direct_cleavage_2_5"] &= not (chaotic or plan["direct_cleavage_1_3"])
    course = Course(plan["direct_cleavage_1_3"], plan["direct_cleavage_2_5"], chaotic, plan["early_compaction"])
    onsets = draw_onsets(rng, course)
    found: list[Happening] = []
    compacting = _compacting(rng, onsets, found, is_early=plan["early_compaction"])
    stopped = _arrest(rng, onsets, found, chosen.last_hpi, plan)
    tree = _tree(rng, onsets, found, plan, stopped)
    _count(tree, onsets)
    onsets = {p: h for p, h in onsets.items() if h <= chosen.last_hpi}
    fragmentation = _share_of_fragments(rng, onsets, found, chosen.last_hpi, certain=plan["fragmentation"])
    pronuclei = _early_faults(rng, onsets, found, plan)
    _collapses(rng, onsets, found, chosen.last_hpi, stopped, certain=plan["collapse"])
    _around(rng, found, chosen.last_hpi, plan)
    traits = _traits(rng)
    lineage = Lineage(tree, 1.02 + traits.zona_gap, int(rng.integers(2**31)), float(rng.uniform(0.62, 0.82)))
    turn = _lying(rng)
    sway = (*rng.uniform(0.0, [0.7, 6.28, 1.0, 6.28]), *rng.normal(0, 4.0, 2))
    return Life(
        seed, dict(sorted(onsets.items(), key=lambda item: list(Phase).index(item[0]))), tuple(sorted(found, key=lambda h: h.first_hpi)),
        traits, lineage, pronuclei, fragmentation, _fragments(rng, fragmentation), compacting, stopped, chosen.last_hpi, turn,
        tuple(float(s) for s in sway),
    )  # fmt: skip


def _compacting(rng: np.random.Generator, onsets: dict[Phase, float], found: list[Happening], *, is_early: bool) -> tuple[float, float]:
    """Hours at which compaction begins and is complete."""
    done, eight = onsets[Phase.TM], onsets[Phase.T8]
    room = eight - onsets[Phase.T4]
    if is_early and room > 0.5:
        begins = onsets[Phase.T4] + room * float(rng.uniform(0.3, 0.95))
        found.append(Happening("early_compaction", begins, done, "cells flatten against one another before there are eight"))
        return begins, done
    return max(eight + 0.5, done - float(rng.uniform(6.0, 22.0))), done


def _arrest(rng: np.random.Generator, onsets: dict[Phase, float], found: list[Happening], last: float, plan: dict[str, bool]) -> float:
    """Cut the timetable where development stops, and return that hour."""
    if not (plan["arrest"] or plan["degeneration"]):
        return math.inf
    able = [p for p in list(Phase)[3:14] if onsets[p] + 24.5 < last - (20.0 if plan["degeneration"] else 0.0)]
    if not able:
        return math.inf
    phase = able[int(rng.integers(len(able)))]
    following = min((h for h in onsets.values() if h > onsets[phase]), default=last)
    stopped = onsets[phase] + float(rng.uniform(0.1, 0.9)) * (following - onsets[phase])
    for other in [p for p, h in onsets.items() if h > stopped]:
        del onsets[other]
    reached = max(onsets.items(), key=lambda item: item[1])
    found.append(Happening("arrest", reached[1], last, f"no phase follows {reached[0].value}"))
    if plan["degeneration"]:
        found.append(Happening("degeneration", float(rng.uniform(reached[1] + 24.0, last - 8.0)), last, "the embryo is dying"))
    return stopped


def _tree(
    rng: np.random.Generator, onsets: dict[Phase, float], found: list[Happening], plan: dict[str, bool], stopped: float
) -> tuple[Division, ...]:
    hours = [onsets[p] for p in _COUNTED.values() if p in onsets]
    waves: list[tuple[float, int]] = []
    if Phase.T9_PLUS in onsets:
        full = onsets.get(Phase.TM, onsets[Phase.T9_PLUS] + 15.0)
        more = np.sort(np.concatenate([rng.uniform(hours[-1] + 0.2, full, int(rng.integers(4, 8))), rng.uniform(full, full + 9.0, 3)]))
        waves = [(float(h), int(rng.integers(3, 6))) for h in more if h < stopped]
    uneven_at = 0
    if plan["uneven_cells"] and Phase.T2 in onsets:
        uneven_at = 2 if rng.random() < 0.7 or Phase.T4 not in onsets else 3
        begins = onsets[Phase.T2 if uneven_at == 2 else Phase.T3]
        ends = next((h for h in hours if h > begins + 0.3), begins + 10.0)
        found.append(Happening("uneven_cells", begins, ends, "one cell is at least 25 % wider than its sister"))
    fusing = _fusing(rng, hours) if plan["reverse_cleavage"] else None
    if fusing is not None:
        found.append(
            Happening("reverse_cleavage", fusing - 0.6, next((h for h in hours if h > fusing), fusing + 6.0), "two cells become one")
        )
    roughness = 0.12 if plan["chaotic_division"] else 0.025
    if plan["chaotic_division"] and Phase.T2 in onsets:
        found.append(Happening("chaotic_division", onsets[Phase.T2], onsets[Phase.T2] + 3.0, "one cell falls into several of any size"))
    for kind, first, then in (("direct_cleavage_1_3", Phase.T2, Phase.T3), ("direct_cleavage_2_5", Phase.T3, Phase.T5)):
        if plan[kind] and then in onsets:
            found.append(
                Happening(kind, onsets[first], onsets[then], f"{onsets[then] - onsets[first]:.1f} h from {first.value} to {then.value}")
            )
    return grow_tree(
        rng, hours, waves=waves, uneven=float(rng.uniform(*_UNEVEN_SHARE)), uneven_at=uneven_at, fusing=fusing, roughness=roughness
    )


def _fusing(rng: np.random.Generator, hours: list[float]) -> float | None:
    """An hour at which two sisters can become one and stay it for a while."""
    gaps = [(a, b) for a, b in pairwise(hours[1:]) if b - a > _FUSING_ROOM_H]
    if not gaps:
        return None
    a, b = gaps[int(rng.integers(len(gaps)))]
    return float(rng.uniform(a + 1.2, b - 3.3))


def _count(tree: tuple[Division, ...], onsets: dict[Phase, float]) -> None:
    """Cell phases begin when that many cells are first there; a count that fell delays those that follow."""
    cells, most = 1, 1
    for phase in _COUNTED.values():
        onsets.pop(phase, None)
    for division in tree:
        cells += len(division.daughters) - len(division.parents)
        for reached in range(most + 1, cells + 1):
            if reached in _COUNTED:
                onsets[_COUNTED[reached]] = division.hours
        most = max(most, cells)


def _share_of_fragments(
    rng: np.random.Generator, onsets: dict[Phase, float], found: list[Happening], last: float, *, certain: bool
) -> float:
    share = float(np.clip(0.11 + rng.exponential(0.1), 0.11, 0.5)) if certain else float(rng.uniform(0.0, 0.07))
    if certain and Phase.T2 in onsets:
        degree = "severe" if share > 0.25 else "mild"
        found.append(Happening("fragmentation", onsets[Phase.T2], onsets.get(Phase.TM, last), f"{degree}, {share:.0%}"))
    return share


def _early_faults(rng: np.random.Generator, onsets: dict[Phase, float], found: list[Happening], plan: dict[str, bool]) -> int:
    """How many pronuclei there are; also notes cells with several nuclei."""
    if plan["multinucleation"] and Phase.T2 in onsets:
        ends = onsets.get(Phase.T5, onsets[Phase.T2] + 18.0)
        found.append(Happening("multinucleation", onsets[Phase.T2], ends, "a cell has three nuclei or more"))
    if not plan["abnormal_pronuclei"]:
        return 2
    pronuclei = 1 if rng.random() < 0.5 else 3
    found.append(Happening("abnormal_pronuclei", onsets[Phase.TPNA], onsets[Phase.TPNF], f"{pronuclei} pronuclei"))
    return pronuclei


def _collapses(
    rng: np.random.Generator, onsets: dict[Phase, float], found: list[Happening], last: float, stopped: float, *, certain: bool
) -> None:
    if not certain or Phase.TB not in onsets or onsets[Phase.TB] + 1.5 > min(last, stopped):
        return
    latest = min(onsets.get(Phase.THB, last) + 2.0, last - 0.5)
    begins = float(rng.uniform(onsets[Phase.TB] + 0.5, max(latest, onsets[Phase.TB] + 1.0)))
    lowest = begins + float(rng.uniform(0.25, 0.8))
    found.append(Happening("collapse", begins, lowest, "more than half of the volume is lost"))
    found.append(Happening("reexpansion", lowest, lowest + float(rng.uniform(2.0, 7.0)), "the blastocyst fills again"))


def _around(rng: np.random.Generator, found: list[Happening], last: float, plan: dict[str, bool]) -> None:
    """What happens to the well rather than to the embryo."""
    if plan["gas_bubble"]:
        found.append(Happening("gas_bubble", 0.0, float(rng.uniform(3.0, 24.0)), "a bubble lies in the well"))
    if plan["out_of_focus"]:
        begins = float(rng.uniform(8.0, last - 10.0))
        found.append(Happening("out_of_focus", begins, begins + float(rng.uniform(0.5, 4.0)), "the focus is lost"))
    if plan["well_emptied"]:
        day3 = rng.random() < 0.3
        found.append(
            Happening(
                "well_emptied", float(rng.uniform(64.0, 76.0) if day3 else rng.uniform(108.0, last - 4.0)), last, "the embryo was taken out"
            )
        )


def _lying(rng: np.random.Generator) -> Points:
    """Any rotation about the line of sight, with some tilt: cells lie beside one another more often than one above the other."""
    about, tilt = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.45)
    cos, sin = np.cos(tilt), np.sin(tilt)
    spun = np.array([[np.cos(about), -np.sin(about), 0.0], [np.sin(about), np.cos(about), 0.0], [0.0, 0.0, 1.0]])
    return np.asarray(np.array([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]]) @ spun)


def _traits(rng: np.random.Generator) -> Traits:
    return Traits(
        radius_um=float(np.clip(rng.normal(55.0, 3.0), 46.0, 64.0)),
        zona_gap=float(rng.uniform(0.03, 0.16)),
        zona_um=float(np.clip(rng.normal(16.0, 2.5), 10.0, 23.0)),
        zona_oval=float(rng.uniform(0.0, 0.07) if rng.random() < 0.85 else rng.uniform(0.07, 0.16)),
        body_oval=float(rng.normal(0.0, 0.035)),
        granules=float(rng.uniform(0.1, 1.0)),
        droplets=int(rng.integers(1, 7) if rng.random() < 0.45 else 0),
        lumpiness=float(rng.uniform(0.6, 2.6)),
        gap_um=float(rng.uniform(0.3, 1.5)),
        smoothness=float(rng.random() ** 0.6),
        mural_cells=int(rng.integers(18, 64)),
        rounded_cells=int(rng.integers(0, 14)),
        patchiness=float(rng.uniform(0.15, 0.55)),
        inner_mass=float(rng.uniform(0.3, 0.62)),
        debris=int(rng.integers(3, 50) if rng.random() < 0.5 else rng.integers(0, 4)),
        seed=int(rng.integers(2**31)),
    )


def _fragments(rng: np.random.Generator, share: float) -> Fragments:
    """Pieces that together hold `share` of the egg's volume, most of them in the gap under the zona or between cells."""
    radii: list[float] = []
    left = share
    while left > 1e-3 and len(radii) < 34:
        radius = float(np.clip(rng.lognormal(np.log(0.12), 0.45), 0.045, 0.33))
        radii.append(radius)
        left -= radius**3 * 2.2
    away: Points = rng.normal(size=(len(radii), 3))
    # Fragments gather on one side of the embryo rather than evenly all round.
    away += rng.normal(size=3) * rng.uniform(0.0, 1.4)
    away /= np.linalg.norm(away, axis=1, keepdims=True) + 1e-9
    return Fragments(away * rng.uniform(0.62, 1.06, (len(radii), 1)), np.array(radii))
