"""The suite's own rules, tried on a small suite of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SKIPPING = {
    "in the test": "import pytest\n\ndef test_it():\n    pytest.skip('no')\n",
    "by a mark": "import pytest\n\n@pytest.mark.skipif(True, reason='no')\ndef test_it():\n    pass\n",
    "of the module": "import pytest\n\npytest.importorskip('no_such_module')\n\ndef test_it():\n    pass\n",
}


SIDE_BY_SIDE = ["-p", "xdist.plugin", "-n", "2", "--dist", "loadfile"]


def run_suite(folder: Path, code: str, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one test module under the hooks of tests/honesty.py."""
    (folder / "test_small.py").write_text(code)
    options = [*more, "-q", "-p", "tests.honesty", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir"]
    command = [sys.executable, "-m", "pytest", *options, str(folder), str(folder)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("options", [[], SIDE_BY_SIDE], ids=["alone", "side by side"])
@pytest.mark.parametrize("way", sorted(SKIPPING))
def test_under_ci_a_skipped_test_has_failed(tmp_path: Path, way: str, options: list[str]) -> None:
    assert run_suite(tmp_path, SKIPPING[way], *options, CI="").returncode in (0, 5)
    done = run_suite(tmp_path, SKIPPING[way], *options, CI="true")
    assert done.returncode not in (0, 5), done.stdout
    assert "skipped" in done.stdout


def test_tests_on_real_images_are_left_out_openly_where_there_are_none(tmp_path: Path) -> None:
    code = "import pytest\n\n@pytest.mark.real_data\ndef test_it():\n    assert False\n\ndef test_other():\n    pass\n"
    hidden = f"import tests.honesty, pathlib\ntests.honesty.REAL_DATA = pathlib.Path({str(tmp_path / 'nothing')!r})\n"
    done = run_suite(tmp_path, hidden + code, CI="true")
    assert done.returncode == 0, done.stdout
    assert "1 passed, 1 deselected" in done.stdout
