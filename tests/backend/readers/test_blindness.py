from __future__ import annotations

import uuid
from typing import Any

import pytest

from backend.accounts.actor import actor_for
from backend.accounts.models import User
from backend.analysis.models import EmbryoProfile, Run
from backend.core.concealment import NOTHING, Hidden, hidden_in, hidden_places, refuse_if_hidden
from backend.core.errors import Refused
from backend.imaging.models import Stack
from backend.readers.models import Assignment, PersonalRule, ReviewSettings
from backend.review.models import Reading
from backend.review.services import FieldChange, change_reading, submit_reading
from tests.backend.readers.world import have_it_read_by
from tests.cast import Cast


def labs_rule(cast: Cast) -> None:
    ReviewSettings.objects.create(lab=cast.lab, blind_first=True)


def own_rule(cast: Cast, user: User, blind_first: bool) -> None:
    PersonalRule.objects.create(lab=cast.lab, user=user, blind_first=blind_first)


def asked(stack: Stack, reader: User, column: int = 0, *, is_blind: bool = True) -> None:
    Assignment.objects.create(stack=stack, row=0, column=column, reader=reader, is_blind=is_blind, by_name="x")


def hidden_of(user: User, stack: Stack) -> list[str]:
    return hidden_places(user.id, stack.id).among(["A1", "A2", "A3"])


def test_nothing_is_hidden_where_nobody_asked_for_it(cast: Cast, run: Run) -> None:
    assert hidden_places(cast.embryologist.id, run.stack_id) == NOTHING
    assert not NOTHING


def test_a_lab_that_reads_blind_first_hides_every_embryo_from_those_who_read(cast: Cast, run: Run) -> None:
    labs_rule(cast)
    for reader in (cast.embryologist, cast.colleague, cast.lab_admin):
        assert hidden_of(reader, run.stack) == ["A1", "A2", "A3"]


def test_a_viewer_can_submit_nothing_so_only_a_rule_of_their_own_hides_from_them(cast: Cast, run: Run) -> None:
    labs_rule(cast)
    assert hidden_of(cast.viewer, run.stack) == []
    own_rule(cast, cast.viewer, True)
    assert hidden_of(cast.viewer, run.stack) == ["A1", "A2", "A3"]


@pytest.mark.parametrize("lab_is_blind", [True, False])
def test_a_persons_own_rule_goes_before_the_labs(cast: Cast, run: Run, lab_is_blind: bool) -> None:
    if lab_is_blind:
        labs_rule(cast)
    own_rule(cast, cast.embryologist, not lab_is_blind)
    assert bool(hidden_places(cast.embryologist.id, run.stack_id)) is not lab_is_blind
    assert bool(hidden_places(cast.colleague.id, run.stack_id)) is lab_is_blind


def test_another_labs_rule_hides_nothing_here(cast: Cast, run: Run) -> None:
    ReviewSettings.objects.create(lab=cast.other_lab, blind_first=True)
    PersonalRule.objects.create(lab=cast.other_lab, user=cast.embryologist, blind_first=True)
    assert hidden_of(cast.embryologist, run.stack) == []


def test_submitting_shows_this_embryo_and_a_draft_does_not(cast: Cast, run: Run) -> None:
    labs_rule(cast)
    change = [FieldChange("onsets.t2", {"frame_index": 60})]
    change_reading(actor=actor_for(cast.embryologist), stack_id=run.stack_id, place="A2", version=0, changes=change)
    have_it_read_by(cast.embryologist, run.stack, "A1", t2=60)
    assert hidden_of(cast.embryologist, run.stack) == ["A2", "A3"]
    assert hidden_of(cast.colleague, run.stack) == ["A1", "A2", "A3"]


def test_saying_nothing_does_not_lift_the_blindfold(cast: Cast, run: Run) -> None:
    labs_rule(cast)
    with pytest.raises(Refused, match="said nothing") as refused:
        submit_reading(actor=actor_for(cast.embryologist), stack_id=run.stack_id, place="A1", version=0)
    assert refused.value.code == "nothing_read"
    assert "A1" in hidden_of(cast.embryologist, run.stack)
    assert not Reading.objects.exists()


def test_what_was_shown_stays_shown_when_the_reading_is_changed_again(cast: Cast, run: Run) -> None:
    asked(run.stack, cast.embryologist)
    have_it_read_by(cast.embryologist, run.stack, t2=60)
    change = [FieldChange("onsets.t2", {"frame_index": 61})]
    reading = change_reading(actor=actor_for(cast.embryologist), stack_id=run.stack_id, place="A1", version=2, changes=change)
    assert reading.state == "draft"
    assert hidden_of(cast.embryologist, run.stack) == []


