"""Hostile files: each is answered with its own reason, and does nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.admission.admitting import admit
from detector.admission.sandbox import Holds
from detector.errors import WeightsError
from tests.detector.admission.building import checkpoint, number, row, state, storage, tensor, text, yolo
from tests.detector.admission.conftest import SECRET
from tests.detector.admission.hostile import TRIED, UNOPENED, Trap

NOTHING = bytes(16)


def refusal(data: bytes, folder: Path, holds: Holds, **more: object) -> WeightsError:
    file, out = folder / "brought", folder / "weights"
    file.write_bytes(data)
    with pytest.raises(WeightsError) as told:
        admit(file, out, holds=holds, **more)  # type: ignore[arg-type]
    assert not out.exists()
    assert told.value.detail
    assert told.value.hint
    assert SECRET not in f"{told.value.detail} {told.value.hint}"
    return told.value


def test_there_are_more_than_forty_of_them() -> None:
    assert len(UNOPENED) + len(TRIED) > 80
    assert len({code for code, _ in (UNOPENED | TRIED).values()}) > 30


@pytest.mark.parametrize("name", UNOPENED)
def test_a_hostile_file_is_refused_unopened_with_its_reason(name: str, trap: Trap, tmp_path: Path, holds: Holds) -> None:
    code, make = UNOPENED[name]
    assert refusal(make(trap), tmp_path, holds).code == code


@pytest.mark.parametrize("name", TRIED)
def test_a_net_that_answers_nonsense_is_refused_after_it_was_tried(name: str, trap: Trap, tmp_path: Path, holds: Holds) -> None:
    code, make = TRIED[name]
    assert refusal(make(trap), tmp_path, holds).code == code


def test_a_net_that_cannot_be_built_or_filled_is_refused(trap: Trap, tmp_path: Path, holds: Holds) -> None:
    infinite = checkpoint(state(a=tensor()), {"0": b"\x00\x00\x80\x7f" * 4})
    assert refusal(infinite, tmp_path, holds).code == "not_finite"
    foreign = checkpoint(state(a=tensor()), {"0": NOTHING})
    assert refusal(foreign, tmp_path, holds).code == "checkpoint_shape"
    odd = checkpoint(yolo(backbone=row("Concat", b"](" + number(1) + b"e")), {"0": NOTHING})
    assert refusal(odd, tmp_path, holds).code == "plan_refused"


def test_a_file_that_is_no_file_is_refused(tmp_path: Path, holds: Holds) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(WeightsError) as told:
        admit(tmp_path / "link", tmp_path / "weights", holds=holds)
    assert told.value.code == "file_missing"


def test_reading_that_never_ends_is_ended(trap: Trap, tmp_path: Path, holds: Holds) -> None:
    _, make = UNOPENED["onnx: a million nodes"]
    # No process starts within this, however quick the machine is.
    assert refusal(make(trap), tmp_path, holds, wall_s=0.005).code in ("timed_out", "server_busy")


def test_what_ultralytics_would_evaluate_never_reaches_it() -> None:
    from detector.admission.checkpoints import read_checkpoint

    evil = yolo(activation=text("__import__('os').system('true')"))
    with pytest.raises(WeightsError, match="names the activation"):
        read_checkpoint(checkpoint(evil, {"0": NOTHING}))
    assert read_checkpoint(checkpoint(yolo(activation=text("nn.SiLU()")), {"0": NOTHING})).said["plan"]["activation"] == "nn.SiLU()"


def test_storages_of_every_kind_are_measured() -> None:
    from detector.admission.checkpoints import read_checkpoint

    for kind, size in (("HalfStorage", 2), ("BFloat16Storage", 2), ("LongStorage", 8), ("BoolStorage", 1)):
        read_checkpoint(checkpoint(state(a=tensor(storage(kind=kind))), {"0": bytes(4 * size)}))
        with pytest.raises(WeightsError, match="storage_size"):
            read_checkpoint(checkpoint(state(a=tensor(storage(kind=kind))), {"0": bytes(4 * size + 1)}))
    with pytest.raises(WeightsError, match="pickle_class"):
        read_checkpoint(checkpoint(state(a=tensor(storage(kind="EvilStorage"))), {"0": NOTHING}))
