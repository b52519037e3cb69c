"""Weights in 8 bits: smaller, nearly the same answers, and refused where they are not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest

from detector.__main__ import main
from detector.errors import DetectorError
from detector.loading import SHIPPED, WEIGHTS_HOME, load_finder, load_weights, read_verified
from detector.synth import DEMO, render_dish
from detector.training.int8 import MOST_LOST, Samples, finder_in_int8, members_of, samples_of, write_int8
from detector.training.quantising import quantised
from detector.wells.net import CONTENT, WELLS, NetFinder

FOLDER = WEIGHTS_HOME / SHIPPED["yolo"]


def quiet(_: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def samples() -> Samples:
    return samples_of(8)


@pytest.fixture(scope="module")
def reduced(samples: Samples) -> bytes:
    return finder_in_int8(read_verified(FOLDER)[1], samples)


def kinds(net: bytes) -> list[str]:
    return [node.op_type for node in onnx.load_from_string(net).graph.node]


def test_both_nets_of_a_finder_are_reduced_to_a_third_at_most(reduced: bytes) -> None:
    before, after = members_of(read_verified(FOLDER)[1]), members_of(reduced)
    assert list(after) == list(before) == [WELLS, CONTENT]
    for name in before:
        assert len(after[name]) < 0.4 * len(before[name])
        assert "QuantizeLinear" in kinds(after[name])


def test_a_finder_in_8_bits_sees_the_same_wells_with_the_same_contents(reduced: bytes) -> None:
    manifest, data = read_verified(FOLDER)
    dishes = [render_dish(seed, DEMO).image for seed in range(7_200_000, 7_200_003)]
    plain, small = (NetFinder(manifest, one).find(dishes) for one in (data, reduced))
    for one, other in zip(plain, small, strict=True):
        assert len(one.candidates) == len(other.candidates) > 0
        nearest = [max(other.candidates, key=lambda c, b=c.box: c.box.iou(b)) for c in one.candidates]
        assert min(c.box.iou(n.box) for c, n in zip(one.candidates, nearest, strict=True)) > 0.9
        assert np.mean([c.content is n.content for c, n in zip(one.candidates, nearest, strict=True)]) > 0.9


def test_what_comes_last_keeps_its_32_bits(samples: Samples) -> None:
    net = onnx.load_from_string(quantised(members_of(read_verified(FOLDER)[1])[WELLS], samples.pictures[:2]))
    makers = {name: node for node in net.graph.node for name in node.output}
    last = [node for node in net.graph.node if node.op_type == "Conv" and "cv3" in node.name and node.name.endswith("cv3.0.2/Conv")]
    assert len(last) == 1
    assert makers.get(last[0].input[1]) is None, "the kernel of the last convolution is stored as it was"


def test_a_folder_in_8_bits_says_what_it_lost_and_is_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "small"
    assert main(["export", str(FOLDER), "--int8", "--out", str(out), "--held-out", "2", "--threads", "1"]) == 0
    manifest = load_weights(out)
    assert manifest.name == f"{load_weights(FOLDER).name}-int8"
    assert manifest.metrics["int8_ap50_95"] > 0.9
    text = (out / "manifest.toml").read_text()
    assert 'precision = "int8"' in text
    assert load_weights(FOLDER).sha256 in text
    assert str(tmp_path) not in text + (out / "card.md").read_text()
    assert (out / manifest.file).stat().st_size < 0.4 * (FOLDER / "weights.zip").stat().st_size
    assert load_finder(out).find([render_dish(7_200_000, DEMO).image])[0].candidates


def test_8_bits_that_lose_too_much_are_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MOST_LOST, "ap50_95", -1.0)
    with pytest.raises(DetectorError) as refusal:
        write_int8(FOLDER, tmp_path / "small", count=1, threads=1, say=quiet)
    assert refusal.value.code == "int8_loses"
    assert not (tmp_path / "small").exists()


def test_a_stager_is_reduced_too_and_keeps_what_reads_sequences(tmp_path: Path) -> None:
    folder = WEIGHTS_HOME / "stages-convnextv2"
    told = write_int8(folder, tmp_path / "small", count=40, threads=1, say=quiet)
    assert told["after"]["test_pictures"] == 40
    before, after = (members_of(read_verified(one)[1]) for one in (folder, tmp_path / "small"))
    assert len(after["encoder.onnx"]) < 0.5 * len(before["encoder.onnx"])
    assert {name for name in before if before[name] != after[name]} == {"encoder.onnx"}


@pytest.mark.parametrize("words", [["--int8"], ["FOLDER"], ["--data", "d", "FOLDER", "--int8"], []])
def test_export_wants_a_training_or_weights_to_reduce(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", *words, "--out", str(tmp_path / "out")]) == 2
    assert "bad_arguments" in capsys.readouterr().out


def test_weights_without_a_closer_look_are_served_without_it(tmp_path: Path) -> None:
    manifest, data = read_verified(FOLDER)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as members:
        members.writestr(WELLS, members_of(data)[WELLS])
    image = render_dish(7_200_001, DEMO).image
    bare, alone, whole = NetFinder(manifest, packed.getvalue()), NetFinder(manifest, data, closer=False), NetFinder(manifest, data)
    assert bare.find([image]) == alone.find([image])
    assert [c.box for c in alone.find([image])[0].candidates] == [c.box for c in whole.find([image])[0].candidates]
    assert alone.find([image]) != whole.find([image])


def test_folders_from_before_there_were_families_are_still_served(tmp_path: Path) -> None:
    folder = tmp_path / "older"
    folder.mkdir()
    for path in FOLDER.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    manifest = (folder / "manifest.toml").read_text()
    changed = manifest.replace("detector.wells.net:NetFinder", "detector.wells.yolo:YoloFinder").replace('"yolo11n"', '"yolo"')
    assert changed != manifest
    (folder / "manifest.toml").write_text(changed)
    assert load_finder(folder).find([render_dish(7_200_000, DEMO).image])[0].candidates
