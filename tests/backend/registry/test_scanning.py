from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from backend.audit.models import Entry
from backend.core.errors import Refused
from backend.registry.models import Weights
from backend.registry.selectors import active_weights
from backend.registry.services import scan_weights
from tests.backend.conftest import ClientOf
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def make_weights(folder: Path, name: str, content: bytes = b"weights", **changes: str) -> Path:
    place = folder / name
    place.mkdir(parents=True)
    (place / "weights.onnx").write_bytes(content)
    fields = {
        "name": name,
        "task": "wells",
        "family": "yolo",
        "file": "weights.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        **changes,
    }
    lines = [f'{key} = "{value}"' for key, value in fields.items() if value]
    (place / "manifest.toml").write_text("\n".join([*lines, "created = 2026-01-02", "[metrics]", "recall = 1.0"]))
    return place


def standing(row: Weights) -> tuple[str, str]:
    return row.state, row.reason


def test_the_first_usable_weights_of_a_task_are_put_into_use_and_it_is_recorded(tmp_path: Path) -> None:
    make_weights(tmp_path, "a", b"a")
    make_weights(tmp_path, "b", b"b")
    scan_weights(tmp_path)
    assert active_weights("wells").name == "a"
    assert active_weights("wells").manifest["metrics"] == {"recall": 1.0}
    assert Weights.objects.get(name="b").state == "checked"
    scan_weights(tmp_path)
    assert Weights.objects.count() == 2
    assert Entry.objects.filter(action="weights.activated").count() == 1


def test_weights_that_are_in_use_stay_so_when_others_come(tmp_path: Path) -> None:
    make_weights(tmp_path, "b", b"b")
    scan_weights(tmp_path)
    make_weights(tmp_path, "a", b"a")
    scan_weights(tmp_path)
    assert active_weights("wells").name == "b"


def test_a_file_that_was_changed_is_unusable_with_the_reason_and_no_longer_in_use(tmp_path: Path) -> None:
    place = make_weights(tmp_path, "a")
    scan_weights(tmp_path)
    (place / "weights.onnx").write_bytes(b"something else")
    (row,) = scan_weights(tmp_path)
    assert row.state == "unusable"
    assert "not the one of the manifest" in row.reason
    with pytest.raises(Refused) as refused:
        active_weights("wells")
    assert refused.value.code == "no_weights"


def test_a_damaged_copy_does_not_take_the_good_one_down(tmp_path: Path) -> None:
    good = make_weights(tmp_path, "good")
    for name in ("a-copy", "z-copy"):
        shutil.copytree(good, tmp_path / name)
        (tmp_path / name / "weights.onnx").write_bytes(b"damaged")
    scan_weights(tmp_path)
    assert Path(active_weights("wells").folder).name == "good"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sha256": ""}, "does not name sha256"),
        ({"task": "", "family": ""}, "does not name task, family"),
        ({"file": "nothing.onnx"}, "nothing.onnx is missing"),
        ({"file": "../../../../etc/passwd"}, "passwd is missing"),
    ],
)
def test_a_manifest_that_says_too_little_or_points_elsewhere_is_unusable(tmp_path: Path, changes: dict[str, str], reason: str) -> None:
    make_weights(tmp_path, "a", **changes)
    (row,) = scan_weights(tmp_path)
    assert row.state == "unusable"
    assert reason in row.reason


def test_a_manifest_that_is_no_toml_does_not_stop_the_others(tmp_path: Path) -> None:
    make_weights(tmp_path, "good")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "manifest.toml").write_bytes(b"\xff\xfe not toml")
    scan_weights(tmp_path)
    assert active_weights("wells").name == "good"
    assert Weights.objects.get(name="bad").reason.startswith("manifest.toml cannot be read")


def test_weights_whose_folder_is_gone_are_unusable_and_come_back_with_it(tmp_path: Path) -> None:
    place = make_weights(tmp_path, "a")
    scan_weights(tmp_path)
    shutil.move(place, tmp_path.parent / "aside")
    assert scan_weights(tmp_path) == []
    assert standing(Weights.objects.get()) == ("unusable", "The weights folder is no longer there.")
    shutil.move(tmp_path.parent / "aside", place)
    scan_weights(tmp_path)
    assert standing(Weights.objects.get()) == ("checked", "")
    assert active_weights("wells").name == "a"


def test_everybody_signed_in_sees_the_weights_and_why_some_cannot_be_used(tmp_path: Path, cast: Cast, client_of: ClientOf) -> None:
    make_weights(tmp_path, "a")
    make_weights(tmp_path, "b", b"b", sha256="0" * 64)
    scan_weights(tmp_path)
    told = client_of(cast.viewer).get("/api/weights/").json()
    assert [(weights["name"], weights["state"]) for weights in told] == [("a", "active"), ("b", "unusable")]
    assert told[0]["manifest"]["created"] == "2026-01-02"
