"""Profiles from a shell, on a data folder that nobody has prepared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.detector.stages_sequence.tiny import untrained_stager
from tests.exact.recording import write_zip
from tests.exact.weights import write_weights
from tests.running.product import Installation


def test_one_command_tells_the_profile_of_every_embryo_in_figures_and_in_words(
    install: Callable[..., Installation], tmp_path: Path
) -> None:
    write_weights(tmp_path / "weights")
    untrained_stager(tmp_path / "weights" / "tiny")
    installation = install(WEIGHTS_DIR=str(tmp_path / "weights"))
    recording = str(write_zip(tmp_path / "dish.zip", 12))
    told = json.loads(installation.manage("analyse", recording, "--start-hpi", "20", "--json"))
    embryos = [chr(ord("A") + well["row"]) + str(well["column"] + 1) for well in told["dish"]["wells"] if well["content"] == "embryo"]
    assert [profile["name"] for profile in told["profiles"]] == embryos
    assert all(profile["is_final"] and profile["last"]["hours_post_insemination"] >= 20 for profile in told["profiles"])
    words = installation.manage("analyse", recording, "--start-hpi", "20")
    for name in embryos:
        assert f"\n{name}: " in words
