"""What a lab hears of its labels, data sets and trainings, on its topic `lab.<id>`."""

from __future__ import annotations

from typing import Literal

from backend.live.values import Value


class LabelImportChanged(Value):
    """An import of labels went on, waits for confirmation or ended; what it saw is asked for over REST."""

    type: Literal["label_import.changed"] = "label_import.changed"
    import_id: str
    state: Literal["queued", "running", "previewed", "finished", "cancelled", "failed"]
    step: Literal["reading", "importing"]
    done: int
    total: int


class LabelSyncChanged(Value):
    """An exchange with the lab's own Label Studio server went on or ended."""

    type: Literal["label_sync.changed"] = "label_sync.changed"
    sync_id: str
    state: Literal["queued", "running", "finished", "cancelled", "failed"]
    done: int
    total: int


class DataSetChanged(Value):
    """A data set was made, changed, frozen or removed."""

    type: Literal["data_set.changed"] = "data_set.changed"
    data_set_id: str
    state: Literal["draft", "freezing", "frozen", "removed"]


class CurvePoint(Value):
    """One look at a training: the mean loss since the last one, and how the averaged net does on the validation split."""

    step: int
    loss: float
    validation: float | None


class TrainingProgress(Value):
    """A training was queued or goes on; `points` are what its curve gained, `estimate_s` the seconds to its end."""

    type: Literal["training.progress"] = "training.progress"
    training_id: str
    state: Literal["queued", "running"]
    stage: Literal["preparing", "learning", "learning_again", "judging"] | None
    done: int
    total: int
    minutes: float
    estimate_s: int | None
    points: list[CurvePoint]


class TrainingFinished(Value):
    """A training ended: finished with a candidate, stopped so that it can go on, cancelled or failed."""

    type: Literal["training.finished"] = "training.finished"
    training_id: str
    state: Literal["finished", "stopped", "cancelled", "failed"]
    candidate: str | None
