"""`python -m tests.backend.live.writer TOPIC COUNT` announces that many events, one transaction each, some of them taken back."""

from __future__ import annotations

import sys
import time

import django


class TakenBack(Exception):
    pass


def main(topic: str, count: int, pause_s: float) -> None:
    django.setup()
    from django.db import transaction

    from backend.live.events import DishChanged
    from backend.live.publish import publish

    for number in range(count):
        if number % 10 == 3:
            try:
                with transaction.atomic():
                    publish(topic, DishChanged(dish_id="never", label="D"))
                    raise TakenBack
            except TakenBack:
                pass
        with transaction.atomic():
            publish(topic, DishChanged(dish_id=f"{number}", label="D"))
        time.sleep(pause_s)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 0.0)
