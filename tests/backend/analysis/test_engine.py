"""A run from its claim to its end, with a real recording, a real decoder process and the exact detector."""

from __future__ import annotations

import io
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection
from PIL import Image

from backend.accounts.actor import actor_for
from backend.analysis import engine
from backend.analysis.models import Alert, ContentChange, KeyFrame, Placements, Run, Well
from backend.analysis.selectors import snapshot
from backend.analysis.serializers import DishSnapshotOut
from backend.analysis.services import cancel_run
from backend.core.files import ContentStore
from backend.core.jobs import draining
from backend.live.models import LoggedEvent
from backend.registry.models import Weights
from tests.backend.analysis.page import Page
from tests.cast import Cast
from tests.exact.recording import HEIGHT, STARTS, WIDTH, content_at, write_zip
from tests.exact.weights import write_weights

pytestmark = pytest.mark.django_db(transaction=True)
Ask = Callable[..., Run]
CHANGES = {12: {(0, 0): "embryo", (1, 2): "empty"}}


def events_of(run: Run) -> list[LoggedEvent]:
    return list(LoggedEvent.objects.filter(topic=f"dish.{run.stack.dish_id}").order_by("seq"))


def executed(run: Run) -> Run:
    engine.execute(run.id)
    return Run.objects.select_related("stack__dish", "weights").get(id=run.id)


def test_a_run_finds_every_well_its_content_and_when_it_changes(recorded: Any, ask: Ask) -> None:
    run = executed(ask(recorded(frames=40, changes=CHANGES)))
    assert (run.state, run.layout, run.frames_done, run.frames_total, run.usable_frames, run.error) == ("finished", "3x3", 40, 40, 40, None)
    held = content_at(39, CHANGES)
    assert {(well.row, well.column): well.content for well in Well.objects.filter(run=run)} == held
    changes = ContentChange.objects.filter(run=run).values_list("frame_index", "row", "column", "previous", "content")
    assert list(changes) == [(12, 0, 0, "empty", "embryo"), (12, 1, 2, "gas", "empty")]
    assert list(Alert.objects.filter(run=run).values_list("kind", "frame_index", "place")) == [("gas_in_well", 0, "B3")]
    first = KeyFrame.objects.get(run=run, frame_index=0)
    assert {(well["row"], well["column"]): well["content"] for well in first.wells} == held | STARTS | {(0, 0): "empty"}


def test_at_the_end_a_well_is_what_it_was_most_of_the_time_and_the_change_keeps_its_frame(recorded: Any, ask: Ask) -> None:
    run = executed(ask(recorded(frames=40, changes={30: {(0, 0): "embryo"}})))
    well = Well.objects.get(run=run, row=0, column=0)
    assert (well.content, well.is_filled_in) == ("empty", False)
    assert 0.6 < well.confidence < 0.9
    assert well.content_probabilities["embryo"] == pytest.approx(0.25, abs=0.05)
    assert list(ContentChange.objects.filter(run=run).values_list("frame_index", "content")) == [(30, "embryo")]
    told = next(event.payload for event in events_of(run) if event.type == "dish.settled")
    assert [held["content"] for held in told["wells"]] == list(Well.objects.filter(run=run).values_list("content", flat=True))


def test_the_plane_in_focus_is_analysed_although_another_one_is_first(recorded: Any, ask: Ask, tmp_path: Path) -> None:
    """The first plane holds one blank picture, as microscopes leave behind where a plane was added or dropped."""
    sharp = write_zip(tmp_path / "sharp.zip", 4)
    with zipfile.ZipFile(sharp) as source, zipfile.ZipFile(tmp_path / "planes.zip", "w") as target:
        blank = io.BytesIO()
        Image.new("L", (WIDTH, HEIGHT), 120).save(blank, "JPEG")
        target.writestr("F-15/001.jpg", blank.getvalue())
        for number, name in enumerate(sorted(source.namelist()), start=1):
            target.writestr(f"F0/{number:03d}.jpg", source.read(name))
    stack = recorded(path=tmp_path / "planes.zip")
    assert (stack.planes, stack.default_plane) == ([-15.0, 0.0], 1)
    run = executed(ask(stack))
    assert (run.state, run.plane, run.usable_frames, Well.objects.filter(run=run).count()) == ("finished", 1, 4, 9)


