"""The recipe "wells-from-labels": a lab's labelled dishes, mixed with renderings, teach both nets of the shipped finder on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from detector.errors import DetectorError
from detector.loading import load_finder, read_verified
from detector.synth import FAINT, HARD, TRAINING
from detector.training.checkpoints import has_chosen
from detector.training.exporting import contents_onnx, finder_onnx, weights_bytes, write_folder
from detector.training.renderings import Renderings, cached_renderings
from detector.training.stages_final import contenders
from detector.training.stages_folders import Say
from detector.training.watching import Watch
from detector.training.wells_card import card_text
from detector.training.wells_folders import Dish, canonical, pictures_of, read_dishes, rendered_pictures
from detector.training.wells_judging import Tally, difference, side_by_side
from detector.training.wells_learning import Material, Nets, Recipe, learn, validated, with_gas
from detector.training.wells_reopened import nets_of

NAME = "wells-lab-labels"
LEAST_PICTURES = 4
ONE_IN = 6
"""Of how many dishes one chooses the step where nobody set dishes apart for that."""
MIXED_SEEDS, FAINT_SEEDS, HELD_OUT_SEEDS = 130_000, 530_000, 970_000
SETTINGS = (TRAINING, HARD)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is rendered and trained."""

    renderings: int = 500
    held_out: int = 60
    """Renderings that tell whether something was forgotten."""
    recipe: Recipe = field(default_factory=Recipe)
    threads: int = 2
    patience: int = 0
    marks: Mapping[str, str] = field(default_factory=dict)


def make_weights(
    data: Path, out: Path, plan: Plan, *, start: Path, work: Path, command: str, say: Say, against: Path | None = None
) -> dict[str, Any]:  # fmt: skip
    """Learn from the entries of split "train" and write the weights folder `out`, judged once on split "test" ("dev" where there is none).

    With patience, steps are chosen by the split "validation" (or "dev" beside a test), or by a part of "train"; then so many are made anew,
    from all of these. `against` are other weights to judge on the same pictures; renderings and checkpoints lie in `work`.
    """
    dishes = read_dishes(data)
    judged_split = "test" if any(dish.split == "test" for dish in dishes) else "dev"
    held_back = [dish for dish in dishes if dish.split == judged_split]
    taught, chosen_by = _divided(dishes, judged_split, plan)
    if len(taught) < LEAST_PICTURES or not any(dish.wells for dish in taught):
        detail = f"{len(taught)} labelled pictures of split train are too few to learn from"
        raise DetectorError("labels_too_few", detail, f"Label the wells of at least {LEAST_PICTURES} pictures as split train.")
    nets = Nets(*nets_of(start))
    shown, readable = canonical(taught, work / "train.pixels", say)
    if not readable:
        raise DetectorError("pictures_unreadable", "none of the pictures can be read", "Pictures of whole dishes, grey or colour.")
    material = Material(with_gas(shown, [dish.gas_outside for dish in readable], nets), _mixed(work, plan, say))
    validation, choosing = canonical(chosen_by, work / "validation.pixels", say)
    everything = [*readable, *choosing]
    say(f"{len(everything)} pictures to learn from, {len(validation)} to choose by, {len(held_back)} held back")
    wells = sum(len(labels) for labels in validation.labels)
    watch = Watch(validated(validation) if len(validation) else None, plan.patience, wells)
    if not len(validation):
        learned = learn(nets, material, plan.recipe, work, watch, threads=plan.threads, say=say)
    else:
        again = Material(_joined(material.dishes, with_gas(validation, [dish.gas_outside for dish in choosing], nets)), material.renderings)
        if not has_chosen(work, plan.recipe, watch, say):
            learn(nets, material, plan.recipe, work, watch, threads=plan.threads, say=say)
        watch = watch.once_more()
        learned = learn(Nets(*nets_of(start)), again, plan.recipe, work, watch, threads=plan.threads, say=say)
    facts = watch.facts(plan.recipe.steps)
    data_of = weights_bytes(finder_onnx(learned.finder), contents_onnx(learned.contents))
    sizes = {"pictures": len(everything), "wells": sum(len(dish.wells) for dish in everything), "validation_pictures": len(validation)}
    kept = {name: facts[name] for name in ("minutes", "steps")} | sizes | {"renderings": plan.renderings}

    def write(figures: Mapping[str, Any]) -> None:
        flat = {f"test_{name}": value for name, value in figures.items()}
        card = card_text(NAME, command, kept, figures, plan.marks, read_verified(start)[0].name)
        write_folder(out, data_of, name=NAME, command=command, metrics=kept | flat, card=card, marks=plan.marks)

    write({})
    answer: dict[str, Any] = {"out": str(out)} | sizes | facts
    if held_back:
        answer["final"] = final(held_back, contenders(out, against, start), plan, say)
        write(answer["final"]["contenders"][0]["wells"])
    say(json.dumps({"out": str(out), **sizes}))
    return answer


