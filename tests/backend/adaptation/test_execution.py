"""From analysed dishes to a candidate, with real recordings, real decoders and the detector's real commands."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection
from PIL import Image

from backend.accounts.actor import actor_for
from backend.adaptation import cutting, execution
from backend.adaptation.models import Adaptation, home_of
from backend.adaptation.selectors import recordings_among
from backend.adaptation.services import cancel_adaptation
from backend.audit.models import Entry
from backend.core.jobs import draining
from backend.core.jobs.models import State
from backend.core.jobs.transitions import end
from backend.imaging.models import Stack
from backend.registry.models import Weights
from backend.registry.selectors import active_weights
from backend.registry.services import scan_weights
from tests.backend.adaptation.conftest import FRAMES, START_HPI, MakeStack
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
Ask = Callable[..., Adaptation]


def executed(adaptation: Adaptation) -> Adaptation:
    execution.execute(adaptation.id)
    return Adaptation.objects.select_related("weights", "start").get(id=adaptation.id)


def test_a_labs_dishes_become_a_candidate_beside_the_weights_in_use(
    three_dishes: list[Stack], stager: Weights, ask: Ask, cast: Cast, settings: Any
) -> None:
    ended = executed(ask())
    assert (ended.state, ended.error, ended.attempts) == ("finished", None, 1)
    assert ended.facts["embryos"] == 7
    assert ended.facts["frames"] == 7 * FRAMES
    told = ended.comparison
    assert (told["embryos"], told["first"].keys(), told["second"].keys()) == (
        2,
        {"unread", "pairs", "backwards", "mean_confidence"},
        {"unread", "pairs", "backwards", "mean_confidence"},
    )
    assert 0 <= told["agreement"] <= 1
    candidate = ended.weights
    assert (candidate.state, candidate.lab, candidate.task) == ("candidate", cast.lab, "stages")
    assert Path(candidate.folder).is_relative_to(settings.LAB_WEIGHTS_DIR)
    assert active_weights("stages") == stager
    assert list(Path(settings.ADAPT_DIR).iterdir()) == []
    actions = Entry.objects.filter(lab_id=cast.lab.id, action__startswith="adaptation.").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["adaptation.requested", "adaptation.finished"]
    scan_weights()
    candidate.refresh_from_db()
    assert (candidate.state, active_weights("stages")) == ("candidate", stager)


def test_pictures_are_named_after_their_minute_and_every_fifth_embryo_is_held_back(
    three_dishes: list[Stack], tmp_path: Path, cast: Cast
) -> None:
    recordings = recordings_among([stack.id for stack in three_dishes], cast.lab.id)
    plans = cutting.plan(recordings, tmp_path / "learning", tmp_path / "held-back")
    heard: list[tuple[int, int]] = []
    cutting.cut(plans, lambda done, total: heard.append((done, total)))
    assert sorted(path.name for path in (tmp_path / "held-back").iterdir()) == ["e00002", "e00007"]
    assert len(list((tmp_path / "learning").iterdir())) == 7
    names = sorted(path.name for path in (tmp_path / "learning" / "e00000").iterdir())
    assert names == [f"{round(60 * (START_HPI + 4 * number)):05d}.png" for number in range(FRAMES)]
    assert heard[-1] == (3 * FRAMES, 3 * FRAMES)
    # The floor is bright, the embryo in its middle darker: the cut lies on the well.
    with Image.open(tmp_path / "learning" / "e00000" / names[0]) as picture:
        assert picture.mode == "L"
        width, height = picture.size
        assert abs(width - height) <= 1
        assert picture.getpixel((width // 2, height // 2)) < 150 < picture.getpixel((width // 2, height // 5))


def test_recordings_that_show_too_little_are_refused_in_the_labs_own_words(analysed: MakeStack, stager: Weights, ask: Ask) -> None:
    for number in range(3):
        analysed(f"D{number}", seed=number, frames=3)
    ended = executed(ask())
    assert (ended.state, ended.attempts, ended.error["code"], ended.weights) == ("failed", 1, "recordings_too_short", None)
    assert "--" not in ended.error["detail"] + ended.error["hint"]


def test_weights_that_were_changed_on_disk_are_not_gone_on_from(
    three_dishes: list[Stack], stager: Weights, ask: Ask, settings: Any
) -> None:
    adaptation = ask()
    with (Path(stager.folder) / "weights.zip").open("ab") as file:
        file.write(b"\0")
    ended = executed(adaptation)
    assert (ended.state, ended.error["code"]) == ("failed", "weights_tampered")
    assert not home_of(ended.id).exists()


@pytest.fixture
def long(three_dishes: list[Stack], stager: Weights, ask: Ask, settings: Any) -> Adaptation:
    """Would learn for hours."""
    settings.ADAPT_STEPS = 300_000
    return ask()


def during(adaptation: Adaptation, act: Callable[[], object]) -> threading.Thread:
    """Do something in another thread once the detector's command has begun."""

    def wait_and_act() -> None:
        try:
            while Adaptation.objects.get(id=adaptation.id).progress.get("stage") != "learning" or not learners():
                time.sleep(0.05)
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def learners() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "adapt" in child.cmdline()]


def worked_on(adaptation: Adaptation, act: Callable[[], object]) -> Adaptation:
    thread = during(adaptation, act)
    ended = executed(adaptation)
    thread.join()
    assert learners() == []
    return ended


def test_a_cancelled_adaptation_stops_its_learner_and_leaves_nothing(long: Adaptation, cast: Cast) -> None:
    ended = worked_on(long, lambda: cancel_adaptation(adaptation=long, by=cast.lab_admin, actor=actor_for(cast.lab_admin)))
    assert (ended.state, ended.weights) == ("cancelled", None)
    assert not home_of(long.id).exists()


def test_a_worker_that_ends_hands_it_back_with_its_pictures_and_without_counting_the_attempt(long: Adaptation) -> None:
    try:
        waiting = worked_on(long, draining.begin)
    finally:
        draining.end()
    assert (waiting.state, waiting.attempts, waiting.lease_token) == ("queued", 0, None)
    left = home_of(long.id) / "handed-back"
    assert (left / "cut").exists()
    assert len(list((left / "learning").iterdir())) == 7


def test_a_learner_that_is_killed_costs_an_attempt_and_leaves_no_scratch(long: Adaptation) -> None:
    waiting = worked_on(long, lambda: [learner.kill() for learner in learners()])
    assert (waiting.state, waiting.attempts, waiting.error["code"]) == ("queued", 1, "learner_failed")
    assert not home_of(long.id).exists()


def test_a_worker_that_lost_its_lease_stops_its_learner_and_writes_nothing(long: Adaptation, settings: Any) -> None:
    settings.RUN_LEASE_S = 3
    taken = worked_on(
        long, lambda: Adaptation.objects.filter(id=long.id).update(state="queued", lease_token=None, lease_until=None, progress={})
    )
    assert (taken.state, taken.progress, taken.attempts) == ("queued", {}, 1)


def test_a_message_that_comes_again_after_the_end_does_nothing(known: MakeStack, in_use: Weights, ask: Ask) -> None:
    known()
    adaptation = ask()
    end(adaptation, State.CANCELLED)
    assert executed(adaptation).attempts == 0
