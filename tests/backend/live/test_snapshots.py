from __future__ import annotations

from dataclasses import dataclass, field

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.imaging.models import Stack
from backend.live import selectors
from backend.live.events import StackChanged
from backend.live.publish import publish
from backend.live.topics import lab_topic
from tests.cast import Cast

STATES = ["assembling", "probing", "recognised", "refused"]
WRITES = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(STATES), st.booleans()), max_size=25)


class TakenBack(Exception):
    pass


@dataclass
class Page:
    """What a browser holds: a state, and the number of the event up to which it is right."""

    seq: int = 0
    states: dict[str, str] = field(default_factory=dict)

    def hear(self, topic: str) -> None:
        for row in selectors.events_after(topic, self.seq):
            self.states[row.payload["stack_id"]] = row.payload["state"]
            self.seq = row.seq


def fresh(cast: Cast) -> dict[str, str]:
    return {str(stack.id): stack.state for stack in Stack.objects.filter(lab=cast.lab)}


def write(cast: Cast, stacks: dict[int, Stack], number: int, state: str, is_taken_back: bool) -> None:
    """Change one recording and announce it, or take both back."""
    try:
        with transaction.atomic():
            stack = stacks.get(number) or Stack(lab=cast.lab, name=f"recording {number}")
            before, stack.state = stack.state, state
            stack.save()
            publish(lab_topic(cast.lab.id), StackChanged(stack_id=str(stack.id), name=stack.name, state=state, dish=None, refusal=None))  # type: ignore[arg-type]
            if is_taken_back:
                stack.state = before
                raise TakenBack
        stacks[number] = stack
    except TakenBack:
        return


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=WRITES, between=WRITES, after=WRITES)
def test_a_snapshot_and_the_events_after_it_are_a_fresh_snapshot(cast: Cast, before: list, between: list, after: list) -> None:
    topic, stacks = lab_topic(cast.lab.id), dict[int, Stack]()
    page = Page()
    with transaction.atomic():
        for one in before:
            write(cast, stacks, *one)
        # The number is read first: what is written between the two reads comes again as an event, and changes nothing.
        page.seq = selectors.latest_seq(topic)
        for one in between:
            write(cast, stacks, *one)
        page.states = fresh(cast)
        for one in after:
            write(cast, stacks, *one)
            page.hear(topic)
        page.hear(topic)
        assert page.states == fresh(cast)
        assert page.seq == sum(not is_taken_back for _, _, is_taken_back in [*before, *between, *after])
        transaction.set_rollback(True)
