"""A recording's embryos as labelled films: the phases people and the machine tell, as ranges of frames that count from 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from backend.accounts.actor import Actor
from backend.analysis.models import KeyFrame, Run
from backend.core.concealment import hidden_places
from backend.exchange.boxes import Wells
from backend.imaging.models import Stack
from backend.labels.formats.values import Annotation, PhaseLabel, Task
from backend.labels.formats.writing.timeline import KeyBox, phase_results, well_track
from backend.labels.formats.writing.wow import Origin
from backend.live.events import OnsetValue
from backend.review.effective import Effective, EffectiveOnset, effective_of
from backend.review.machine import machine_says

PHASE_MODEL = "phases"


def embryo_tasks(stack: Stack, actor: Actor, data: Mapping[str, Any]) -> Iterator[Task]:
    """A task for every embryo of which this person may see anything; `data` is what all of them share."""
    says, hidden = machine_says([stack.id])[stack.id], hidden_places(actor.user.id, stack.id)
    boxes = _tracks(says.run, stack) if says.run else {}
    for place, one in effective_of(stack, actor).items():
        profile = None if place in hidden else says.profiles.get(place)
        if not one.onsets and profile is None:
            continue
        track = boxes.get(place, [])
        human = _annotation(one, track, stack)
        machine = _prediction(profile.onsets, track, one, stack, says.run) if profile and profile.onsets else None
        said = tuple(each for each in (human, machine) if each is not None)
        if said:
            yield Task(f"{data.get('recording', '')} {place}", None, {**data, "embryo": place}, {}, said)


def phases_of(starts: Sequence[tuple[str, int]], frames: int, embryo: str) -> list[PhaseLabel]:
    """Every phase lasts until the next one begins, the last one to the end; phases that begin in the same frame last for that frame."""
    ordered = sorted(starts, key=lambda start: start[1])
    ends = [max(following - 1, first) for (_, first), (_, following) in pairwise(ordered)]
    ends += [frames - 1] if ordered else []
    return [PhaseLabel(phase, first + 1, last + 1, embryo) for (phase, first), last in zip(ordered, ends, strict=True)]


def _annotation(one: Effective, track: Sequence[KeyBox], stack: Stack) -> Annotation | None:
    """What counts, where a person has judged any of it; onsets taken over from the machine say so."""
    if not any(onset.source == "human" for onset in one.onsets.values()):
        return None
    return Annotation(kind="annotation", result=tuple(_results(one, one.onsets, track, stack)))


def _prediction(
    onsets: Sequence[OnsetValue], track: Sequence[KeyBox], one: Effective, stack: Stack, run: Run | None
) -> Annotation:  # fmt: skip
    told: dict[str, EffectiveOnset | OnsetValue] = {onset.phase: onset for onset in onsets}
    sure = [onset.confidence for onset in onsets]
    weights = run.stager if run and run.stager else run.weights if run else None
    return Annotation(
        kind="prediction",
        model_version=f"{weights.name}-{weights.sha256[:8]}" if weights else PHASE_MODEL,
        score=round(sum(sure) / len(sure), 4),
        result=tuple(_results(one, told, track, stack)),
    )


def _results(
    one: Effective, onsets: Mapping[str, EffectiveOnset | OnsetValue], track: Sequence[KeyBox], stack: Stack
) -> list[dict[str, Any]]:  # fmt: skip
    frames = stack.frame_count
    phases = phases_of([(phase, onset.frame_index) for phase, onset in onsets.items()], frames, one.place)
    origins: list[Origin] = ["manual" if getattr(onsets[phase.phase], "source", "machine") == "human" else "prediction" for phase in phases]
    results = phase_results(phases, frames=frames, origins=origins, scores=[onsets[phase.phase].confidence for phase in phases])
    if track:
        size = (stack.width_px, stack.height_px)
        label = one.content.value if one.content else "embryo"
        results.append(well_track(track, frames=frames, size=size, label=label, region=one.place, origin="prediction"))
    return results


def _tracks(run: Run, stack: Stack) -> dict[str, list[KeyBox]]:
    """Where each well lies at every key frame of the run; between them the dish hardly moves."""
    frames = [
        key
        for key in KeyFrame.objects.filter(run=run).order_by("frame_index").values_list("frame_index", flat=True)
        if key < stack.frame_count
    ]
    wells = Wells(run, frames)
    places = list(run.wells.order_by("row", "column"))
    return {str(well): [KeyBox(frame + 1, wells.box(str(well), frame)) for frame in frames] for well in places}
