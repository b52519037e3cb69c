"""Comments on embryos, and who is looking at one just now."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.accounts.models import Role
from backend.audit.services import record
from backend.core.errors import Refused
from backend.core.versions import check_version
from backend.imaging.models import Stack
from backend.live import events
from backend.live.publish import publish
from backend.live.topics import dish_topic
from backend.review.models import Comment, Presence
from backend.review.selectors import PRESENT_S, comment_visible_to, stack_under_review
from backend.review.values import place_of

Doing = Literal["looking", "editing"]


@transaction.atomic
def add_comment(*, actor: Actor, stack_id: UUID, place: str, text: str, frame_index: int | None = None) -> Comment:
    """Say something about an embryo, or about one of its frames."""
    stack = stack_under_review(actor, stack_id)
    actor.require(stack.lab_id, Role.EMBRYOLOGIST)
    row, column = place_of(place)
    if frame_index is not None and frame_index >= stack.frame_count:
        raise Refused("invalid_value", f"The recording has {stack.frame_count} frames, counted from 0.", "Pin it to one of them.")
    comment = Comment.objects.create(stack=stack, row=row, column=column, frame_index=frame_index, text=text, by=actor.user)
    after = {"place": place, "frame_index": frame_index, "text": text}
    record(actor=actor.user, lab_id=stack.lab_id, action="comment.made", subject=f"comment {comment.id}", after=after)
    _announce(comment)
    return comment


@transaction.atomic
def change_comment(*, actor: Actor, comment_id: UUID, version: int, text: str | None = None, is_resolved: bool | None = None) -> Comment:
    """Reword one's own comment, or resolve or reopen anybody's; 412 where it has another version."""
    seen = comment_visible_to(actor, comment_id)
    actor.require(seen.stack.lab_id, Role.EMBRYOLOGIST)
    comment = Comment.objects.select_for_update(of=("self",)).select_related("by", "resolved_by").get(id=seen.id)
    comment.stack = seen.stack
    check_version(version, comment.version)
    before = {"text": comment.text, "is_resolved": comment.resolved_by is not None}
    after = {"text": comment.text if text is None else text, "is_resolved": before["is_resolved"] if is_resolved is None else is_resolved}
    if after == before:
        return comment
    if after["text"] != before["text"] and comment.by_id != actor.user.id:
        raise Refused(
            "not_yours", f"{comment.by.name} wrote this comment.", "Write one of your own, or mark this one as resolved.", http_status=403
        )
    if after["is_resolved"] != before["is_resolved"]:
        comment.resolved_by, comment.resolved_at = (actor.user, timezone.now()) if is_resolved else (None, None)
    comment.text, comment.version = str(after["text"]), comment.version + 1
    comment.save()
    record(
        actor=actor.user,
        lab_id=comment.stack.lab_id,
        action="comment.changed",
        subject=f"comment {comment.id}",
        before={name: value for name, value in before.items() if value != after[name]},
        after={name: value for name, value in after.items() if value != before[name]},
    )
    _announce(comment)
    return comment


@transaction.atomic
def tell_presence(*, actor: Actor, stack_id: UUID, place: str, doing: Doing) -> None:
    """Let others know that one has this embryo open; holds for a minute, and is no part of any record."""
    stack = stack_under_review(actor, stack_id)
    actor.require(stack.lab_id, Role.VIEWER if doing == "looking" else Role.EMBRYOLOGIST)
    row, column = place_of(place)
    now = timezone.now()
    # Whoever is there next tidies up after those who left.
    Presence.objects.filter(stack=stack, seen_at__lt=now - timedelta(seconds=PRESENT_S)).delete()
    Presence.objects.update_or_create(stack=stack, row=row, column=column, user=actor.user, defaults={"doing": doing, "seen_at": now})
    event = events.ReaderPresent(stack_id=str(stack.id), place=place, user_id=str(actor.user.id), name=actor.user.name, doing=doing)
    publish(dish_topic(str(stack.dish_id)), event)


def forget_presence() -> int:
    """Rows of those who left long ago, where nobody came after them."""
    return Presence.objects.filter(seen_at__lt=timezone.now() - timedelta(seconds=PRESENT_S)).delete()[0]


def _announce(comment: Comment) -> None:
    stack: Stack = comment.stack
    publish(dish_topic(str(stack.dish_id)), events.CommentChanged(stack_id=str(stack.id), place=comment.place, id=str(comment.id)))
