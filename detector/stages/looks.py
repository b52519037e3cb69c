"""What single frames tell about an embryo before anything is known of the frames around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from detector.types import STAGES, Coarse, Phase, Stage, Unphased

Values = npt.NDArray[np.float32]

AUXILIARY = ("cell_count", "compaction", "cavity", "empty", "unreadable", "fragmentation", "unevenness", "multinucleated")
"""The answers beside the stage, in the order the nets give them."""

_ORDER = tuple(Phase)
COARSE_OF: Mapping[Stage, Coarse] = {
    **dict.fromkeys(_ORDER[:3], Coarse.PRONUCLEAR),
    **dict.fromkeys(_ORDER[3:10], Coarse.CLEAVAGE),
    **dict.fromkeys(_ORDER[10:14], Coarse.BLASTULATION),
    **dict.fromkeys(_ORDER[14:], Coarse.EXPANSION),
    Unphased.EMPTY: Coarse.EMPTY,
    Unphased.NOT_SEEN: Coarse.NOT_SEEN,
    # A degenerate embryo has no phase, so a coarse one cannot be said either.
    Unphased.DEGENERATE: Coarse.NOT_SEEN,
}


@dataclass(frozen=True, slots=True)
class Looks:
    """One row a frame: log-probabilities (n, 19) in the order of STAGES, features (n, D), and auxiliary answers (n,)."""

    log_probabilities: Values
    features: Values
    cell_count: Values
    """Cells seen, not rounded; means little from compaction on."""
    compaction: Values
    """0 separate cells to 1 morula."""
    cavity: Values
    """Share of the embryo that its cavity takes, 0 to 1."""
    empty: Values
    unreadable: Values
    fragmentation: Values
    """Share of the embryo's volume in fragments, 0 to 1."""
    unevenness: Values
    """How much narrower the smallest cell is than the widest, 0 to 1, at two, four or eight cells."""
    multinucleated: Values

    def __len__(self) -> int:
        return len(self.log_probabilities)


def blended(looks: Sequence[Looks], shares: Sequence[float] | None = None) -> Looks:
    """What several pictures of the same embryos tell together, in equal shares or these: the geometric mean of what each says.

    On rendered lives three focal planes read so name 58 of 100 phases right, where the middle one alone names 54.
    """
    weights = np.full(len(looks), 1.0 / len(looks)) if shares is None else np.asarray(shares) / np.sum(shares)
    means = (sum(w * getattr(one, name) for w, one in zip(weights, looks, strict=True)) for name in Looks.__slots__)
    logs, *beside = (np.asarray(mean, np.float32) for mean in means)
    return Looks(logs - np.logaddexp.reduce(logs, axis=1, keepdims=True), *beside)


@runtime_checkable
class FrameStager(Protocol):
    """Names single frames; stateless, so the same crop always gets the same answer."""

    name: str
    weights_hash: str

    def look(self, crops: Values) -> Looks:
        """One row a crop, in the same order; `crops` is float32 (n, SIZE, SIZE) from crop_embryo, n may be 0."""
        ...

    def look_from_all_sides(self, crops: Values) -> Looks:
        """The same from eight turned and mirrored views of each crop, for single pictures that are worth the time."""
        ...


_KINDS = ((Coarse.PRONUCLEAR,), (Coarse.CLEAVAGE,), (Coarse.BLASTULATION, Coarse.EXPANSION), (Coarse.EMPTY,), (Coarse.NOT_SEEN,))


def most_likely(log_probabilities: Values) -> tuple[Stage, Coarse]:
    """The stage and coarse stage of one frame (19,), which never disagree.

    Blastulation and expansion, which only a blurred line divides, stand together against the others first. Degenerate is said only where it
    is likelier than everything else together: less than that is doubt about an embryo that has a phase.
    """
    probabilities = np.exp(log_probabilities.astype(np.float64))
    degenerate = STAGES.index(Unphased.DEGENERATE)
    if probabilities[degenerate] > 0.5:
        return Unphased.DEGENERATE, COARSE_OF[Unphased.DEGENERATE]
    probabilities[degenerate] = 0.0
    shares = {coarse: sum(float(p) for p, s in zip(probabilities, STAGES, strict=True) if COARSE_OF[s] is coarse) for coarse in Coarse}
    kind = max(_KINDS, key=lambda k: sum(shares[coarse] for coarse in k))
    coarse = max(kind, key=lambda c: shares[c])
    best = max((k for k, s in enumerate(STAGES) if COARSE_OF[s] is coarse), key=lambda k: probabilities[k])
    return STAGES[best], coarse
