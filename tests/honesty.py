"""What a green run means: nothing was skipped, and what was left out was said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
IS_SLOW = os.environ.get("SLOW", "") == "1"
IS_CI = os.environ.get("CI", "").lower() == "true"


def pytest_report_header() -> str:
    slow = "run" if IS_SLOW else "deselected unless SLOW=1 or -m slow asks for them"
    real = "found" if REAL_DATA.is_dir() else "absent, tests marked real_data are deselected"
    return f"real images: {real} ({REAL_DATA})\ntests marked slow: {slow}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What cannot or need not run here is left out: a skip would look like a test that could have run."""
    left_out = set() if REAL_DATA.is_dir() else {"real_data"}
    if not IS_SLOW and "slow" not in str(config.getoption("markexpr", "")):
        left_out.add("slow")
    absent = [item for item in items if any(item.get_closest_marker(name) for name in left_out)]
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Under CI a skipped test has failed: green must mean that everything ran."""
    report = yield
    if IS_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI accepts no skips: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):  # type: ignore[no-untyped-def]
    report = yield
    if IS_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped while it was collected: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images; only for tests marked real_data."""
    return REAL_DATA
