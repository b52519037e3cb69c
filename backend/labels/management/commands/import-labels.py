"""The command under the name that other programs call it by."""  # noqa: N999 - a command is called by its module's name

from __future__ import annotations

from backend.labels.management.commands.import_labels import Command

__all__ = ["Command"]
