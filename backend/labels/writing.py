"""Writes a batch of compared tasks: what is new is made, what changed is followed by another version, nothing is overwritten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from django.utils import timezone

from backend.labels.comparing import TAKE, Compared, Version, row_of, usual_choice
from backend.labels.keeping import PictureKeeper
from backend.labels.models import LabelAnnotation, LabelImport, LabelTask, Picture

FIELDS_OF_MEANING = ["dish", "phases"]


class Writer:
    """One import's way into the tables; called within the change, as often as the change is tried."""

    def __init__(self, job: LabelImport, keeper: PictureKeeper, choices: Mapping[tuple[str, str], str], *, is_lossy: bool) -> None:
        self._job, self._keeper, self._choices, self._is_lossy = job, keeper, choices, is_lossy

    def write(self, batch: Sequence[Compared]) -> Counter[str]:
        """Write a batch, give how many rows of each kind were made or changed."""
        done: Counter[str] = Counter()
        made: dict[tuple[str, str], LabelTask] = {}
        new_tasks, changed_tasks = [], []
        for one in batch:
            picture = self._keeper.row_of(one.prepared.candidate, one.prepared.task.place)
            key = (one.prepared.instance, one.external_id)
            if one.row is None and key in made:
                one.row = made[key]
            elif one.row is None:
                made[key] = one.row = self._new_task(one, picture)
                new_tasks.append(one.row)
            elif self._update(one.row, one, picture):
                changed_tasks.append(one.row)
        LabelTask.objects.bulk_create(new_tasks)
        LabelTask.objects.bulk_update(changed_tasks, ["data", "extra", "picture"])
        done.update(tasks=len(new_tasks), changed_tasks=len(changed_tasks))
        done += self._annotations(batch)
        return done

    def _annotations(self, batch: Sequence[Compared]) -> Counter[str]:
        done: Counter[str] = Counter()
        stepping_down, returning, meaning, new = [], [], [], []
        seen: set[tuple[object, str, str]] = set()
        for one in batch:
            assert one.row is not None  # noqa: S101 - every task has its row by now
            for version in one.versions:
                key = (one.row.id, version.annotation.kind, version.external_id)
                if key in seen:
                    continue
                seen.add(key)
                if version.same is not None and self._differs(version.same, version):
                    meaning.append(version.same)
                if version.standing == "matched" or (version.current is not None and not self._is_taken(one, version)):
                    continue
                if version.current is not None:
                    stepping_down.append(version.current.id)
                    done["changed_annotations"] += 1
                if version.same is not None:
                    returning.append(version.same.id)
                else:
                    new.append(row_of(version, one.row, imported_by=self._job))
                    done[f"{version.annotation.kind}s"] += version.current is None
        LabelAnnotation.objects.filter(id__in=stepping_down).update(is_current=False)
        LabelAnnotation.objects.filter(id__in=returning).update(is_current=True)
        LabelAnnotation.objects.bulk_create(new)
        LabelAnnotation.objects.bulk_update(meaning, FIELDS_OF_MEANING)
        done["reinterpreted"] += len(meaning)
        return done

    def _is_taken(self, one: Compared, version: Version) -> bool:
        usual = usual_choice(version, is_lossy=self._is_lossy)
        return self._choices.get(("changed", question(one, version)), usual) == TAKE

    def _differs(self, row: LabelAnnotation, version: Version) -> bool:
        """Another mapping gives the same labels another meaning."""
        if (row.dish, row.phases) == (version.dish, version.phases):
            return False
        row.dish, row.phases = version.dish, version.phases
        return True

    def _new_task(self, one: Compared, picture: Picture | None) -> LabelTask:
        task = one.prepared.task
        return LabelTask(
            lab_id=self._job.lab_id,
            instance=one.prepared.instance,
            external_id=one.external_id,
            data=task.data,
            extra=task.extra,
            place=task.place[:300],
            picture=picture,
            brought_by=self._job,
            created_at=timezone.now(),
        )

    def _update(self, row: LabelTask, one: Compared, picture: Picture | None) -> bool:
        """A fuller or newer export says more of a task; a picture once found stays."""
        task = one.prepared.task
        before = (row.data, row.extra, row.picture_id)
        if not self._is_lossy:
            row.data, row.extra = task.data, task.extra
        if picture is not None and (row.picture_id is None or len(one.prepared.match.candidates) > 1):
            row.picture = picture
        return before != (row.data, row.extra, row.picture_id)


def question(one: Compared, version: Version) -> str:
    """Names the question which of two versions counts, the same in every reading."""
    return f"{one.key[:200]}|{version.annotation.kind}|{version.external_id}"[:255]
