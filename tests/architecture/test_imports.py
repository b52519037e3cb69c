from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]


def test_the_import_rules_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_pipeline_imports_values_and_protocols_and_nothing_else_of_ours() -> None:
    graph = grimp.build_graph("detector", include_external_packages=False, cache_dir=None)
    assert graph.find_modules_directly_imported_by("detector.pipeline") <= {"detector.types", "detector.protocols", "detector.enlarging"}
    # What carries values from smaller pictures to whole frames is arithmetic on values, no adapter.
    assert graph.find_modules_directly_imported_by("detector.enlarging") == {"detector.types", "detector.reducing"}
    assert graph.find_modules_directly_imported_by("detector.reducing") == set()
