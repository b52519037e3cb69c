"""What becomes of findings that correct or resemble earlier ones, in the tables and on an open page alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from backend.accounts.actor import actor_for
from backend.analysis.batch import Batch
from backend.analysis.models import Alert, Run, Well
from backend.analysis.selectors import snapshot
from backend.analysis.serializers import DishSnapshotOut
from backend.live.models import LoggedEvent
from detector.types import AlertRaised, Box, Content, ContentChanged, DishSettled, Finding, FrameResult, Layout, WellsFound
from detector.types import Well as SeenWell
from tests.backend.analysis.page import Page
from tests.cast import Cast

Ask = Callable[..., Run]
GUESSED, RIGHT = Layout(3, 3), Layout(2, 2)


@pytest.fixture
def run(stack_of: Any, ask: Ask) -> Run:
    return ask(stack_of())


@pytest.fixture
def page(run: Run, cast: Cast) -> Callable[[], Page]:
    """A page that was opened before anything was found and has heard everything since."""
    actor = actor_for(cast.embryologist)

    def seen() -> dict[str, Any]:
        return DishSnapshotOut(snapshot(run.stack.dish_id, actor)).data

    early = Page(seen())

    def now() -> Page:
        for event in LoggedEvent.objects.filter(topic=f"dish.{run.stack.dish_id}").order_by("seq"):
            early.apply(event.seq, event.payload)
        assert early.state == Page(seen()).state
        return early

    return now


def write(run: Run, *findings: Finding) -> None:
    """One of the recorder's writes."""
    with transaction.atomic():
        batch = Batch(run)
        for finding in findings:
            batch.add(finding)
        batch.store()
        run.save()


def seen(row: int, column: int, content: Content = Content.EMPTY, confidence: float = 0.9) -> SeenWell:
    box = Box(100.0 * column, 100.0 * row, 100.0 * column + 80, 100.0 * row + 80)
    return SeenWell(row, column, box, content, confidence, {content: confidence})


def found(frame: int, layout: Layout, *, is_sure: bool = True, without: tuple[int, int] | None = None) -> WellsFound:
    places = [(row, column) for row in range(layout.rows) for column in range(layout.columns) if (row, column) != without]
    wells = tuple(seen(*place) for place in places)
    return WellsFound(FrameResult(frame, 400, 400, layout, wells, True, False, "", 0.5, is_sure))


def names(run: Run) -> list[str]:
    return [str(well) for well in Well.objects.filter(run=run)]


def write_in(writes: int, run: Run, *findings: Finding) -> None:
    for part in [findings] if writes == 1 else [[finding] for finding in findings]:
        write(run, *part)


@pytest.mark.parametrize("is_sure", [False, True])
@pytest.mark.parametrize("writes", [1, 2])
def test_wells_of_a_layout_that_was_corrected_are_gone(writes: int, is_sure: bool, run: Run, page: Callable[[], Page]) -> None:
    write_in(writes, run, found(0, GUESSED, is_sure=is_sure), found(3, RIGHT))
    assert names(run) == ["A1", "A2", "B1", "B2"]
    assert page().state["run"]["layout"] == "2x2"


def test_what_an_unsure_grid_called_a_well_is_gone_although_the_layout_stays(run: Run, page: Callable[[], Page]) -> None:
    write(run, found(0, RIGHT, is_sure=False))
    write(run, found(3, RIGHT, without=(0, 0)))
    assert names(run) == ["A2", "B1", "B2"]
    page()


@pytest.mark.parametrize("writes", [1, 2])
def test_a_well_that_left_the_picture_stays(writes: int, run: Run, page: Callable[[], Page]) -> None:
    write_in(writes, run, found(0, RIGHT), found(9, RIGHT, without=(0, 0)))
    assert names(run) == ["A1", "A2", "B1", "B2"]
    page()


def test_two_stray_wells_of_one_frame_are_two_alerts_and_one_told_twice_is_one(run: Run, page: Callable[[], Page]) -> None:
    first, second = (AlertRaised("stray_well", 0, f"a well at x {x}, y 20 belongs to no place of the dish") for x in (10, 300))
    write(run, first, second)
    write(run, second)
    assert list(Alert.objects.filter(run=run).values_list("detail", flat=True)) == [first.detail, second.detail]
    assert len(page().state["alerts"]) == 2


def test_the_end_settles_which_wells_there_are_and_what_they_held(run: Run, page: Callable[[], Page]) -> None:
    write(run, found(0, RIGHT), ContentChanged(5, seen(0, 1, Content.EMBRYO), Content.EMPTY))
    assert Well.objects.get(run=run, row=0, column=1).content == "embryo"
    settled = (seen(0, 0, Content.GAS, 0.7), seen(0, 1, Content.EMPTY, 0.6))
    write(run, DishSettled(Layout(1, 2), settled, usable_frames=9, frames=10))
    wells = Well.objects.filter(run=run).values_list("row", "column", "content", "confidence")
    assert list(wells) == [(0, 0, "gas", 0.7), (0, 1, "empty", 0.6)]
    assert (run.layout, run.usable_frames) == ("1x2", 9)
    page()
