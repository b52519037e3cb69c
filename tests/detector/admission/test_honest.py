"""Honest files of every kind come in, and answer afterwards as they did where they were made."""

from __future__ import annotations

import io
import json
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from detector.admission.admitting import admit
from detector.admission.sandbox import Holds
from detector.errors import WeightsError
from detector.loading import WEIGHTS_HOME, load_finder, load_stager, read_verified
from detector.serving.nets import opened
from detector.synth import TRAINING, render_dish
from detector.training.families import build, family_of
from detector.training.network import _ultralytics
from detector.training.stages_network import ServedNet, Shape, StageNet
from detector.wells.general_yolo import NET, GeneralYoloFinder
from tests.detector.admission.building import archive, finder, saved

CLASSES = ["empty", "embryo", "gas", "embryo_gas", "gas_outside"]
pytestmark = pytest.mark.filterwarnings("ignore")


def came_in(data: bytes, folder: Path, holds: Holds, name: str = "brought.bin", **more: Any) -> Path:
    file, out = folder / "brought", folder / "weights"
    file.write_bytes(data)
    told = admit(file, out, name=name, holds=holds, **more)
    manifest, _ = read_verified(out)
    assert (manifest.sha256, manifest.task) == (told.sha256, told.task)
    assert told.is_sandboxed
    return out


