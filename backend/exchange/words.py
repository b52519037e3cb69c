"""The words of reports in the languages of the interface; a test compares their keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Literal, get_args

from backend.exchange.words_en import EN
from backend.exchange.words_ru import RU

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
WORDS: Mapping[Language, Mapping[str, str]] = {"en": EN, "ru": RU}
Say = Callable[..., str]


class Speech:
    """Says keys, numbers and times in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._words = WORDS[language]

    def __call__(self, key: str, **values: object) -> str:
        return self._words[key].format(**values)

    def named(self, group: str, name: str) -> str:
        """The name of something that other parts of the product may learn to call; unknown ones stay as they are written."""
        return self._words.get(f"{group}.{name}", name.replace("_", " "))

    def number(self, value: float | None, digits: int = 1) -> str:
        if value is None:
            return "–"
        text = f"{value:.{digits}f}"
        return text.replace(".", ",") if self.language == "ru" else text

    def frame(self, index: int) -> int:
        """The number of a frame as the pages tell it: they count from one."""
        return index + 1

    def hours(self, value: float | None) -> str:
        return "–" if value is None else self("hours", value=self.number(value))

    def bounds(self, low: float | None, high: float | None, digits: int = 1) -> str:
        return "–" if low is None or high is None else f"{self.number(low, digits)} – {self.number(high, digits)}"

    def bounds_in_frames(self, low: float | None, high: float | None) -> str:
        return "–" if low is None or high is None else self.bounds(low + 1, high + 1, 0)

    def share(self, value: float | None) -> str:
        return "–" if value is None else f"{value * 100:.0f} %"

    def time(self, at: datetime | None) -> str:
        if at is None:
            return "–"
        return at.astimezone(UTC).strftime("%d.%m.%Y %H:%M UTC" if self.language == "ru" else "%Y-%m-%d %H:%M UTC")

    def yes(self, claim: bool | None) -> str:
        return "–" if claim is None else self("yes" if claim else "no")
