"""Published selection rules as patterns: what they ask and where that was published. A lab enters its own thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from backend.selection.rules import Criterion, Grade, Rule, RuleKind


@dataclass(frozen=True, slots=True)
class Template:
    """`criteria` carry the thresholds as published; they are shown beside the empty ones of a lab that starts from it."""

    key: str
    name: str
    source: str
    kind: RuleKind
    criteria: tuple[Criterion, ...]
    grades: tuple[Grade, ...] = ()

    def emptied(self) -> Rule:
        """The same rule without a threshold: none is taken over unseen."""
        return Rule(self.kind, tuple(replace(criterion, low=None, high=None) for criterion in self.criteria), self.grades)


_TWO_STEPS = (Grade("A", (0, 1)), Grade("B", (0,)), Grade("C", (1,)), Grade("D"))
_WITHIN = (Grade("within", (0,)), Grade("outside"))

TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        template.key: template
        for template in (
            Template(
                "meseguer",
                "t5, then s2",
                "Meseguer 2011, Human Reproduction 26:2658; Cruz 2012, Reproductive BioMedicine Online 25:371. Claimed in EP2811016.",
                "grades",
                (Criterion("t5", "between", 48.8, 56.6), Criterion("s2", "<=", high=0.76)),
                _TWO_STEPS,
            ),
            Template(
                "basile",
                "t3, then cc2",
                "Basile 2015, Human Reproduction 30:276",
                "grades",
                (Criterion("t3", "between", 34.0, 40.0), Criterion("cc2", "between", 9.0, 12.0)),
                _TWO_STEPS,
            ),
            Template(
                "azzarello",
                "Fading of the pronuclei",
                "Azzarello 2012, Human Reproduction 27:2649",
                "grades",
                (Criterion("tPNf", ">=", low=20.75),),
                (Grade("later", (0,)), Grade("earlier")),
            ),
            Template(
                "chamayou",
                "From three cells to five",
                "Chamayou 2013, Journal of Assisted Reproduction and Genetics 30:703",
                "grades",
                (Criterion("t5-t3", "between", 9.7, 21.0),),
                _WITHIN,
            ),
            Template(
                "campbell",
                "Start of blastulation and full blastocyst",
                "Campbell 2013, Reproductive BioMedicine Online 26:477",
                "grades",
                (
                    Criterion("tSB", "<", high=96.2),
                    Criterion("tB", "<", high=122.9),
                    Criterion("tSB", ">=", low=96.2),
                    Criterion("tB", "<=", high=122.9),
                ),
                (Grade("low", (0, 1)), Grade("medium", (2, 3)), Grade("high")),
            ),
            Template(
                "mizobe",
                "Two cells, four cells, compaction",
                "Mizobe 2017, Journal of Assisted Reproduction and Genetics 34:991; its hours count from the start of culture.",
                "weighted",
                (Criterion("t2", "<=", high=25.90), Criterion("t4", "<=", high=37.88), Criterion("tM", "<=", high=79.93)),
            ),
            Template(
                "motato",
                "Morula",
                "Motato 2016, Fertility and Sterility 105:376",
                "grades",
                (Criterion("tM", "between", 81.3, 96.0),),
                _WITHIN,
            ),
            Template(
                "rubio",
                "Direct cleavage into three cells",
                "Rubio 2012, Fertility and Sterility 98:1458",
                "grades",
                (Criterion("t3-t2", ">", low=5.0),),
                (Grade("not flagged", (0,)), Grade("flagged")),
            ),
        )
    }
)
