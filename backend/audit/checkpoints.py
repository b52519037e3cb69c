"""Statements about the chain that are kept elsewhere: what is signed here cannot be cut off later without being found."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from django.utils import timezone

from backend.audit import chain

FORMAT = "embryovision-audit-checkpoint-1"


class NoCheckpoint(Exception):
    """The file is no checkpoint of ours; the message says why."""


@dataclass(frozen=True)
class Checkpoint:
    """So many rows there were, and this was the digest of the last."""

    count: int
    digest: str
    at: str


def sign(*, count: int, digest: str) -> str:
    """The text of a checkpoint file."""
    statement = {
        "format": FORMAT,
        **asdict(Checkpoint(count, digest, timezone.now().isoformat(timespec="seconds"))),
        "key_id": chain.key_id(),
    }
    return json.dumps({**statement, "signature": chain.signature_of(statement)}, indent=2) + "\n"


def read(text: str) -> Checkpoint:
    """What a checkpoint file says; NoCheckpoint where it is none, was signed with another key or was changed."""
    try:
        statement = json.loads(text)
    except ValueError:
        raise NoCheckpoint("The file is no JSON.") from None
    if not isinstance(statement, dict) or statement.get("format") != FORMAT:
        raise NoCheckpoint(f"The file is no checkpoint: its format is not {FORMAT!r}.")
    signature = str(statement.pop("signature", ""))
    if statement.get("key_id") != chain.key_id():
        raise NoCheckpoint("The checkpoint was signed with another key than this installation's AUDIT_KEY.")
    if not chain.is_same(signature, chain.signature_of(statement)):
        raise NoCheckpoint("The checkpoint was changed after it was signed.")
    return Checkpoint(count=int(statement["count"]), digest=str(statement["digest"]), at=str(statement["at"]))