def written(content: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def member(folder: Path, name: str) -> bytes:
    with zipfile.ZipFile(folder / "weights.zip") as parts:
        return parts.read(name)


def tiny_yolo(plan: str = "yolo11n", *, channels: int = 3) -> Any:
    network_type, _, described, _ = _ultralytics()
    plan = described(f"{plan}.yaml")
    plan["scales"]["n"] = [0.33, 0.125, 256]
    torch.manual_seed(3)
    network = network_type(plan, ch=channels, nc=3, verbose=False)
    network.names = {0: "blank", 1: "Embryo", 2: "blob"}
    return network


@pytest.mark.parametrize(("plan", "channels", "size"), [("yolo11n", 3, [160, 192]), ("yolo26n", 1, 160)])
def test_an_ultralytics_yolo_of_any_size_is_converted_and_answers_as_before(
    plan: str, channels: int, size: Any, tmp_path: Path, holds: Holds
) -> None:  # fmt: skip
    network = tiny_yolo(plan, channels=channels)
    content: dict[str, Any] = {"epoch": 3, "model": None, "ema": network, "train_args": {"imgsz": size}, "optimizer": None, "date": "today"}
    if channels == 3:
        # As a training that was not finished leaves it.
        from ultralytics.utils import IterableSimpleNamespace

        network.args = content.pop("train_args") and IterableSimpleNamespace(imgsz=size)
        content["optimizer"] = {"state": {0: {"step": torch.tensor(1.0)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
        content["train_metrics"] = {"fitness": np.float64(0.5)}
    mapping = {"blank": "empty", "Embryo": "embryo", "blob": "nothing"}
    folder = came_in(written(content), tmp_path, holds, mapping=mapping)
    manifest = tomllib.loads((folder / "manifest.toml").read_text())
    height, width = size if isinstance(size, list) else (size, size)
    assert manifest["input"] == {"width": width, "height": height, "channels": channels}
    assert (manifest["family"], manifest["classes"], manifest["origin"]["how"]) == ("yolo-general", ["empty", "embryo"], "converted")
    picture = torch.rand(3, channels, height, width, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        expected = network.float().eval()(picture)[0].numpy()
    answers = opened(member(folder, NET), "it", threads=1, share=1).answers(picture.numpy())
    if plan == "yolo26n":
        # The order of candidates of one score is nobody's.
        expected, answers = np.sort(expected[..., 4], 1), np.sort(answers[..., 4], 1)
    np.testing.assert_allclose(answers, expected, rtol=0.05, atol=0.6)
    served = load_finder(folder)
    assert isinstance(served, GeneralYoloFinder)
    assert len(served.find([render_dish(1, TRAINING).image, np.zeros((7, 300), np.uint8)])) == 2


@pytest.mark.parametrize("family", ["modcnn", "modcnn-dense"])
def test_a_modcnn_checkpoint_is_converted_and_answers_as_before(family: str, tmp_path: Path, holds: Holds) -> None:
    torch.manual_seed(4)
    network = build(family, CLASSES).eval()
    folder = came_in(written({"family": family, "classes": CLASSES, "state_dict": network.state_dict()}), tmp_path, holds)
    picture = torch.rand(2, 1, 288, 384)
    with torch.no_grad():
        expected = family_of(family).answer(network, picture).numpy()
    answers = opened(member(folder, "wells.onnx"), "it", threads=1, share=1).answers(picture.numpy())
    np.testing.assert_allclose(answers, expected, rtol=0.05, atol=0.6)
    assert load_finder(folder).find([render_dish(1, TRAINING).image])


def test_a_stager_comes_in_as_checkpoint_and_as_safetensors_and_both_are_the_same(tmp_path: Path, holds: Holds) -> None:
    import safetensors.torch

    torch.manual_seed(5)
    shape = Shape(stem=(4, 4, 8, 8), widths=(8, 8), depths=(1, 1))
    network = StageNet(shape).eval()
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    plain = came_in(written({"family": "convnextv2", "shape": shape.as_dict(), "state_dict": state}), first, holds)
    notes = {"family": "convnextv2", "shape": json.dumps(shape.as_dict())}
    other = came_in(safetensors.torch.save(state, metadata=notes), second, holds)
    assert read_verified(plain)[0].sha256 == read_verified(other)[0].sha256
    crops = torch.rand(2, 112, 112)
    with torch.no_grad():
        expected = ServedNet(network).eval()(crops[:, None]).numpy()
    np.testing.assert_allclose(load_stager(plain).look(crops.numpy()).features, expected[:, 27:], rtol=0.05, atol=0.05)


@pytest.mark.parametrize("name", ["wells-yolo11n", "stages-convnextv2"])
def test_a_weights_folder_of_ours_comes_in_with_its_hash(name: str, tmp_path: Path, holds: Holds) -> None:
    shipped = WEIGHTS_HOME / name
    files = {f"{name}/{path.name}": path.read_bytes() for path in shipped.iterdir()}
    folder = came_in(archive(files, method=zipfile.ZIP_DEFLATED), tmp_path, holds)
    assert read_verified(folder)[0].sha256 == read_verified(shipped)[0].sha256
    manifest = tomllib.loads((folder / "manifest.toml").read_text())
    assert manifest["metrics"] == {}
    assert manifest["claimed"] == {
        k: v for k, v in tomllib.loads((shipped / "manifest.toml").read_text())["metrics"].items() if k in manifest["claimed"]
    }
    assert "Nothing of this was checked" in (folder / "card.md").read_text()


def test_an_adapter_that_a_manifest_names_is_never_used(tmp_path: Path, holds: Holds) -> None:
    shipped = WEIGHTS_HOME / "wells-yolo11n"
    files = {path.name: path.read_bytes() for path in shipped.iterdir()}
    files["manifest.toml"] = files["manifest.toml"].replace(b"detector.wells.", b"detector.commands.")
    folder = came_in(archive(files), tmp_path, holds)
    assert read_verified(folder)[0].adapter == read_verified(shipped)[0].adapter


def test_an_onnx_of_three_channels_finds_what_its_classes_mean(tmp_path: Path, holds: Holds) -> None:
    net = saved(finder(6, share=0.4, picture=(1, 3, 320, 320), names="{0: 'embryo', 1: 'dirt'}", answer_open=True))
    with pytest.raises(WeightsError) as asked:
        came_in(net, tmp_path, holds)
    assert (asked.value.code, asked.value.found) == (  # type: ignore[attr-defined]
        "classes_unmapped",
        {"classes": ["embryo", "dirt"], "suggested": {"embryo": "embryo"}},
    )
    folder = came_in(net, tmp_path, holds, mapping={"embryo": "embryo", "dirt": "nothing"})
    (seen,) = load_finder(folder).find([np.full((480, 640), 90, np.uint8)])
    assert [one.content.value for one in seen.candidates] == ["embryo"]
    # 100 of 320 pixels in a picture twice as wide, whose upper edge lies 40 pixels down.
    x, y = seen.candidates[0].box.centre
    assert (round(x), round(y)) == (200, 120)


def test_a_mapping_without_any_content_or_with_an_unknown_word_is_refused(tmp_path: Path, holds: Holds) -> None:
    net = saved(finder(5, picture=(1, 1, 320, 320), names="{0: 'dirt'}"))
    for mapping, code in (({"dirt": "nothing"}, "classes_unmapped"), ({"dirt": "cat"}, "bad_mapping"), ({}, "classes_unmapped")):
        with pytest.raises(WeightsError) as told:
            came_in(net, tmp_path, holds, mapping=mapping)
        assert told.value.code == code


def test_without_a_sandbox_checkpoints_stay_out_and_nets_that_need_no_converting_come_in(tmp_path: Path) -> None:
    off = Holds(("write outside",), 0, ())
    (tmp_path / "a.pt").write_bytes(written({"family": "modcnn", "classes": CLASSES, "state_dict": {"a": torch.zeros(1)}}))
    with pytest.raises(WeightsError) as told:
        admit(tmp_path / "a.pt", tmp_path / "out", holds=off)
    assert told.value.code == "conversion_off"
    assert "write outside" in told.value.detail
    (tmp_path / "a.onnx").write_bytes(saved(finder()))
    assert not admit(tmp_path / "a.onnx", tmp_path / "out", holds=off).is_sandboxed


def test_a_checkpoint_of_a_net_that_steps_otherwise_is_refused(tmp_path: Path, holds: Holds) -> None:
    network = tiny_yolo()
    network.names = {0: "empty", 1: "embryo", 2: "gas"}
    network.model[1].conv.stride = (1, 1)
    with pytest.raises(WeightsError, match="steps otherwise"):
        came_in(written({"model": network}), tmp_path, holds)


def test_the_tiny_net_of_these_tests_is_right_by_itself() -> None:
    answers = opened(saved(finder()), "it", threads=1, share=8).answers(np.zeros((2, 1, 288, 384), np.float32))
    assert answers.shape == (2, 9, 4)
