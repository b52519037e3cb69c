"""What the words of a lab's labels mean here: chosen on a screen, begun from a preset, kept with each import."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.labels.formats.values import Unreadable

CONTENTS = ("empty", "embryo", "gas", "embryo_gas")
PHASES = ("tPB2", "tPNa", "tPNf", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9+", "tM", "tSB", "tB", "tEB", "tHB")
COARSE = ("1", "2", "3", "4")
"""The four phases of the public set of single wells."""
MEANINGS = (
    "well",
    *(f"content.{content}" for content in CONTENTS),
    "picture.no_wells",
    "picture.gas_outside",
    *(f"phase.{phase}" for phase in (*PHASES, *COARSE)),
    "ignored",
)
"""Everything a word can mean; one without a meaning is kept and goes out again, but says nothing here."""
_MOST_WORDS = 5_000
_ALIASES = {
    "tpnb": "tPNf",
    "tpn": "tPNa",
    "pn": "tPNa",
    "pnf": "tPNf",
    "pb2": "tPB2",
    "t9": "t9+",
    "morula": "tM",
    "tblast": "tB",
    "blastocyst": "tB",
    "hatching": "tHB",
    "морула": "tM",
    "бластоциста": "tB",
    "вылупление": "tHB",
}
_COARSE_WORD = re.compile(r"^(?:phase|stage|class|фаза|стадия)?[\s_.-]*([1-4])$", re.IGNORECASE)
_WELL_WORDS = {"well", "wells", "лунка", "лунки", "микролунка", "microwell"}
_CONTENT_WORDS = {
    "content.empty": {"empty", "empty well", "пусто", "пустая", "пустая лунка"},
    "content.embryo": {"embryo", "эмбрион"},
    "content.gas": {"gas", "bubble", "gas bubble", "пузырь", "газ", "пузырек", "пузырёк"},
    "content.embryo_gas": {"embryo with gas", "embryo and gas", "embryo_gas", "эмбрион с пузырем", "эмбрион с пузырём", "эмбрион и газ"},
    "picture.no_wells": {"no wells", "нет лунок"},
    "picture.gas_outside": {"gas outside", "gas outside wells", "газ вне лунок"},
}


@dataclass(frozen=True, slots=True)
class LabelMapping:
    """Words to meanings, compared without regard to case; `wells_without_label` takes every bare box, ellipse or point for a well."""

    words: Mapping[str, str] = field(default_factory=dict)
    wells_without_label: bool = False

    def meaning(self, word: str) -> str | None:
        return self.words.get(_folded(word))

    @property
    def speaks_of_wells(self) -> bool:
        return self.wells_without_label or any(m == "well" or m.startswith(("content.", "picture.")) for m in self.words.values())

    @property
    def speaks_of_phases(self) -> bool:
        return any(meaning.startswith("phase.") for meaning in self.words.values())

    def as_json(self) -> dict[str, Any]:
        return {"words": dict(self.words), "wells_without_label": self.wells_without_label}

    @classmethod
    def of_json(cls, value: Any) -> LabelMapping:
        """Read what a screen sent; raises Unreadable with the word at fault."""
        if not isinstance(value, dict) or not isinstance(value.get("words", {}), dict):
            raise Unreadable("bad_mapping", "The mapping is no object of words and their meanings.", "Choose a meaning for each word.")
        words = value.get("words", {})
        if len(words) > _MOST_WORDS:
            raise Unreadable("bad_mapping", f"The mapping has more than {_MOST_WORDS} words.", "Map only words that mean something here.")
        for word, meaning in words.items():
            if meaning not in MEANINGS:
                detail = f"The word {str(word)[:60]!r} is mapped to {str(meaning)[:60]!r}, which is no meaning."
                raise Unreadable("bad_mapping", detail, f"Choose one of {', '.join(MEANINGS[:8])} or a phase.")
        folded = {_folded(word): meaning for word, meaning in words.items()}
        return cls(folded, value.get("wells_without_label") is True)


WOW = LabelMapping(
    {"well": "well", "e": "content.embryo", "b": "content.gas", "z": "picture.no_wells", "u": "picture.gas_outside"},
    wells_without_label=True,
)
"""The lab's own convention: per well a shape and, with the same region id, E or B or both or nothing."""
_PHASE_WORDS = {
    **{phase.lower(): f"phase.{phase}" for phase in PHASES},
    **{alias: f"phase.{phase}" for alias, phase in _ALIASES.items()},
}
PRESETS: dict[str, LabelMapping] = {
    "wow": WOW,
    "phases": LabelMapping({**_PHASE_WORDS, **{f"{lead}{n}": f"phase.{n}" for lead in ("", "phase ", "phase", "phase_") for n in COARSE}}),
    "none": LabelMapping(),
}


def preset(name: str) -> LabelMapping:
    """The mapping that a preset begins with; raises Unreadable for one that is not known."""
    if name not in PRESETS:
        raise Unreadable("unknown_preset", f"There is no preset {name[:40]!r}.", f"Use one of {', '.join(PRESETS)}.")
    return PRESETS[name]


def guessed(words: Iterable[str], aliases: Mapping[str, str] | None = None) -> LabelMapping:
    """Meanings of words that can hardly mean anything else; single letters only in the company that the lab's convention gives them.

    An alias means what the label it stands for means.
    """
    listed = {_folded(word) for word in words}
    values = {_folded(alias): _folded(value) for alias, value in (aliases or {}).items()}
    meanings: dict[str, str] = {}
    for written in listed:
        word = values.get(written, written)
        meaning = _PHASE_WORDS.get(word) or ("well" if word in _WELL_WORDS else None)
        meaning = meaning or next((name for name, known in _CONTENT_WORDS.items() if word in known), None)
        coarse = _COARSE_WORD.match(word)
        if meaning is None and coarse is not None and len(word) > 1:
            meaning = f"phase.{coarse[1]}"
        if meaning is not None:
            meanings[written] = meaning
    if "well" in listed and "e" in listed and listed <= {*WOW.words}:
        return WOW
    return LabelMapping(meanings)


def _folded(word: str) -> str:
    return " ".join(str(word).split()).casefold()
