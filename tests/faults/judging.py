"""What the line into an installation is told about checks and shadows."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID


class Judging:
    """Each public method is a command; it gives plain values. What the worker does is asked for and looked at, never done here."""

    def candidate(self, folder: str) -> str:
        """Weights of the only lab."""
        from backend.accounts.models import Lab
        from backend.registry.services import register_candidate

        return str(register_candidate(folder=Path(folder), lab=Lab.objects.get(), by=None).id)

    def check(self, weights: str) -> str:
        from backend.judging.services import request_check
        from backend.registry.models import Weights

        lab, actor = _lab_and_actor()
        row = Weights.objects.get(id=weights)
        return str(request_check(actor=actor, weights=row, lab_id=lab.id, by=actor.user)[1].id)

    def checked(self, check: str) -> dict[str, Any]:
        from backend.judging.models import Check, Difference

        row = Check.objects.select_related("weights").get(id=check)
        numbers = list(Difference.objects.filter(check_made=row).order_by("number").values_list("number", flat=True))
        told = {name: getattr(row, name) for name in ("state", "attempts", "error", "progress", "set_hash")}
        return told | {"numbers": numbers, "weights": row.weights.state}

    def shadow(self, weights: str, runs: int) -> str:
        from backend.judging.services import start_shadow

        lab, actor = _lab_and_actor()
        return str(start_shadow(actor=actor, lab_id=lab.id, weights_id=UUID(weights), runs=runs, by=actor.user).id)

    def shadowed(self, shadow: str) -> dict[str, Any]:
        from backend.judging.models import Shadow, ShadowLook

        looks = ShadowLook.objects.filter(shadow=shadow).order_by("created_at")
        told = [[look.state, look.attempts, look.error, look.progress, look.result] for look in looks]
        return {"state": Shadow.objects.get(id=shadow).state, "looks": told}


def _lab_and_actor() -> tuple[Any, Any]:
    from backend.accounts.models import Lab
    from backend.config.local import actor_in

    lab = Lab.objects.get()
    return lab, actor_in(lab)
