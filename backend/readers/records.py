"""Which rows of the record tell somebody's reading of an embryo, or what was said about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from backend.accounts.actor import as_uuid
from backend.review.models import Comment

Embryo = tuple[UUID, str]


def of_readings(subjects: Sequence[str]) -> Mapping[str, Embryo]:
    """`reading <stack> <place>`."""
    parts = {subject: subject.split(" ") for subject in subjects}
    named = {subject: (as_uuid(words[1]), words[2]) for subject, words in parts.items() if len(words) == 3}
    return {subject: (stack_id, place) for subject, (stack_id, place) in named.items() if stack_id is not None}


def of_comments(subjects: Sequence[str]) -> Mapping[str, Embryo]:
    """`comment <id>`."""
    keys = {subject: as_uuid(subject.partition(" ")[2]) for subject in subjects}
    comments = Comment.objects.in_bulk([key for key in keys.values() if key is not None])
    return {subject: (comments[key].stack_id, comments[key].place) for subject, key in keys.items() if key is not None and key in comments}
