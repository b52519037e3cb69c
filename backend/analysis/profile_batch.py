"""A batch of calls and profiles as rows and events; of a profile that was decoded twice the later is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.analysis.models import EmbryoProfile, Run, StageCalls
from backend.analysis.profile_values import call_value, calls_row, profile_row, profile_value
from backend.analysis.rows import put
from backend.analysis.stage_news import Place, StageNews
from backend.analysis.values import place_name
from backend.live import events

if TYPE_CHECKING:
    from detector import types as detector


class ProfileBatch:
    """Collects what is told of the embryos of one run; `store` writes it and must run inside a transaction."""

    def __init__(self, run: Run, news: StageNews) -> None:
        self._run = run
        self._news = news
        self._calls: dict[Place, list[detector.StageCall]] = {}
        self._seeing: dict[Place, list[detector.Seeing]] = {}
        self._profiles: dict[Place, EmbryoProfile] = {}
        self._forgets = False

    def called(self, finding: detector.StagesCalled) -> None:
        if finding.calls:
            place = (finding.row, finding.column)
            self._calls.setdefault(place, []).extend(finding.calls)
            self._seeing.setdefault(place, []).extend(finding.seeing)
            self._news.add(place, map(call_value, finding.calls))

    def decoded(self, finding: detector.ProfileDecoded) -> None:
        self._profiles[finding.row, finding.column] = profile_row(self._run, finding)
        if finding.is_final:
            self._news.drop((finding.row, finding.column))

    def forget(self) -> None:
        """What was told belongs to wells that were called otherwise."""
        self._calls.clear()
        self._seeing.clear()
        self._profiles.clear()
        self._news.forget()
        self._forgets = True

    def store(self) -> list[events.Event]:
        """Write the rows; gives what is to be announced."""
        if self._forgets:
            StageCalls.objects.filter(run=self._run).delete()
            EmbryoProfile.objects.filter(run=self._run).delete()
        StageCalls.objects.bulk_create(
            calls_row(self._run, *place, sorted(calls, key=lambda call: call.frame_index), self._seeing[place])
            for place, calls in sorted(self._calls.items())
        )
        put(EmbryoProfile, self._profiles.values(), key=("run", "row", "column"))
        return [*self._calls_told(), *self._profiles_told()]

    def _calls_told(self) -> list[events.Event]:
        run_id = str(self._run.id)
        return [
            events.StagesCalled(run_id=run_id, row=row, column=column, name=place_name(row, column), calls=calls)
            for (row, column), calls in self._news.due()
        ]

    def _profiles_told(self) -> list[events.Event]:
        return [
            events.ProfileDecoded(run_id=str(self._run.id), profile=profile_value(profile)) for _, profile in sorted(self._profiles.items())
        ]
