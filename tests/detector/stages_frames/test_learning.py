"""From a lab's pictures to weights that are served: labels, no labels, stopping and going on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from detector.__main__ import main
from detector.errors import DetectorError, WeightsError
from detector.loading import load_stager
from detector.stages.crops import SIZE
from detector.training.stages_adapting import Plan as AdaptingPlan
from detector.training.stages_adapting import adapt
from detector.training.stages_augment import augmented, plain
from detector.training.stages_clock import Clock
from detector.training.stages_labels import Plan, make_weights
from detector.training.stages_learning import Recipe, learn, loss_of
from detector.training.stages_lessons import WINDOW, any_of, exactly, lessons_of, window_of
from detector.training.stages_network import Seen, Shape, StageNet
from detector.training.stages_weights import network_of, weights_of, write_stager
from detector.types import STAGES, Coarse, Phase
from tests.detector.stages_frames.drawn import lab, well

TINY = Shape((4, 8, 8, 16), (16, 16), (1, 1), 0.0)
FRAMES = ((60, 1, 1), (240, 4, 2), (600, 14, 3))


BRISK = Recipe(steps=150, batch=12, rate=8e-3, warm_up_steps=5, averaging=0.95, steps_an_epoch=150)


def quiet(_: str) -> None:
    """Nobody listens."""


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(3)
    network = StageNet(TINY).eval()
    said = {"name": "tiny", "command": "none", "learned_from": "nothing", "renderer": "none"}
    return write_stager(tmp_path / "weights", weights_of(network), metrics={}, card="", **said)


def test_served_looks_are_those_of_the_net_that_was_written(weights: Path) -> None:
    crops = np.random.default_rng(1).normal(0, 1, (5, SIZE, SIZE)).astype(np.float32)
    stager = load_stager(weights)
    looks = stager.look(crops)
    with torch.inference_mode():
        seen = network_of(weights).eval()(torch.from_numpy(crops)[:, None])
    assert looks.log_probabilities == pytest.approx(torch.log_softmax(seen.stages, 1).numpy(), abs=0.05)
    assert looks.features.shape == (5, 16)
    assert looks.empty == pytest.approx(torch.sigmoid(seen.auxiliary[:, 3]).numpy(), abs=0.05)
    assert np.exp(looks.log_probabilities).sum(1) == pytest.approx(1, abs=1e-4)
    assert len(stager.look(crops[:0])) == 0


def test_a_crop_is_named_alike_from_whichever_side_it_is_seen(weights: Path) -> None:
    crop = plain(window_of(well(cells=4)))
    views = np.stack([crop, np.rot90(crop), crop[:, ::-1]])
    named = load_stager(weights).look_from_all_sides(views).log_probabilities
    assert named[1:] == pytest.approx(np.stack([named[0]] * 2), abs=0.02)


def test_weights_changed_on_disk_are_refused(weights: Path) -> None:
    data = bytearray((weights / "weights.zip").read_bytes())
    data[-1] ^= 1
    (weights / "weights.zip").write_bytes(bytes(data))
    with pytest.raises(WeightsError) as refusal:
        load_stager(weights)
    assert refusal.value.code == "weights_changed"


def test_weights_that_find_wells_do_not_name_stages() -> None:
    with pytest.raises(WeightsError) as refusal:
        load_stager(Path(__file__).parents[3] / "detector" / "weights" / "wells-yolo11n")
    assert refusal.value.code == "weights_task"


def test_phase_answers_in_the_promised_form_and_order(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = lab(tmp_path / "lab", 1, FRAMES, labels=False) / "e000"
    paths = [str(home / name) for name in ("0600.png", "0060.png")]
    assert main(["phase", *paths, "--stager", str(weights)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [entry["file"] for entry in found] == paths
    for entry in found:
        assert set(entry) == {"file", "phase", "coarse", "probabilities"}
        assert list(entry["probabilities"]) == [stage.value for stage in STAGES]
        assert sum(entry["probabilities"].values()) == pytest.approx(1, abs=0.01)
        assert entry["coarse"] in set(Coarse)


def test_phase_refuses_what_is_no_picture_in_three_parts(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no.png").write_bytes(b"no picture")
    assert main(["phase", str(tmp_path / "no.png"), "--stager", str(weights)]) == 2
    assert set(json.loads(capsys.readouterr().out)) == {"code", "detail", "hint"}


def surprise(seen: Seen, allowed: np.ndarray, doubt: float) -> float:
    """What one picture costs that may be any of the stages allowed."""
    lesson = lessons_of([window_of(well())], [allowed])
    return float(loss_of(seen, lesson, Recipe(steps=1, doubt=doubt)))


def test_a_coarse_label_is_met_by_any_stage_it_holds() -> None:
    seen = Seen(torch.full((1, 19), -20.0), torch.zeros(1, 5), torch.zeros(1, 4), torch.zeros(1))
    seen.stages[0, [STAGES.index(Phase.T4), STAGES.index(Phase.T5)]] = 0.0
    assert surprise(seen, any_of(Coarse.CLEAVAGE), 0.0) == pytest.approx(0, abs=1e-4)
    assert surprise(seen, exactly(Phase.T4), 0.0) == pytest.approx(np.log(2), abs=1e-4)


def test_a_wrong_label_can_only_cost_so_much() -> None:
    seen = Seen(torch.full((1, 19), -50.0), torch.zeros(1, 5), torch.zeros(1, 4), torch.zeros(1))
    seen.stages[0, 0] = 50.0
    assert surprise(seen, exactly(Phase.THB), 0.1) < 6


def test_augmented_windows_stay_crops_and_differ() -> None:
    window = window_of(well(cells=4))
    assert window.shape == (WINDOW, WINDOW)
    one, other = (augmented(window, np.random.default_rng(seed)) for seed in (1, 2))
    assert one.shape == (SIZE, SIZE)
    assert np.isfinite(one).all()
    assert np.abs(one - other).mean() > 0.05


def test_a_stopped_training_goes_on_to_the_same_net(tmp_path: Path) -> None:
    windows = [window_of(well(cells=cells, seed=seed)) for seed in range(3) for cells in (1, 4)]
    lessons = lessons_of(windows, [exactly(stage) for _ in range(3) for stage in (Phase.TPNA, Phase.T4)])
    recipe = Recipe(steps=4, batch=4, steps_an_epoch=2)
    whole = learn(lessons, recipe, tmp_path / "whole", shape=TINY, threads=1, say=quiet)

    class Stopped(Exception):
        """The power went."""

    def stop(said: str) -> None:
        if json.loads(said)["step"] == 2:
            raise Stopped

    with pytest.raises(Stopped):
        learn(lessons, recipe, tmp_path / "cut", shape=TINY, threads=1, say=stop)
    heard: list[str] = []
    resumed = learn(lessons, recipe, tmp_path / "cut", shape=TINY, threads=1, say=heard.append)
    assert heard[0] == "resuming after step 2"
    for name, value in whole.state_dict().items():
        assert torch.allclose(value, resumed.state_dict()[name], atol=1e-5), name


def test_labels_teach_a_net_that_names_embryos_it_never_saw(tmp_path: Path) -> None:
    data = lab(tmp_path / "lab", 12, FRAMES)
    plan = Plan(fine=replace(BRISK, steps=2), scratch=BRISK, shape=TINY, threads=1)
    answer = make_weights(
        data, tmp_path / "out", plan, start=None, beside_scratch=True, work=tmp_path / "work", command="the command", say=quiet
    )
    assert answer["pictures"] == 27
    assert answer["scratch"]["dev"]["pictures"] == 9
    assert answer["scratch"]["dev"]["accuracy3"] >= 0.85
    manifest = (tmp_path / "out" / "manifest.toml").read_text()
    assert str(tmp_path) not in manifest + (tmp_path / "out" / "card.md").read_text()

    start, work = tmp_path / "out", tmp_path / "other"
    finer = make_weights(data, tmp_path / "finer", plan, start=start, beside_scratch=False, work=work, command="the command", say=quiet)
    assert finer["fine_tuned"]["dev"]["pictures"] == 9
    assert "scratch" not in finer


def test_hours_alone_teach_what_single_pictures_then_tell(tmp_path: Path) -> None:
    data = lab(tmp_path / "lab", 12, FRAMES)
    # A net as small as this is seldom surer.
    plan = AdaptingPlan(guess=replace(BRISK, steps=80), last=BRISK, rounds=1, shape=TINY, threads=1, agreed=0.6)
    answer = adapt(data, tmp_path / "out", plan, Clock(10, 0), start=None, work=tmp_path / "work", command="the command", say=quiet)
    assert answer["embryos"] == 9
    assert answer["frames"] == 27
    assert answer["dev"]["accuracy3"] >= 0.85
    assert answer["dev"]["sequence_accuracy3"] >= 0.85


def test_recordings_all_of_one_phase_teach_nothing_and_are_refused(tmp_path: Path) -> None:
    data = lab(tmp_path / "lab", 5, ((10, 1, 1), (20, 1, 1)), labels=False)
    with pytest.raises(DetectorError) as refusal:
        adapt(data, tmp_path / "out", AdaptingPlan(), Clock(10, 0), start=None, work=tmp_path / "work", command="", say=quiet)
    assert refusal.value.code == "recordings_too_short"
    assert not (tmp_path / "out").exists()


def test_serving_needs_neither_torch_nor_transformers(weights: Path, tmp_path: Path) -> None:
    import subprocess
    import sys

    home = lab(tmp_path / "lab", 1, FRAMES[:1], labels=False) / "e000" / "0060.png"
    code = (
        "import sys; from detector.__main__ import main; "
        f"main(['phase', {str(home)!r}, '--stager', {str(weights)!r}]); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