def test_every_frame_has_its_placement_once_and_in_order(recorded: Any, ask: Ask) -> None:
    run = executed(ask(recorded(frames=40)))
    batches = list(Placements.objects.filter(run=run).order_by("first_frame"))
    frames = [batch.first_frame + n for batch in batches for n in range(len(batch.rows))]
    assert frames == list(range(40))
    for scale, rotation_rad, dx_px, dy_px, is_usable, gas_outside in (row for batch in batches for row in batch.rows):
        assert scale == pytest.approx(1, abs=0.01)
        assert (rotation_rad, dx_px, dy_px) == pytest.approx((0, 0, 0), abs=1)
        assert (is_usable, gas_outside) == (1, 0)


def test_events_are_gapless_and_wells_come_first(recorded: Any, ask: Ask) -> None:
    run = executed(ask(recorded(frames=40, changes=CHANGES)))
    events = events_of(run)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    types = [event.type for event in events]
    assert types[:4] == ["dish.changed", "run.queued", "run.started", "wells.found"]
    assert types[-1] == "run.ended"
    assert types.count("dish.settled") == 1
    assert types.count("well.classified") == 2


def test_wells_of_the_first_frame_are_out_before_the_second_is_read(recorded: Any, ask: Ask, tmp_path: Path) -> None:
    """The second frame cannot be read at all, and yet the first one's wells are there."""
    whole, damaged = write_zip(tmp_path / "whole.zip", 30), tmp_path / "damaged.zip"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(damaged, "w") as target:
        for number, name in enumerate(source.namelist()):
            data = source.read(name)
            middle = len(data) // 2
            target.writestr(name, data if number != 1 else data[:middle] + b"\xff\xc4" * 200 + data[middle + 400 :])
    run = executed(ask(recorded(path=damaged)))
    assert (run.state, run.error["code"], run.attempts) == (Run.State.FAILED, "picture_damaged", 1)
    assert Well.objects.filter(run=run).count() == 9
    types = [event.type for event in events_of(run)]
    assert types.index("wells.found") < types.index("run.ended")


def test_snapshot_and_events_together_are_a_fresh_snapshot(recorded: Any, ask: Ask, cast: Cast) -> None:
    run = ask(recorded(frames=40, changes=CHANGES))
    actor = actor_for(cast.embryologist)

    def seen() -> dict[str, Any]:
        return DishSnapshotOut(snapshot(run.stack.dish_id, actor)).data

    page = Page(seen())
    executed(run)
    for event in events_of(run):
        page.apply(event.seq, event.payload)
    assert page.state == Page(seen()).state


def test_a_message_that_comes_ten_times_is_worked_on_once(recorded: Any, ask: Ask) -> None:
    run = ask(recorded(frames=12))
    for _ in range(10):
        engine.execute(run.id)
    run.refresh_from_db()
    assert (run.state, run.attempts) == (Run.State.FINISHED, 1)
    assert [event.type for event in events_of(run)].count("run.started") == 1
    assert Well.objects.count() == 9


def test_weights_that_were_changed_on_disk_are_refused_also_when_they_are_warm(recorded: Any, ask: Ask, weights: Weights) -> None:
    executed(ask(recorded("D1", frames=4)))
    with (Path(weights.folder) / "weights.zip").open("ab") as file:
        file.write(b"\0")
    run = executed(ask(recorded("D2", frames=4)))
    assert (run.state, run.error["code"], run.attempts) == (Run.State.FAILED, "weights_tampered", 1)
    assert run.error["hint"]


