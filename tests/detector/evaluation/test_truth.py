"""Truth: rendered or read from a folder, in one form; what cannot be read is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from detector.errors import DetectorError
from detector.evaluation.truth import FIRST_SEED, SETTINGS, read_folder, rendered
from detector.synth import DEMO, render_dish
from detector.training import wells_shipped
from detector.types import Content, Layout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    import cv2

    shown = render_dish(91, DEMO)
    cv2.imwrite(str(tmp_path / "a.png"), shown.image)
    (tmp_path / "truth.json").write_text(json.dumps([shown.truth.as_dict("a.png")]))
    return tmp_path


def test_a_folder_is_read_with_its_truth(folder: Path) -> None:
    (shown,) = read_folder(folder)
    truth = render_dish(91, DEMO).truth
    assert (shown.layout, shown.is_usable, len(shown.wells)) == (truth.layout, True, len([w for w in truth.wells if w.visible >= 0.5]))
    assert shown.wells[0].content is truth.wells[0].content
    assert shown.image.shape == (736, 1024)


def test_unsure_contents_and_missing_flags_are_understood(folder: Path) -> None:
    entry = {"file": "a.png", "wells": [{"row": 0, "column": 1, "box": [1, 2, 3, 4], "content": "gas", "content_unsure": True}]}
    (folder / "truth.json").write_text(json.dumps([entry, {"file": "a.png", "layout": "4x3", "wells": []}]))
    first, second = read_folder(folder)
    assert (first.wells[0].content, first.wells[0].is_content_sure, first.layout, first.is_usable) == (Content.GAS, False, None, True)
    assert (second.layout, second.is_usable) == (Layout(4, 3), False)


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        {"file": "a.png"},
        [{"wells": []}],
        [{"file": "a.png"}],
        [{"file": "a.png", "wells": [{"row": 0, "column": 0, "box": [1, 2, 3], "content": "gas"}]}],
        [{"file": "a.png", "wells": [{"row": 0, "column": 0, "box": [1, 2, 3, 4], "content": "water"}]}],
    ],
)
def test_truth_of_another_form_is_refused(folder: Path, content: Any) -> None:
    (folder / "truth.json").write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(DetectorError) as refusal:
        list(read_folder(folder))
    assert refusal.value.code == "bad_truth"


def test_truth_reaches_no_picture_outside_its_folder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.png"
    outside.write_bytes((folder / "a.png").read_bytes())
    (folder / "truth.json").write_text(json.dumps([{"file": str(outside), "wells": []}]))
    with pytest.raises(DetectorError):
        list(read_folder(folder))


def test_renderings_to_judge_by_are_none_that_nets_were_trained_on() -> None:
    seeds = [wells_shipped.TRAINING_SEEDS, wells_shipped.CHOOSING_SEEDS, wells_shipped.TEST_SEEDS]
    assert min(FIRST_SEED - seed for seed in seeds) > 1_000_000


@pytest.mark.parametrize("kind", sorted(SETTINGS))
def test_the_same_seed_gives_the_same_picture(kind: str) -> None:
    (first,), (again,) = list(rendered(kind, 1)), list(rendered(kind, 1))
    assert (first.image == again.image).all()
    assert first.wells == again.wells
