"""`manage.py seed-demo` fills the demo lab with three rendered dishes."""  # noqa: N999 - the name is what people type

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from backend.config.demo import seed_demo


class Command(BaseCommand):
    help = "Fill the demo lab with three rendered dishes of developing embryos; does nothing where they are there."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        for label in seed_demo():
            self.stdout.write(f"Demo dish: {label}")
