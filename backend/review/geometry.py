"""What a lab enters of its dishes: how far apart the wells of each layout lie, and how wide they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backend.accounts.actor import Actor
from backend.accounts.models import Lab, Role
from backend.analysis.values import as_text
from backend.audit.services import record
from backend.core.versions import check_version
from backend.live import events
from backend.live.publish import publish
from backend.live.topics import lab_topic
from backend.review.models import DishGeometry


def geometry_of(lab: Lab) -> DishGeometry:
    """What was entered; an empty one of version 0, in no table, where nothing was."""
    return DishGeometry.objects.filter(lab=lab).first() or DishGeometry(lab=lab)


@transaction.atomic
def change_geometry(*, actor: Actor, lab_id: UUID, version: int, layouts: Mapping[str, Mapping[str, Any] | None]) -> DishGeometry:
    """Enter what is named and leave the rest, None forgets a layout; measurements that were written keep their calibration."""
    lab = actor.require(lab_id, Role.ADMIN)
    DishGeometry.objects.get_or_create(lab=lab)
    kept = DishGeometry.objects.select_for_update().get(lab=lab)
    check_version(version, kept.version)
    before = {layout: _told(kept.layouts.get(layout)) for layout in layouts}
    changed = {layout: said for layout, said in layouts.items() if _told(said) != before[layout]}
    if not changed:
        return kept
    entered = {"by_name": actor.user.name, "at": as_text(timezone.now())}
    for layout, said in changed.items():
        if said is None:
            kept.layouts.pop(layout, None)
        else:
            kept.layouts[layout] = {"pitch_um": said["pitch_um"], "well_um": said["well_um"], **entered}
    kept.version += 1
    kept.save()
    record(
        actor=actor.user,
        lab_id=lab.id,
        action="dish_geometry.changed",
        subject=f"lab {lab.id}",
        before={layout: before[layout] for layout in changed},
        after={layout: _told(said) for layout, said in changed.items()},
    )
    publish(lab_topic(lab.id), events.DishGeometryChanged(version=kept.version))
    return kept


def _told(said: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if said is None else {"pitch_um": said["pitch_um"], "well_um": said["well_um"]}
