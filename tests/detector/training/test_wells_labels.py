"""A lab's labelled dishes teach the shipped finder on: what is taken over, what is learned, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from detector.errors import DetectorError, WeightsError
from detector.loading import load_finder, load_weights, read_verified
from detector.synth import TRAINING
from detector.training.exporting import contents_onnx, finder_onnx, weights_bytes
from detector.training.judging import judge
from detector.training.renderings import Renderings, render_canonical
from detector.training.watching import Watch
from detector.training.wells_folders import canonical, read_dishes
from detector.training.wells_labels import Plan, make_weights
from detector.training.wells_learning import Material, Nets, Recipe, learn, with_gas
from detector.training.wells_reopened import nets_of
from detector.wells.net import NetFinder
from tests.detector.training.dishes import lab

SHIPPED = Path(__file__).parents[3] / "detector" / "weights" / "wells-yolo11n"
TINY = Recipe(steps=4, batch=4, crops=8, rate=1e-4)


def quiet(_: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def renderings() -> Renderings:
    made = [render_canonical(seed, TRAINING) for seed in range(8_000_000, 8_000_004)]
    return Renderings(np.stack([image for image, _ in made]), [labels for _, labels in made])


def test_reopened_nets_export_to_the_answers_of_the_weights_they_came_from(tmp_path: Path, renderings: Renderings) -> None:
    finder, contents = nets_of(SHIPPED)
    manifest, data = read_verified(SHIPPED)
    again = NetFinder(manifest, weights_bytes(finder_onnx(finder), contents_onnx(contents)))
    for one, other in zip(NetFinder(manifest, data).see(renderings.images), again.see(renderings.images), strict=True):
        assert other.boxes == pytest.approx(one.boxes, abs=1e-2)
        assert other.shares == pytest.approx(one.shares, abs=1e-3)


def test_nets_see_in_training_what_the_adapter_serves(renderings: Renderings) -> None:
    nets = Nets(*nets_of(SHIPPED))
    served = judge(NetFinder(*read_verified(SHIPPED)).see, renderings)
    assert judge(nets.see, renderings).right == pytest.approx(served.right, abs=0.02)


def test_weights_of_another_kind_are_not_gone_on_from() -> None:
    with pytest.raises(WeightsError) as refusal:
        nets_of(SHIPPED.parent / "stages-convnextv2")
    assert refusal.value.code == "weights_unreadable"


def test_a_stopped_training_goes_on_to_the_same_nets(tmp_path: Path, renderings: Renderings) -> None:
    material = Material(renderings, renderings)

    def learned(folder: str, say: Callable[[str], None]) -> Nets:
        return learn(Nets(*nets_of(SHIPPED)), material, TINY, tmp_path / folder, Watch(), threads=1, say=say)

    class Stopped(Exception):
        """The power went."""

    def stop(said: str) -> None:
        if json.loads(said)["step"] == 2:
            raise Stopped

    whole = learned("whole", quiet)
    with pytest.raises(Stopped):
        learned("cut", stop)
    heard: list[str] = []
    resumed = learned("cut", heard.append)
    assert heard[0] == "resuming after step 2"
    assert [point["step"] for point in json.loads(heard[1])["curve"]] == [1, 2]
    for part in ("finder", "contents"):
        for name, value in whole.state()[part].items():
            assert torch.allclose(value, resumed.state()[part][name], atol=1e-5), name


def test_a_labs_dishes_make_weights_that_are_served_and_judged_once(tmp_path: Path) -> None:
    data = lab(tmp_path / "lab", train=5, dev=1, test=2)
    plan = Plan(renderings=4, held_out=2, recipe=TINY, threads=1, patience=3, marks={"data_set": "abc"})
    out, work = tmp_path / "out", tmp_path / "work"
    told = make_weights(data, out, plan, start=SHIPPED, work=work, command="the command", say=quiet, against=SHIPPED)
    assert (told["pictures"], told["validation_pictures"], told["steps"]) == (6, 1, 4 + told["best_step"])
    assert [one["role"] for one in told["final"]["contenders"]] == ["candidate", "active", "baseline"]
    assert {one["wells"]["pictures"] for one in told["final"]["contenders"]} == {2}
    assert [one["wells"]["pictures"] for one in told["final"]["renderings"]] == [2, 2]
    assert len(load_finder(out).find([np.zeros((275, 384), np.uint8)])) == 1
    manifest = (out / "manifest.toml").read_text()
    assert 'data_set = "abc"' in manifest
    card = (out / "card.md").read_text()
    assert "chosen by 1 of these pictures" in card
    assert str(tmp_path) not in manifest + card
    # What was made is of the kind that was gone on from.
    assert load_weights(out).family == load_weights(SHIPPED).family
    nets_of(out)


def test_where_no_split_chooses_every_sixth_dish_is_set_apart(tmp_path: Path) -> None:
    data = lab(tmp_path / "lab", train=6, test=1)
    plan = Plan(renderings=4, held_out=2, recipe=replace(TINY, steps=1), threads=1, patience=1)
    told = make_weights(data, tmp_path / "out", plan, start=SHIPPED, work=tmp_path / "work", command="c", say=quiet)
    assert (told["pictures"], told["validation_pictures"]) == (6, 1)


def test_a_training_that_is_cut_while_it_learns_once_more_goes_on_there(tmp_path: Path) -> None:
    class Cut(Exception):
        """The power went."""

    def cut(said: str) -> None:
        if said.startswith("{") and json.loads(said).get("again"):
            raise Cut

    data, heard = lab(tmp_path / "lab", train=6, test=1), list[str]()
    plan = Plan(renderings=4, held_out=2, recipe=replace(TINY, steps=2), threads=1, patience=3)

    def make(home: str, say: Callable[[str], None]) -> dict[str, Any]:
        return make_weights(data, tmp_path / home / "out", plan, start=SHIPPED, work=tmp_path / home, command="c", say=say)

    make("whole", quiet)
    with pytest.raises(Cut):
        make("cut", cut)
    make("cut", heard.append)
    assert not [line for line in heard if '"validation"' in line and '"of"' in line]
    assert (tmp_path / "cut/out/weights.zip").read_bytes() == (tmp_path / "whole/out/weights.zip").read_bytes()


def test_gas_that_is_said_to_be_outside_takes_its_place_from_what_the_nets_see(renderings: Renderings) -> None:
    nets = Nets(*nets_of(SHIPPED))
    gas = [bool((labels[:, 0] == 4).any()) for labels in renderings.labels]
    bare = Renderings(renderings.images, [labels[labels[:, 0] < 4] for labels in renderings.labels])
    told = with_gas(bare, gas, nets)
    assert [bool((labels[:, 0] == 4).any()) for labels in told.labels] == gas
    assert any(gas)


def entry(**changed: Any) -> dict[str, Any]:
    wells = [{"row": None, "column": None, "box": [0, 0, 9, 9], "content": "empty"}]
    return {"file": "1.png", "split": "train", "dish": "D1", "wells": wells} | changed


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ({"file": "1.png"}, "labels_broken"),
        ([entry(wells=[{"box": [9, 0, 0, 9], "content": "empty"}])], "labels_broken"),
        ([entry(wells=[{"box": [0, 0, 9, 9], "content": "kitten"}])], "labels_broken"),
        ([entry(file="../1.png")], "labels_broken"),
        ([entry(), entry(file="2.png", split="test")], "splits_overlap"),
        ([entry()], "labels_too_few"),
    ],
)
def test_labels_that_cannot_be_used_are_refused_with_their_place(entries: Any, code: str, tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text(json.dumps(entries))
    with pytest.raises(DetectorError) as refusal:
        make_weights(tmp_path, tmp_path / "out", Plan(), start=SHIPPED, work=tmp_path / "work", command="c", say=quiet)
    assert refusal.value.code == code


def test_a_picture_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    data = lab(tmp_path / "lab", train=2)
    (data / "000.png").write_bytes(b"no picture")
    heard: list[str] = []
    shown, readable = canonical(read_dishes(data), tmp_path / "pixels", heard.append)
    assert (len(shown), [dish.path.name for dish in readable]) == (1, ["001.png"])
    assert "000.png" in heard[0]
