"""What a lab hears of its detectors, on its topic `lab.<id>`."""

from __future__ import annotations

from typing import Literal

from backend.live.values import Value

WeightsTask = Literal["wells", "stages"]


class WeightsChanged(Value):
    """Weights were registered, checked, retired or found changed on disk."""

    type: Literal["weights.changed"] = "weights.changed"
    weights_id: str
    name: str
    state: Literal["candidate", "checked", "retired", "unusable"]


class WeightsUseChanged(Value):
    """A change of weights was proposed, withdrawn or made; `weights_id` null: the server's default."""

    type: Literal["weights.use_changed"] = "weights.use_changed"
    use_id: str
    task: str
    weights_id: str | None
    state: Literal["proposed", "current", "ended", "withdrawn"]
    is_rollback: bool


class DetectorSettingsChanged(Value):
    """The lab wants something else of its detectors."""

    type: Literal["detector_settings.changed"] = "detector_settings.changed"
    version: int


class CheckChanged(Value):
    """A check of weights before use went on or ended."""

    type: Literal["check.changed"] = "check.changed"
    check_id: str
    weights_id: str
    state: Literal["queued", "running", "finished", "cancelled", "failed"]
    step: Literal["preparing", "judging"] | None
    done: int
    total: int


class ShadowChanged(Value):
    """A candidate that runs beside the weights in use has another result, or ended."""

    type: Literal["shadow.changed"] = "shadow.changed"
    shadow_id: str
    weights_id: str
    state: Literal["on", "ended", "stopped"]
    runs_done: int
    runs_wanted: int


class AdmissionChanged(Value):
    """A file of weights on its way in went on, waits for what its classes mean, or ended: as a candidate, refused or given up."""

    type: Literal["admission.changed"] = "admission.changed"
    admission_id: str
    state: Literal["queued", "running", "asking", "finished", "cancelled", "failed"]
    stage: Literal["testing", "reading", "trying"] | None
    candidate: str | None


class RecalibrationChanged(Value):
    """Fitting anew how sure a lab's stager may be was asked for, started or ended; `weights_id`: the candidate that came of it."""

    type: Literal["recalibration.changed"] = "recalibration.changed"
    recalibration_id: str
    state: Literal["queued", "running", "finished", "cancelled", "failed"]
    weights_id: str | None


RegistryEvent = (
    WeightsChanged | WeightsUseChanged | DetectorSettingsChanged | CheckChanged | ShadowChanged | AdmissionChanged | RecalibrationChanged
)
