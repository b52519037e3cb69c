"""Which results a person must not see yet: whoever gives out results asks here, and the app that knows fills the rule in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.core.errors import Refused


@dataclass(frozen=True)
class Hidden:
    """The places of one recording whose machine results and other people's readings somebody must not see yet."""

    places: frozenset[str] = frozenset()
    is_all_but: bool = False
    """True: every place is hidden except `places`, also those of wells that nobody has found yet."""

    def __contains__(self, place: object) -> bool:
        return (place in self.places) != self.is_all_but

    def __bool__(self) -> bool:
        return self.is_all_but or bool(self.places)

    def among(self, places: Iterable[str]) -> list[str]:
        """Those of these places that are hidden, in order."""
        return sorted({place for place in places if place in self})


NOTHING = Hidden()
Rule = Callable[[UUID, Collection[UUID]], Mapping[UUID, Hidden]]
Concern = Callable[[Mapping[str, Any]], tuple[UUID, str]]
Recorded = Callable[[Sequence[str]], Mapping[str, tuple[UUID, str]]]


class _Filled:
    """Held in a class so that filling it needs no global statement."""

    rule: Rule | None = None


def fill(rule: Rule | None) -> None:
    """Say what is hidden from a person in these recordings; called once, when the owning app is ready. None: nothing is."""
    _Filled.rule = rule


def hidden_in(user_id: UUID, stack_ids: Collection[UUID]) -> dict[UUID, Hidden]:
    """What is hidden from this person in each of these recordings; every one of them has its entry."""
    known = _Filled.rule(user_id, stack_ids) if _Filled.rule is not None and stack_ids else {}
    return {stack_id: known.get(stack_id, NOTHING) for stack_id in stack_ids}


def hidden_places(user_id: UUID, stack_id: UUID) -> Hidden:
    """What is hidden from this person in one recording; ask `place in hidden_places(...)`."""
    return hidden_in(user_id, [stack_id])[stack_id]


def refuse_if_hidden(user_id: UUID, stack_id: UUID, place: str) -> None:
    """Refuse with 403 `blind_first` where the result at this place is hidden from this person."""
    if place in hidden_places(user_id, stack_id):
        raise Refused(
            "blind_first",
            f"You read {place[:20]} blind, so its results are hidden from you.",
            "Submit your own reading of this embryo; then they are shown.",
            http_status=403,
        )


_concerns: dict[str, Concern] = {}


def conceal(event_type: str, concern: Concern) -> None:
    """Say that events of this type tell a result, and of which recording and place; called once, when the owning app is ready."""
    _concerns[event_type] = concern


def concern_of(event: Mapping[str, Any]) -> tuple[UUID, str] | None:
    """The recording and the place whose result this event tells; None for an event that everybody may hear."""
    concern = _concerns.get(str(event["type"]))
    return concern(event) if concern is not None else None


_recorded: dict[str, Recorded] = {}


def conceal_records(kind: str, recorded: Recorded) -> None:
    """Say that the record's rows about subjects of this kind, its first word, tell a result; called once, when the app is ready."""
    _recorded[kind] = recorded


def embryos_recorded(subjects: Collection[str]) -> dict[str, tuple[UUID, str]]:
    """The recording and place whose result each of these subjects is about, for those that are about one."""
    by_kind: dict[str, list[str]] = {}
    for subject in subjects:
        by_kind.setdefault(subject.partition(" ")[0], []).append(subject)
    found: dict[str, tuple[UUID, str]] = {}
    for kind, named in by_kind.items():
        if kind in _recorded:
            found |= _recorded[kind](named)
    return found
