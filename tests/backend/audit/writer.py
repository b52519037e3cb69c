"""`python -m tests.backend.audit.writer NAME COUNT` records that many changes, one transaction each, some of them taken back."""

from __future__ import annotations

import sys

import django


class TakenBack(Exception):
    pass


def main(name: str, count: int) -> None:
    django.setup()
    from django.db import transaction

    from backend.audit.services import record

    for number in range(count):
        change = {"actor": None, "lab_id": None, "action": "reading.changed", "subject": f"{name} {number}", "after": {"n": number / 10}}
        if number % 10 == 3:
            try:
                with transaction.atomic():
                    record(**{**change, "subject": "never"})
                    raise TakenBack
            except TakenBack:
                pass
        with transaction.atomic():
            record(**change)
            if number % 5 == 0:
                record(**{**change, "action": "reading.submitted"})


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