def test_weights_that_were_exchanged_with_their_manifest_are_refused(recorded: Any, ask: Ask, weights: Weights) -> None:
    run = ask(recorded(frames=4))
    write_weights(Path(weights.folder).parent, bias=0.002)
    assert executed(run).error["code"] == "weights_tampered"


def test_a_failure_of_our_own_is_tried_three_times_and_then_quarantined(recorded: Any, ask: Ask) -> None:
    run = ask(recorded(frames=4))
    ContentStore().path_of(run.stack.sha256).unlink()
    states = [executed(run).state for _ in range(3)]
    run.refresh_from_db()
    assert states == [Run.State.QUEUED, Run.State.QUEUED, Run.State.QUARANTINED]
    assert run.error["code"] == "detector_crashed"
    assert str(run.stack.sha256) not in run.error["detail"]


@pytest.fixture
def slow_run(recorded: Any, ask: Ask, settings: Any, weights: Weights) -> Run:
    """Takes a few seconds."""
    from backend.registry.services import scan_weights

    write_weights(settings.WEIGHTS_DIR, "slow", slowness=2)
    scan_weights()
    return ask(recorded(frames=200), Weights.objects.get(name="slow"))


def during(run: Run, act: Callable[[], object]) -> threading.Thread:
    """Do something in another thread once the first wells of the run are there."""

    def wait_and_act() -> None:
        try:
            while not KeyFrame.objects.filter(run=run).exists():
                time.sleep(0.02)
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def test_a_running_run_stops_within_a_batch_when_it_is_cancelled(slow_run: Run, cast: Cast) -> None:
    thread = during(slow_run, lambda: cancel_run(run=slow_run, by=cast.embryologist, actor=actor_for(cast.embryologist)))
    run = executed(slow_run)
    thread.join()
    assert run.state == Run.State.CANCELLED
    assert run.frames_done < 200
    assert [event.type for event in events_of(run)][-1] == "run.ended"


def test_a_worker_that_ends_hands_its_run_back_without_counting_the_attempt(slow_run: Run) -> None:
    thread = during(slow_run, draining.begin)
    try:
        run = executed(slow_run)
    finally:
        thread.join()
        draining.end()
    assert (run.state, run.attempts, run.lease_token) == (Run.State.QUEUED, 0, None)
    assert not KeyFrame.objects.exists()
    assert executed(run).state == Run.State.FINISHED


def test_a_decoder_that_dies_costs_an_attempt_and_not_the_run(slow_run: Run) -> None:
    """A recording's own fault is final, a decoder's death may pass."""
    before = set(psutil.Process().children())

    def kill_decoder() -> None:
        for process in set(psutil.Process().children()) - before:
            process.kill()

    thread = during(slow_run, kill_decoder)
    run = executed(slow_run)
    thread.join()
    assert (run.state, run.attempts, run.error["code"]) == (Run.State.QUEUED, 1, "decoder_crashed")
    assert not KeyFrame.objects.exists()


def test_the_detector_in_use_is_loaded_before_the_first_run_and_where_there_is_none_nothing_breaks(
    settings: Any, caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> None:
    engine._warm().clear()
    engine.warm_up()
    assert "No detector is warm yet" in caplog.text
    weights = request.getfixturevalue("weights")
    engine.warm_up()
    assert (weights.sha256 in engine._warm(), len(engine._warm())) == (True, 1)


def test_a_worker_that_lost_its_lease_writes_nothing_more(slow_run: Run) -> None:
    def take_away() -> None:
        Run.objects.filter(id=slow_run.id).update(state=Run.State.QUEUED, lease_token=None, lease_until=None)

    thread = during(slow_run, take_away)
    run = executed(slow_run)
    thread.join()
    assert run.state == Run.State.QUEUED
    assert "run.ended" not in [event.type for event in events_of(run)]
