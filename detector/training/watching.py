"""Looking at a training from pictures that it does not learn from: its curve, its best net, and when it has learned what it can.

Once it has, the same is learned anew from those pictures too: labels are too dear to be used for choosing alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

Judge = Callable[[Any], float]
Say = Callable[[str], None]
LEAST_GAIN = 1e-4
"""Below this two looks are equal."""


class Watch:
    """The looks of one training; without a judge only the loss is kept, and the last net is the best.

    `pictures` is how many the judge looks at. The share it finds right is only known to a standard error, and few pictures know little:
    of all looks within one of the best the latest is kept, since smaller steps led to it, and only worse ones are in vain.
    """

    def __init__(self, judge: Judge | None = None, patience: int = 0, pictures: int = 0) -> None:
        self._judge = judge
        self._patience = patience if judge is not None else 0
        self._pictures = pictures
        self.curve: list[dict[str, Any]] = []
        """`{step, loss, validation}`, as told."""
        self.best: float | None = None
        self.best_step: int | None = None
        self.seconds = 0.0
        """Of learning, over all attempts that went on from one another."""
        self._in_vain = 0
        self.before: Watch | None = None
        """What chose how many steps this one makes."""

    def once_more(self) -> Watch:
        """For learning anew, from what this one chose by as well: as many steps as it chose, and nothing is chosen again."""
        again = Watch()
        again.before = self
        return again

    def last_of(self, steps: int) -> int:
        """The last step of a recipe that makes so many."""
        return steps if self.before is None else self.before.best_step or steps

    @property
    def is_over(self) -> bool:
        """It has not done better for as many looks as there is patience."""
        return bool(self._patience) and self._in_vain >= self._patience

    def look(self, network: Any, step: int, loss: float, seconds: float = 0.0) -> bool:
        """Note one more look, so many seconds of learning into the training; True where the net is the best so far."""
        self.seconds = seconds
        validation = None if self._judge is None else float(self._judge(network))
        self.curve.append({"step": step, "loss": round(loss, 4), "validation": None if validation is None else round(validation, 4)})
        if validation is not None and self.best is not None:
            least = self.best - self._slack
            self._in_vain = 0 if validation > least + LEAST_GAIN else self._in_vain + 1
            if validation < least:
                return False
            validation = max(self.best, validation)
        self.best, self.best_step = validation, step
        return True

    @property
    def _slack(self) -> float:
        """One standard error of the best share so far."""
        if not self._pictures or self.best is None:
            return 0.0
        return math.sqrt(max(self.best * (1 - self.best), 0.0) / self._pictures)

    def tell(self, say: Say, of: int) -> None:
        """Say the last look as one JSON line; once its checkpoint is there, for whoever hears of it may end the training at once."""
        last = {name: value for name, value in self.curve[-1].items() if value is not None}
        again = {} if self.before is None else {"again": True}
        say(json.dumps({**last, "of": self.last_of(of), "seconds": round(self.seconds), **again}))

    def facts(self, steps: int) -> dict[str, Any]:
        """How a training of so many steps ended; the minutes are of all that was learned, `steps` too, the curve is of choosing."""
        chosen = self.before or self
        last, seconds = (chosen.curve[-1]["step"] if chosen.curve else 0), chosen.seconds
        again = self.last_of(steps) if self.before is not None else 0
        return {
            "minutes": round((seconds + (self.seconds if again else 0.0)) / 60, 1),
            "curve": chosen.curve,
            "steps": last + again,
            "best_step": chosen.best_step,
            "stopped_early": last < steps,
        }

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        own = {"curve": self.curve, "best": self.best, "best_step": self.best_step, "seconds": self.seconds, "in_vain": self._in_vain}
        return own | ({} if self.before is None else {"before": self.before.state()})

    def go_on(self, state: dict[str, Any], say: Say) -> None:
        """Take over what a checkpoint kept, and say the curve so far."""
        self.curve, self.best, self.best_step = list(state["curve"]), state["best"], state["best_step"]
        self.seconds, self._in_vain = float(state["seconds"]), int(state["in_vain"])
        if self.before is None:
            say(json.dumps({"curve": self.curve}))
