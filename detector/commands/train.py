"""python -m detector train RECIPE: from nothing to a weights folder, on this machine, resumable."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detector.errors import DetectorError
from detector.loading import DEFAULT, DEFAULT_STAGER, SHIPPED, SHIPPED_STAGERS, WEIGHTS_HOME

if TYPE_CHECKING:
    from detector.training.wells_shipped import Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", choices=("wells", "wells-yolo", "stages", "phases-from-labels", "wells-from-labels"))
    parser.add_argument("--data", type=Path, required=True, help="cache of renderings and checkpoints, or the lab's pictures")
    parser.add_argument("--out", type=Path, required=True, help="weights folder to write")
    parser.add_argument("--seed", type=int, default=1, help="of the first weights and of the order of pictures")
    parser.add_argument("--threads", type=int, default=2)
    wells = parser.add_argument_group("wells, and wells-yolo, which is `wells --family yolo11n`")
    wells.add_argument("--family", help="of the net that finds wells: yolo11n, yolo26n, modcnn, modcnn-attention, modcnn-dense or dfine-n")
    parser.add_argument("--renderings", type=int, help="8000 of dishes, 30000 of embryos unless said")
    wells.add_argument("--held-out", type=int, default=500, help="renderings to choose the epoch by, and as many again for the figures")
    wells.add_argument("--epochs", type=int, help="of the net that finds wells; the family's own otherwise")
    wells.add_argument("--content-epochs", type=int, default=6, help="of the net that looks into them; 0 leaves it out")
    stages = parser.add_argument_group("stages")
    stages.add_argument("--beside", type=Path, help="folder of real pictures to lay beside the renderings on the report's pages")
    labels = parser.add_argument_group("phases-from-labels and wells-from-labels")
    labels.add_argument("--start", default="shipped", help="weights folder to go on from, shipped, or scratch")
    labels.add_argument("--only", action="store_true", help="do not train from scratch beside it for comparison")
    parser.add_argument("--steps", type=int, help="of stages or a recipe from labels; the recipe's own otherwise")
    labels.add_argument("--work", type=Path, help="checkpoints; beside --out otherwise")
    labels.add_argument("--patience", type=int, default=0, help="looks at the validation split without gain after which to end; 0: never")
    labels.add_argument("--against", type=Path, help="weights folder to judge on the same held-back pictures, such as that in use")
    labels.add_argument("--mark", action="append", default=[], metavar="NAME=TEXT", help="for manifest and card; again for another")


def run(args: argparse.Namespace) -> int:
    recipes = {
        "wells": _wells,
        "wells-yolo": _wells,
        "stages": _stages,
        "phases-from-labels": _from_labels,
        "wells-from-labels": _wells_from_labels,
    }
    print(json.dumps(recipes[args.recipe](args)))
    return 0


def _wells(args: argparse.Namespace) -> dict[str, Any]:
    renderings = 8000 if args.renderings is None else args.renderings
    if min(renderings, args.threads, 1 if args.epochs is None else args.epochs) < 1 or args.content_epochs < 0 or args.held_out < 2:
        raise DetectorError("bad_count", "renderings, epochs and threads must be positive, held-out at least 2", "See --help.")
    if args.recipe == "wells-yolo" and args.family not in (None, "yolo11n"):
        raise DetectorError("bad_arguments", f"wells-yolo does not train {args.family}", "Use the recipe wells with --family.")
    # Torch, ultralytics and transformers are loaded only here, so that no other command pays for them.
    from detector.training.contents import ContentRecipe
    from detector.training.families import DEFAULT as FIRST
    from detector.training.loop import recipe_of
    from detector.training.wells_shipped import Plan, make_weights

    recipe = recipe_of(args.family or FIRST, seed=args.seed, **({} if args.epochs is None else {"epochs": args.epochs}))
    contents = ContentRecipe(epochs=args.content_epochs, seed=args.seed) if args.content_epochs else None
    plan = Plan(renderings, args.held_out, args.held_out, recipe, contents, args.threads, args.threads)
    command = command_line(plan)
    metrics = make_weights(args.data, args.out, plan, command=command, say=partial(print, file=sys.stderr, flush=True))
    return {"out": str(args.out), "metrics": metrics}


def _stages(args: argparse.Namespace) -> dict[str, Any]:
    if min(n for n in (args.threads, args.steps, args.renderings) if n is not None) < 1 or args.held_out < 2:
        raise DetectorError("bad_count", "renderings, steps and threads must be positive, held-out at least 2", "See --help.")
    if args.beside is not None and not args.beside.is_dir():
        raise DetectorError("pictures_none", f"--beside {args.beside} is no folder", "Give a folder of pictures of single wells.")
    stand_back()
    from detector.training.stages_shipped import Plan, make_weights

    plan = Plan(held_out=args.held_out, threads=args.threads, processes=args.threads)
    plan = replace(plan, renderings=args.renderings or plan.renderings, beside=args.beside)
    plan = replace(plan, recipe=replace(plan.recipe, seed=args.seed, steps=args.steps or plan.recipe.steps))
    sizes = f"--renderings {plan.renderings} --held-out {plan.held_out} --steps {plan.recipe.steps} --seed {args.seed}"
    command = f"python -m detector train stages --data DATA --out OUT {sizes}"
    metrics = make_weights(args.data, args.out, plan, command=command, say=partial(print, file=sys.stderr, flush=True))
    return {"out": str(args.out), "metrics": metrics}


def _from_labels(args: argparse.Namespace) -> dict[str, Any]:
    _check_labels(args)
    stand_back()
    from detector.training.stages_labels import Plan, make_weights

    plan = Plan(threads=args.threads, patience=args.patience, marks=_marks(args.mark))
    changes: dict[str, Any] = {"seed": args.seed}
    if args.steps is not None:
        # A checkpoint and a look as often as in a whole training, however short.
        changes |= {"steps": args.steps, "steps_an_epoch": max(1, min(plan.fine.steps_an_epoch, args.steps // 9))}
    plan = replace(plan, fine=replace(plan.fine, **changes), scratch=replace(plan.scratch, **changes))
    command = f"python -m detector train phases-from-labels --data DATA --out OUT {_words(args)}"
    return make_weights(
        args.data, args.out, plan, start=starting_weights(args.start), beside_scratch=not args.only, work=_work(args), command=command,
        say=partial(print, file=sys.stderr, flush=True), against=args.against,
    )  # fmt: skip


def _wells_from_labels(args: argparse.Namespace) -> dict[str, Any]:
    _check_labels(args)
    if args.start == "scratch":
        raise DetectorError("no_start", "wells-from-labels goes on from weights", "Train from nothing with the recipe wells-yolo.")
    stand_back()
    from detector.training.wells_labels import Plan, make_weights

    plan = Plan(threads=args.threads, patience=args.patience, marks=_marks(args.mark))
    changes = {"seed": args.seed} | ({} if args.steps is None else {"steps": args.steps})
    plan = replace(plan, recipe=replace(plan.recipe, **changes))
    if args.renderings is not None:
        plan = replace(plan, renderings=args.renderings, held_out=max(2, min(plan.held_out, args.renderings // 4)))
    start = WEIGHTS_HOME / SHIPPED[DEFAULT] if args.start == "shipped" else Path(args.start)
    command = f"python -m detector train wells-from-labels --data DATA --out OUT {_words(args)} --renderings {plan.renderings}"
    return make_weights(
        args.data, args.out, plan, start=start, work=_work(args), command=command, say=partial(print, file=sys.stderr, flush=True),
        against=args.against,
    )  # fmt: skip


def _check_labels(args: argparse.Namespace) -> None:
    if args.threads < 1 or args.patience < 0 or any(number is not None and number < 1 for number in (args.steps, args.renderings)):
        raise DetectorError("bad_count", "steps, renderings and threads must be positive, patience not negative", "See --help.")


def _words(args: argparse.Namespace) -> str:
    """The options that decide the result, without the paths of this machine."""
    steps = "" if args.steps is None else f" --steps {args.steps}"
    return f"--seed {args.seed}{steps}" + (f" --patience {args.patience}" if args.patience else "")


def _marks(said: list[str]) -> dict[str, str]:
    marks = dict(one.partition("=")[::2] for one in said)
    if not all(name.isidentifier() for name in marks):
        raise DetectorError("bad_mark", f"--mark {', '.join(said)}", "Write NAME=TEXT, the name of letters, digits and underscores.")
    return marks


def _work(args: argparse.Namespace) -> Path:
    work: Path | None = args.work
    return work or args.out.with_name(f"{args.out.name}-work")


def starting_weights(name: str) -> Path | None:
    """The weights folder to go on from; None where nothing is to be taken over, or nothing is shipped yet."""
    if name == "scratch":
        return None
    return WEIGHTS_HOME / SHIPPED_STAGERS[DEFAULT_STAGER] if name == "shipped" else Path(name)


def stand_back() -> None:
    """Let everything else on the machine go first; to be called before torch is loaded."""
    # Threads that spin while they wait take whole minutes for a second's work where another process wants the same cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.nice(max(0, 15 - os.nice(0)))


def command_line(plan: Plan) -> str:
    """The command that makes the same weights again, without the paths of this machine."""
    content_epochs = plan.contents.epochs if plan.contents is not None else 0
    sizes = f"--renderings {plan.renderings} --held-out {plan.testing} --epochs {plan.recipe.epochs} --content-epochs {content_epochs}"
    return f"python -m detector train wells --family {plan.recipe.family} --data DATA --out OUT {sizes} --seed {plan.recipe.seed}"
