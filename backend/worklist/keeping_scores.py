"""Scores of finished runs: computed once for each run, kept, and computed again where the formula has changed."""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from backend.analysis.compact import Called, unpack
from backend.analysis.models import EmbryoProfile, Run, StageCalls, Well
from backend.analysis.rows import put
from backend.imaging.models import Stack
from backend.worklist.models import Score, Scoring, key_of
from backend.worklist.placing import Boxes
from backend.worklist.scoring import FORMULA, UNSURE_CONTENT, Doubt, Embryo, doubt_of_embryo, doubt_of_well
from backend.worklist.usual import MOST_EMBRYOS, Usual, usual_of

logger = logging.getLogger(__name__)
PATIENCE_S = 1.0
"""Somebody who waits for the queue waits no longer for scores that are missing; the rest is left to the worker's rounds."""
A_ROUND = 10
Place = tuple[int, int]


def latest_finished() -> QuerySet[Run]:
    """The latest finished run of every confirmed recording."""
    later = Run.objects.filter(stack=OuterRef("stack"), state=Run.State.FINISHED).order_by("-created_at", "-id")
    ready = Run.objects.filter(state=Run.State.FINISHED, stack__state=Stack.State.READY)
    return ready.filter(id=Subquery(later.values("id")[:1])).order_by()


def runs_without_scores(lab_ids: Iterable[UUID] | None = None) -> QuerySet[Run]:
    """The newest first; None: of all labs."""
    runs = latest_finished() if lab_ids is None else latest_finished().filter(stack__lab_id__in=list(lab_ids))
    return runs.exclude(scoring__formula=FORMULA).order_by("-created_at", "-id")


def keep_scores(lab_ids: Iterable[UUID]) -> None:
    """Score the newest runs that have no scores yet, one at least, for about a second; the rest is left to the worker."""
    until = time.monotonic() + PATIENCE_S
    for run_id in list(runs_without_scores(lab_ids).values_list("id", flat=True)[:A_ROUND]):
        _score_readable(run_id)
        if time.monotonic() > until:
            return


def sweep() -> None:
    """The worker's round: scores are there before anybody asks."""
    for run_id in list(runs_without_scores().values_list("id", flat=True)[:A_ROUND]):
        _score_readable(run_id)


def _score_readable(run_id: UUID) -> None:
    """A run whose rows cannot be read holds up no other."""
    try:
        score_run(run_id)
    except (ValueError, KeyError, TypeError, IndexError, zlib.error):
        logger.exception("Run %s could not be scored; its embryos are missing in the review queue.", run_id)


def score_run(run_id: UUID) -> None:
    """Keep the scores of all embryos and unsure wells of a finished run; doing it twice keeps them once."""
    run = Run.objects.select_related("stack").defer("stack__hours_since_start").get(id=run_id)
    if run.state != Run.State.FINISHED:
        return
    # Rows of a finished run never change, so reading them needs no lock that others would wait for.
    rows = _rows_of(run)
    kept = [row.key for row in rows]
    with transaction.atomic():
        Score.objects.filter(run=run).exclude(key__in=kept).delete()
        put(Score, rows, key=("run", "row", "column"))
        Scoring.objects.update_or_create(run=run, defaults={"formula": FORMULA})


def _rows_of(run: Run) -> list[Score]:
    wells = {(well.row, well.column): well for well in Well.objects.filter(run=run)}
    profiles = EmbryoProfile.objects.filter(run=run, frames_called__gt=0)
    seen = _seen_alone(run)
    usual = _usual_in(run.stack.lab_id)
    boxes = Boxes(run)
    embryos = {(one.row, one.column): one for one in profiles}
    rows = [_embryo_row(run, one, wells.get(place), seen.get(place, {}), usual, boxes) for place, one in embryos.items()]
    unsure = [well for place, well in wells.items() if place not in embryos and well.confidence < UNSURE_CONTENT]
    return rows + [_well_row(run, well, boxes) for well in unsure]


def _usual_in(lab_id: UUID) -> dict[str, Usual]:
    """Hours as they are usual in this lab today; scores made earlier keep what was usual then."""
    profiles = EmbryoProfile.objects.filter(run__in=latest_finished().filter(stack__lab_id=lab_id), is_final=True, is_coarse=False)
    return usual_of(profiles.order_by("-id").values_list("onsets", flat=True)[:MOST_EMBRYOS])


def _seen_alone(run: Run) -> dict[Place, dict[int, Called]]:
    """What single frames told; of a frame that was told twice the later."""
    seen: dict[Place, dict[int, Called]] = {}
    for row, column, calls in StageCalls.objects.filter(run=run).order_by("id").values_list("row", "column", "calls"):
        seen.setdefault((row, column), {}).update((call.frame_index, call) for call in unpack(calls))
    return seen


def _embryo_row(
    run: Run, profile: EmbryoProfile, well: Well | None, seen: dict[int, Called], usual: dict[str, Usual], boxes: Boxes
) -> Score:
    decoded = unpack(profile.calls)
    confidence = well.confidence if well else 0.0
    embryo = Embryo(profile.onsets, profile.events, decoded, seen)
    doubt = doubt_of_embryo(embryo, content_confidence=confidence, usual=usual, frames=run.stack.frame_count)
    plain = _last_to_see(decoded, seen)
    score = _row(run, profile.row, profile.column, Score.Kind.EMBRYO, doubt, plain, boxes)
    score.onsets = sum(not onset["is_censored"] for onset in profile.onsets)
    score.content, score.content_confidence = (well.content if well else "embryo"), confidence
    if profile.last:
        score.stage, score.confidence = profile.last["stage"], profile.last["confidence"]
    return score


def _well_row(run: Run, well: Well, boxes: Boxes) -> Score:
    frame = max(run.stack.frame_count - 1, 0)
    score = _row(run, well.row, well.column, Score.Kind.WELL, doubt_of_well(well.confidence), frame, boxes)
    score.content, score.content_confidence = well.content, well.confidence
    score.box = score.plain_box = score.box or well.box
    return score


def _row(run: Run, row: int, column: int, kind: Score.Kind, doubt: Doubt, plain: int, boxes: Boxes) -> Score:
    frame = plain if doubt.frame_index is None else doubt.frame_index
    score = Score(lab_id=run.stack.lab_id, run=run, stack=run.stack, row=row, column=column, kind=kind)
    score.key = key_of(run.stack_id, score.place)
    score.uncertainty, score.distance = doubt.uncertainty, doubt.distance
    score.reasons = [reason.as_json() for reason in doubt.reasons]
    score.codes = "".join(f" {code} " for code in sorted({reason.code for reason in doubt.reasons}))
    score.thumbnail_frame, score.box = frame, boxes.box(row, column, frame)
    score.plain_frame, score.plain_box = plain, boxes.box(row, column, plain)
    score.recorded_at = run.stack.started_at or run.stack.created_at
    return score


def _last_to_see(decoded: Iterable[Called], seen: dict[int, Called]) -> int:
    sights = [seen.get(call.frame_index, call) for call in decoded]
    seeable = [call.frame_index for call in sights if not call.is_dark and not call.is_out_of_view]
    return max(seeable or [call.frame_index for call in sights], default=0)
