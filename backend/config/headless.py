"""One recording from a shell: taken in, confirmed and analysed by the same services and the same worker as from the page."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from backend.accounts.models import Lab
from backend.analysis.models import Alert, Run, Well
from backend.analysis.profiles import profiles_of
from backend.analysis.reaper import is_worker_alive
from backend.analysis.services import request_run
from backend.analysis.values import place_name
from backend.config.local import actor_in, this_computer
from backend.config.processes import die_with_parent
from backend.core.errors import Refused
from backend.imaging.models import Stack
from backend.imaging.services import confirm_stack, take_in_local_file

DEFAULT_LAB = "Default"
PATIENT, CYCLE = "LOCAL", "1"
LOOK_EVERY_S = 0.1
Say = Callable[[str], None]


def analyse_here(
    *, path: Path, lab_name: str | None, layout: str, interval_minutes: float | None, hpi: float | None, say: Say
) -> dict[str, Any]:
    """Analyse a file or folder and give what was found; raises Refused with the reason where that cannot be done."""
    lab = _lab(lab_name)
    actor = actor_in(lab)
    with _worker(say) as require_worker:
        stack = take_in_local_file(path=path, lab=lab, by=this_computer())
        if stack.refusal:
            raise Refused(**stack.refusal)
        say(f"{stack.format}, {stack.frame_count} frames of {stack.width_px}x{stack.height_px}, {len(stack.planes)} planes")
        stack = confirm_stack(
            stack=stack,
            patient_code=PATIENT,
            cycle_label=CYCLE,
            dish_label=path.stem[:60] or "dish",
            layout=layout,
            interval_minutes=interval_minutes,
            hpi_at_first_frame=hpi,
            actor=actor,
            by=actor.user,
        )
        run = _finished(request_run(stack=stack, by=actor.user, actor=actor), require_worker, say)
    if run.state != Run.State.FINISHED:
        raise Refused(**(run.error or {"code": "cancelled", "detail": "The run was cancelled.", "hint": "Ask again."}))
    return _told(run, stack)


def _lab(name: str | None) -> Lab:
    """The lab of this name; without one, a lab for work from the shell."""
    if name is None:
        return Lab.objects.get_or_create(name=DEFAULT_LAB)[0]
    lab = Lab.objects.filter(name=name).first()
    if lab is None:
        known = ", ".join(Lab.objects.values_list("name", flat=True)) or "none yet"
        raise Refused("no_such_lab", f"There is no lab called {name!r}.", f"Labs: {known}.")
    return lab


@contextmanager
def _worker(say: Say) -> Iterator[Callable[[], None]]:
    """A function that makes sure of a worker: one that lives already, or one that ends with this block."""
    own: list[subprocess.Popen[bytes]] = []

    def require() -> None:
        if is_worker_alive() or (own and own[-1].poll() is None):
            return
        say("No worker runs: starting one.")
        with Path(settings.DATA_DIR, "worker.log").open("ab") as log:
            command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "worker", "--runs-only"]
            own.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, preexec_fn=die_with_parent))

    require()
    try:
        yield require
    finally:
        for process in own:
            process.terminate()
        for process in own:
            process.wait()


def _finished(run: Run, require_worker: Callable[[], None], say: Say) -> Run:
    shown = -1
    while run.state in Run.UNDER_WAY:
        time.sleep(LOOK_EVERY_S)
        require_worker()
        run = Run.objects.get(id=run.id)
        if run.frames_done != shown:
            shown = run.frames_done
            say(f"{shown} of {run.frames_total} frames")
    return run


def _told(run: Run, stack: Stack) -> dict[str, Any]:
    wells = Well.objects.filter(run=run).values("row", "column", "content", "confidence")
    alerts = Alert.objects.filter(run=run).order_by("frame_index", "id").values("kind", "frame_index", "place", "detail")
    recording = {
        "format": stack.format,
        "frames": stack.frame_count,
        "planes": len(stack.planes),
        "width": stack.width_px,
        "height": stack.height_px,
    }
    dish = {"layout": run.layout, "wells": list(wells), "alerts": list(alerts)}
    return {"run": str(run.id), "stack": recording, "dish": dish, "profiles": [one.model_dump(mode="json") for one in profiles_of(run)]}


def as_text(told: dict[str, Any]) -> str:
    """The same in words, for people."""
    dish = told["dish"]
    lines = [f"Layout {dish['layout'] or 'not recognised'}, {len(dish['wells'])} wells"]
    lines += [f"  {place_name(well['row'], well['column']):<4}{well['content']:<12}{well['confidence']:.2f}" for well in dish["wells"]]
    lines += [f"! frame {alert['frame_index']}: {alert['detail']}" for alert in dish["alerts"]]
    lines += [line for profile in told["profiles"] for line in _profile_lines(profile)]
    return "\n".join(lines)


def _profile_lines(profile: dict[str, Any]) -> Iterator[str]:
    last = profile["last"]
    coarse = ", coarse" if profile["is_coarse"] else ""
    yield f"{profile['name']}: {last['stage'] if last else 'not seen'}, {profile['frames_called']} frames looked at{coarse}"
    for onset in profile["onsets"]:
        hours, unit = onset["hours_post_insemination"], "frames"
        at = f"frame {onset['frame_index']}"
        if hours is not None:
            at, unit = f"{hours:.1f} h ({at})", "h"
        sign = "<=" if onset["is_censored"] else "  "
        yield f"  {onset['phase']:<5}{sign} {at}, {onset['low']:.1f} to {onset['high']:.1f} {unit}, {onset['confidence']:.2f}"
    for interval in profile["intervals"]:
        unit = "" if interval["name"] == "CS2-8" else " h"
        yield f"  {interval['name']:<7} {interval['value']:.2f}{unit}, {interval['low']:.2f} to {interval['high']:.2f}"
    for event in profile["events"]:
        yield f"  ! frames {event['first_frame']} to {event['last_frame']}: {event['kind']}, {event['detail']}"
