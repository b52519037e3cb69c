"""The families of nets: each learns, each answers in the one form that is served, and what it cannot do is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
import torch

from detector.errors import DetectorError
from detector.synth import TRAINING
from detector.training.exporting import finder_onnx
from detector.training.families import FAMILIES, build, family_of, modcnn, served_like
from detector.training.families.boxes import Truth, generalised_iou
from detector.training.judging import judge
from detector.training.loop import batch_of, finder_of, recipe_of, reopened, train
from detector.training.renderings import CLASSES, Labels, Renderings, render_canonical
from detector.wells.decoding import decode
from detector.wells.preprocess import HEIGHT, WIDTH

ALL = sorted(FAMILIES)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def renderings() -> Renderings:
    made = [render_canonical(seed, TRAINING) for seed in range(8_100_000, 8_100_004)]
    return Renderings(np.stack([image for image, _ in made]), [labels for _, labels in made])


def quiet(_: str) -> None:
    """Nobody listens."""


def batch(renderings: Renderings) -> dict[str, torch.Tensor]:
    return batch_of(list(zip(renderings.images, renderings.labels, strict=True)), np.random.default_rng(2), CPU)


def picture(renderings: Renderings) -> npt.NDArray[np.float32]:
    return np.divide(renderings.images[:1, None], 255, dtype=np.float32)


@pytest.mark.parametrize("name", ALL)
def test_the_loss_of_every_family_teaches(name: str, renderings: Renderings) -> None:
    torch.manual_seed(1)
    family, network, seen = FAMILIES[name], build(name, CLASSES).train(), batch(renderings)
    optimizer = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=1e-3)
    losses = []
    for _ in range(10):
        family.begin_epoch(network, 0, 8)
        loss, parts = family.loss(network, seen)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        assert all(torch.isfinite(part) for part in parts.values())
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("name", ["modcnn", "modcnn-attention", "modcnn-dense"])
def test_our_own_nets_find_the_wells_of_pictures_that_they_learned(name: str, renderings: Renderings) -> None:
    torch.manual_seed(1)
    family, network = FAMILIES[name], build(name, CLASSES).train()
    pictures = torch.from_numpy(np.divide(renderings.images[:, None], 255, dtype=np.float32))
    rows = [
        np.stack([np.full(len(one), k), one[:, 0], *_middles(one)], axis=1) for k, one in enumerate(renderings.labels)
    ]  # fmt: skip
    table = torch.from_numpy(np.concatenate(rows).astype(np.float32))
    seen = {"img": pictures, "batch_idx": table[:, 0], "cls": table[:, 1:2], "bboxes": table[:, 2:]}
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
    for _ in range(70):
        loss, _ = family.loss(network, seen)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    result = judge(finder_of(family, network.eval(), CPU), renderings)
    assert result.recall > 0.8
    assert result.mean_iou > 0.7


def _middles(labels: Labels) -> list[npt.NDArray[np.float32]]:
    """Shares of the picture, as losses read them."""
    x0, y0, x1, y1 = labels[:, 1:].T
    return [(x0 + x1) / 2 / WIDTH, (y0 + y1) / 2 / HEIGHT, (x1 - x0) / WIDTH, (y1 - y0) / HEIGHT]


@pytest.mark.parametrize("name", ALL)
def test_every_family_is_served_in_one_form_that_says_what_the_net_says(name: str, renderings: Renderings) -> None:
    torch.manual_seed(1)
    network = build(name, CLASSES).eval()
    with torch.inference_mode():
        told = FAMILIES[name].answer(network, torch.from_numpy(picture(renderings))).numpy()
    onnx = finder_onnx(network, name)
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    answers = session.run(None, {session.get_inputs()[0].name: np.repeat(picture(renderings), 3, axis=0)})[0]
    assert answers.shape == (3, 4 + len(CLASSES), told.shape[2])
    assert answers.dtype == np.float32
    assert np.abs(answers - told).max() < 0.05
    assert told[0, 0].max() > 100, "places are told in pixels"
    assert answers[:, 4:].min() >= 0
    assert answers[:, 4:].max() <= 1
    assert len(onnx) < 12_000_000


@pytest.mark.parametrize("name", ALL)
def test_a_picture_without_wells_teaches_too(name: str) -> None:
    empty = [(np.full((HEIGHT, WIDTH), 90, np.uint8), np.zeros((0, 5), np.float32))] * 2
    network = build(name, CLASSES).train()
    FAMILIES[name].begin_epoch(network, 0, 8)
    loss, _ = FAMILIES[name].loss(network, batch_of(empty, np.random.default_rng(1), CPU))
    loss.backward()
    assert torch.isfinite(loss)


def test_no_layer_of_our_own_nets_is_large() -> None:
    for name in ("modcnn", "modcnn-attention", "modcnn-dense"):
        assert max(value.numel() for value in build(name, CLASSES).parameters()) < 200_000, name


def wells(*boxes: tuple[float, float, float, float]) -> Truth:
    count = len(boxes)
    return Truth(torch.zeros(count, dtype=torch.long), torch.zeros(count, dtype=torch.long), torch.tensor(boxes).reshape(-1, 4))


def test_each_well_gets_the_slot_that_makes_all_ways_shortest() -> None:
    boxes, said = torch.zeros(1, modcnn.SLOTS, 4), torch.zeros(1, modcnn.SLOTS, 5)
    boxes[0, :, :2] = 1000.0
    boxes[0, 3, :2], boxes[0, 7, :2] = torch.tensor([100.0, 100.0]), torch.tensor([140.0, 100.0])
    pictures, slots, order = modcnn._assigned(boxes, said, wells((150.0, 100, 50, 50), (130.0, 100, 50, 50)))
    assert pictures.tolist() == [0, 0]
    assert {int(slot): float(box[0]) for slot, box in zip(slots, order.boxes, strict=True)} == {3: 130.0, 7: 150.0}


def test_more_wells_than_slots_leave_the_farthest_out() -> None:
    many = wells(*((10.0 * k, 100.0, 20.0, 20.0) for k in range(30)))
    _, slots, order = modcnn._assigned(torch.zeros(1, modcnn.SLOTS, 4), torch.zeros(1, modcnn.SLOTS, 5), many)
    assert len(slots) == len(order.boxes) == modcnn.SLOTS
    assert len(set(slots.tolist())) == modcnn.SLOTS


def test_generalised_iou_tells_same_boxes_from_far_ones() -> None:
    box = torch.tensor([[50.0, 50.0, 20.0, 20.0]])
    assert float(generalised_iou(box, box)) == pytest.approx(1.0)
    near, far = (float(generalised_iou(box, box + torch.tensor([shift, 0, 0, 0]))) for shift in (30.0, 200.0))
    assert -1 < far < near < 0


def test_modcnns_flag_is_one_candidate_in_no_well(renderings: Renderings) -> None:
    network = build("modcnn", CLASSES).eval()
    with torch.no_grad():
        network.flag.bias.fill_(9.0)
        network.content[-1].bias[0] = 9.0
        raw = modcnn.ModCnnAnswers(network)(torch.from_numpy(picture(renderings))).numpy()[0]
    assert raw[8].max() == raw[8, -1] > 0.9
    assert raw[4:8, -1].max() == 0
    assert decode(raw).gas_outside > 0.9


def test_a_stopped_training_of_any_family_goes_on_where_it_stopped(renderings: Renderings, tmp_path: Path) -> None:
    recipe = recipe_of("modcnn", epochs=2, batch=2)
    whole = train(renderings, renderings, recipe, tmp_path / "whole", threads=1, say=quiet)

    class Stopped(Exception):
        """The power went."""

    def stop(said: str) -> None:
        if said.startswith('{"epoch": 2'):
            raise Stopped

    with pytest.raises(Stopped):
        train(renderings, renderings, recipe, tmp_path / "cut", threads=1, say=stop)
    heard: list[str] = []
    again = train(renderings, renderings, recipe, tmp_path / "cut", threads=1, say=heard.append)
    assert heard[0] == "resuming after epoch 1"
    assert again.recipe == whole.recipe == reopened(tmp_path / "cut").recipe
    for name, value in whole.network.state_dict().items():
        assert torch.allclose(value, again.network.state_dict()[name], atol=1e-4), name


def test_the_detr_begins_with_the_base_of_the_dense_form(renderings: Renderings, tmp_path: Path) -> None:
    with pytest.raises(DetectorError) as refusal:
        train(renderings, renderings, recipe_of("dfine-n", epochs=1, batch=4), tmp_path / "dfine-n", threads=1, say=quiet)
    assert refusal.value.code == "base_missing"
    assert "modcnn-dense" in refusal.value.hint
    first = train(renderings, renderings, recipe_of("modcnn-dense", epochs=1, batch=4), tmp_path / "modcnn-dense", threads=1, say=quiet)
    still = recipe_of("dfine-n", epochs=1, batch=4, rate=0.0)
    begun = train(renderings, renderings, still, tmp_path / "dfine-n", threads=1, say=quiet)
    for name, value in first.network.base.named_parameters():
        assert torch.equal(value, begun.network.base.get_parameter(name)), name


def test_a_two_headed_loss_moves_to_the_head_that_is_served() -> None:
    network: Any = build("yolo26n", CLASSES)
    shares = []
    for epoch in range(4):
        FAMILIES["yolo26n"].begin_epoch(network, epoch, 4)
        shares.append(round(network.criterion.o2o, 3))
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.2, 0.9)


@pytest.mark.parametrize(("name", "classes", "code"), [("yolo99", CLASSES, "family_unknown"), ("modcnn", ("cat",), "classes_foreign")])
def test_what_cannot_be_built_is_refused(name: str, classes: tuple[str, ...], code: str) -> None:
    with pytest.raises(DetectorError) as refusal:
        build(name, classes)
    assert refusal.value.code == code
    assert refusal.value.hint


def test_the_family_that_older_manifests_name_is_known_by_its_new_name() -> None:
    assert family_of("yolo").name == "yolo11n"
    assert served_like("yolo") is not None
    assert served_like("somebody's own") is None