def test_a_blind_assignment_hides_its_embryo_from_its_reader_only(cast: Cast, run: Run) -> None:
    asked(run.stack, cast.embryologist, 1)
    asked(run.stack, cast.colleague, 2, is_blind=False)
    assert hidden_of(cast.embryologist, run.stack) == ["A2"]
    assert hidden_of(cast.colleague, run.stack) == []


def test_a_blind_assignment_counts_for_somebody_whose_own_rule_lets_them_see(cast: Cast, run: Run) -> None:
    labs_rule(cast)
    own_rule(cast, cast.embryologist, False)
    asked(run.stack, cast.embryologist, 1)
    assert hidden_of(cast.embryologist, run.stack) == ["A2"]


def test_a_blind_assignment_hides_the_embryo_in_every_recording_of_its_dish(cast: Cast, run: Run) -> None:
    again = Stack.objects.create(lab=cast.lab, dish=run.stack.dish, name="again", state=Stack.State.READY, frame_count=9, planes=[0.0])
    asked(again, cast.embryologist)
    assert hidden_of(cast.embryologist, run.stack) == ["A1"]
    have_it_read_by(cast.embryologist, again, t2=3)
    assert hidden_of(cast.embryologist, run.stack) == []


def test_a_well_that_nobody_has_found_yet_is_hidden_as_well(cast: Cast, run: Run) -> None:
    labs_rule(cast)
    assert "D9" in hidden_places(cast.embryologist.id, run.stack_id)


def test_of_a_recording_that_is_not_there_nothing_is_shown(cast: Cast) -> None:
    assert "A1" in hidden_places(cast.embryologist.id, uuid.uuid4())


def test_a_result_that_is_hidden_is_refused_with_the_way_to_it(cast: Cast, run: Run) -> None:
    asked(run.stack, cast.embryologist)
    refuse_if_hidden(cast.embryologist.id, run.stack_id, "A2")
    with pytest.raises(Refused) as refused:
        refuse_if_hidden(cast.embryologist.id, run.stack_id, "A1")
    assert (refused.value.code, refused.value.status_code) == ("blind_first", 403)
    assert refused.value.hint == "Submit your own reading of this embryo; then they are shown."


def test_many_recordings_are_one_question_while_nothing_is_hidden_and_three_at_most(
    cast: Cast, run: Run, django_assert_num_queries: Any
) -> None:
    stacks = [Stack.objects.create(lab=cast.lab, dish=run.stack.dish, name=f"{number}", planes=[0.0]).id for number in range(20)]
    with django_assert_num_queries(1):
        assert set(hidden_in(cast.embryologist.id, stacks).values()) == {NOTHING}
    asked(run.stack, cast.embryologist)
    with django_assert_num_queries(3):
        assert set(hidden_in(cast.embryologist.id, stacks).values()) == {Hidden(frozenset({"A1"}))}
    with django_assert_num_queries(0):
        assert hidden_in(cast.embryologist.id, []) == {}


def test_the_dish_names_what_it_hides_and_goes_on_showing_wells(cast: Cast, run: Run, client_of: Any) -> None:
    asked(run.stack, cast.embryologist)
    told = client_of(cast.embryologist).get(f"/api/dishes/{run.stack.dish_id}/").json()
    assert told["hidden_places"] == ["A1"]
    assert [profile["name"] for profile in told["profiles"]] == ["A2", "A3"]
    assert [well["name"] for well in told["wells"]] == ["A1", "A2", "A3"]
    other = client_of(cast.colleague).get(f"/api/dishes/{run.stack.dish_id}/").json()
    assert (other["hidden_places"], len(other["profiles"])) == ([], 3)


def test_frames_called_in_a_run_that_decoded_no_profile_are_hidden_as_profiles_are(cast: Cast, run: Run, client_of: Any) -> None:
    asked(run.stack, cast.embryologist)
    Run.objects.filter(id=run.id).update(state=Run.State.CANCELLED)
    EmbryoProfile.objects.filter(run=run).delete()
    told = client_of(cast.embryologist).get(f"/api/dishes/{run.stack.dish_id}/").json()
    assert (told["hidden_places"], sorted(told["calls"])) == (["A1"], ["A2", "A3"])
    assert sorted(client_of(cast.colleague).get(f"/api/dishes/{run.stack.dish_id}/").json()["calls"]) == ["A1", "A2", "A3"]


def test_tables_leave_out_what_is_hidden(cast: Cast, run: Run, client_of: Any) -> None:
    asked(run.stack, cast.embryologist)
    browser = client_of(cast.embryologist)
    rows = browser.get(f"/api/runs/{run.id}/profiles.json").json()
    assert [row["profile"]["name"] for row in rows] == ["A2", "A3"]
    lines = browser.get(f"/api/runs/{run.id}/profiles.csv").content.decode("utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines] == ["well", "A2", "A3"]
    assert browser.get(f"/api/runs/{run.id}/profiles/A1/").status_code == 403
    assert browser.get(f"/api/runs/{run.id}/profiles/A2/").status_code == 200