def final(held_back: Sequence[Dish], folders: Mapping[str, Path], plan: Plan, say: Say) -> dict[str, Any]:
    """The one judgement: every contender and Hough circles on the held-back pictures, and what of the renderings is still known."""
    finders = {role: load_finder(folder, threads=plan.threads) for role, folder in folders.items()}
    names = {role: read_verified(folder)[0].name for role, folder in folders.items()} | {"baseline": "Hough circles"}
    count = len(held_back) + plan.held_out
    told = side_by_side(finders | {"baseline": load_finder("hough")}, pictures_of(held_back), say, count)
    half = plan.held_out // 2
    seeds = zip(SETTINGS, (HELD_OUT_SEEDS, HELD_OUT_SEEDS + half), (half, plan.held_out - half), strict=True)
    rendered = chain.from_iterable(rendered_pictures(*one) for one in seeds)
    remembered = side_by_side(finders, rendered, say, count)
    differences = [
        dict(zip(("against", "value", "low", "high"), (role, *difference(told["candidate"], tally)), strict=True))
        for role, tally in told.items()
        if role != "candidate"
    ]
    return {
        "main": "right",
        "contenders": _as_rows(told, names),
        "differences": differences,
        "renderings": _as_rows(remembered, names),
    }


def _as_rows(tallies: Mapping[str, Tally], names: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"role": role, "name": names[role], "phases": None, "wells": tally.figures()} for role, tally in tallies.items()]


def _divided(dishes: Sequence[Dish], judged_split: str, plan: Plan) -> tuple[list[Dish], list[Dish]]:
    """What is learned from, and what steps are chosen by: those set apart, or every sixth dish of what would be learned from."""
    taught = [dish for dish in dishes if dish.split == "train"]
    if not plan.patience:
        return taught, []
    apart = [dish for dish in dishes if dish.split in {"validation", "dev"} - {judged_split}]
    if apart:
        return taught, apart
    groups = sorted({dish.group for dish in taught})
    drawn = np.random.default_rng([plan.recipe.seed, 17]).permutation(len(groups))[: len(groups) // ONE_IN]
    chosen = {groups[number] for number in drawn}
    return [dish for dish in taught if dish.group not in chosen], [dish for dish in taught if dish.group in chosen]


def _joined(some: Renderings, others: Renderings) -> Renderings:
    return Renderings(np.concatenate([some.images, others.images]), [*some.labels, *others.labels])


def _mixed(work: Path, plan: Plan, say: Say) -> Renderings:
    """Renderings of the kinds that the shipped nets learned from."""
    faint = plan.renderings // 4
    usual = cached_renderings(work, TRAINING, MIXED_SEEDS, plan.renderings - faint, say=say)
    if not faint:
        return usual
    more = cached_renderings(work, FAINT, FAINT_SEEDS, faint, say=say)
    return _joined(usual, more)
