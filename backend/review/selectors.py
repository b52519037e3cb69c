"""What people said, read only: readings, history, corrections, comments, and who is there."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import F, Max, Prefetch, Q, QuerySet
from django.utils import timezone

from backend.accounts.actor import NOT_HERE, Actor
from backend.core.concealment import hidden_places
from backend.core.errors import Refused
from backend.imaging.models import Stack
from backend.imaging.selectors import stack_visible_to
from backend.review.effective import Effective, effective_of, effective_of_stacks
from backend.review.models import Comment, Correction, Presence, Reading, Signature, Verdict
from backend.review.values import PHASES, place_of

__all__ = ["Effective", "effective_of", "effective_of_stacks"]
PRESENT_S = 60


def stack_under_review(actor: Actor, stack_id: UUID) -> Stack:
    """The recording, which has to belong to a dish: before that there is nobody to read."""
    stack = stack_visible_to(actor, stack_id)
    if stack.state != Stack.State.READY or stack.dish is None:
        raise Refused(
            "stack_not_ready", f"The recording is {stack.get_state_display()}.", "Confirm what was recognised first.", http_status=409
        )
    return stack


def readings() -> QuerySet[Reading]:
    """With what their answers show."""
    return Reading.objects.select_related("reader").prefetch_related(
        Prefetch("signatures", Signature.objects.order_by("-created_at", "-id"))
    )


def own_reading(stack: Stack, actor: Actor, place: str) -> Reading:
    """The asker's own; an empty one of version 0, in no table, where nothing was written yet."""
    row, column = place_of(place)
    kept = readings().filter(stack=stack, row=row, column=column, reader=actor.user).first()
    return kept or empty_reading(stack, actor, row, column)


def empty_reading(stack: Stack, actor: Actor, row: int, column: int) -> Reading:
    return Reading(stack=stack, row=row, column=column, reader=actor.user, version=0)


def readings_of(stack: Stack) -> QuerySet[Reading]:
    """Everybody's, drafts too; for what counts readings and shows none. Show `readings_visible_to`."""
    return readings().filter(stack=stack)


def readings_visible_to(actor: Actor, stack: Stack) -> list[Reading]:
    """One's own, and other people's submitted ones of embryos for which one is not blind."""
    hidden = hidden_places(actor.user.id, stack.id)
    asked = readings_of(stack).filter(Q(reader=actor.user) | Q(state=Reading.State.SUBMITTED))
    return [reading for reading in asked if reading.reader_id == actor.user.id or reading.place not in hidden]


def verdicts_visible_to(actor: Actor, stack: Stack, place: str | None = None) -> QuerySet[Verdict]:
    """History, latest first: one's own and the lab's corrections, and of other people's readings what was submitted."""
    own = Q(by=actor.user) | Q(reading=None)
    hidden, submitted = hidden_places(actor.user.id, stack.id), Q(reading__submitted_at__isnull=False, at__lte=F("reading__submitted_at"))
    if hidden:
        named = [place_of(name) for name in hidden.places]
        among = Q(pk__in=[])
        for row, column in named:
            among |= Q(row=row, column=column)
        submitted &= among if hidden.is_all_but else ~among
    verdicts = Verdict.objects.filter(stack=stack).filter(own | submitted)
    if place is not None:
        row, column = place_of(place)
        verdicts = verdicts.filter(row=row, column=column)
    return verdicts.order_by("-id")


def correction_of(stack: Stack) -> Correction:
    """What was put right about the dish; an empty one of version 0 where nothing was."""
    return Correction.objects.filter(stack=stack).first() or Correction(stack=stack, version=0)


def correctors_of(correction: Correction) -> dict[str, Verdict]:
    """By field that stands: who gave it its value last."""
    of_stack = Verdict.objects.filter(stack_id=correction.stack_id, reading=None)
    latest = of_stack.order_by().values("field").annotate(latest=Max("id")).values("latest")
    return {verdict.field: verdict for verdict in of_stack.filter(id__in=latest) if verdict.after is not None}


def comments_visible_to(actor: Actor, stack: Stack, place: str | None = None) -> list[Comment]:
    """Oldest first; other people's words wait until one is not blind for the embryo."""
    comments = Comment.objects.filter(stack=stack).select_related("by", "resolved_by").order_by("created_at", "id")
    if place is not None:
        row, column = place_of(place)
        comments = comments.filter(row=row, column=column)
    hidden = hidden_places(actor.user.id, stack.id)
    return [comment for comment in comments if comment.by_id == actor.user.id or comment.place not in hidden]


def comment_visible_to(actor: Actor, comment_id: UUID) -> Comment:
    comment = (
        Comment.objects.select_related("by", "resolved_by", "stack__dish")
        .defer("stack__hours_since_start")
        .filter(id=comment_id, stack__lab_id__in=actor.lab_ids_seen)
        .first()
    )
    if comment is None or (comment.by_id != actor.user.id and comment.place in hidden_places(actor.user.id, comment.stack_id)):
        raise Refused("not_found", NOT_HERE, http_status=404)
    return comment


def present_at(stack: Stack) -> QuerySet[Presence]:
    """Who told within the last minute that they are there."""
    since = timezone.now() - timedelta(seconds=PRESENT_S)
    return Presence.objects.filter(stack=stack, seen_at__gt=since).select_related("user").order_by("row", "column", "seen_at")


def content_of(reading: Reading) -> dict[str, Any]:
    """What a signature is bound to: whose reading of what it is, and every value in it."""
    return {
        "stack": str(reading.stack_id),
        "place": reading.place,
        "reader": str(reading.reader_id),
        "onsets": reading.onsets,
        "events": reading.events,
        "grades": reading.grades,
        "measurements": reading.measurements,
        # Left out where nothing is said, so that what was signed before there was such a verdict stays signed.
        **({"profile": reading.profile} if reading.profile else {}),
    }


def content_hash(reading: Reading) -> str:
    """SHA-256 of the content as canonical JSON."""
    text = json.dumps(content_of(reading), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def signature_of(reading: Reading) -> Signature | None:
    """The latest one; wants `signatures` prefetched where many are asked for."""
    return next(iter(reading.signatures.all()), None) if reading.version else None


def is_signature_valid(signature: Signature, reading: Reading) -> bool:
    """False once the reading says something else than what was signed."""
    return signature.content_hash == content_hash(reading)


def out_of_order(reading: Reading) -> list[tuple[str, str]]:
    """Neighbouring phases of which the later one begins first; allowed, and worth a second look."""
    marked = [(phase, reading.onsets[phase]["frame_index"]) for phase in PHASES if "frame_index" in reading.onsets.get(phase, {})]
    return [(before, after) for (before, first), (after, second) in pairwise(marked) if second < first]
