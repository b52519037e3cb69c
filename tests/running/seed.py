"""`python -m tests.running.seed` fills a migrated database with the cast and prints, as JSON, how to be each of them."""

from __future__ import annotations

import json

import django


def main() -> None:
    django.setup()
    from backend.accounts.actor import actor_for
    from backend.accounts.models import ApiToken
    from backend.accounts.services import create_token
    from tests.cast import make_cast
    from tests.running.sessions import session_of

    cast = make_cast()
    people = ("embryologist", "colleague", "viewer", "lab_admin", "instance_admin", "outsider")
    users = {name: getattr(cast, name) for name in people}
    tokens = {
        scope: create_token(actor=actor_for(cast.embryologist), lab_id=cast.lab.id, name=scope, scope=ApiToken.Scope(scope))[1]
        for scope in ("read", "write")
    }
    told = {
        "lab": str(cast.lab.id),
        "other_lab": str(cast.other_lab.id),
        "users": {name: str(user.id) for name, user in users.items()},
        "emails": {name: user.email for name, user in users.items()},
        "sessions": {name: session_of(user) for name, user in users.items()},
        "tokens": tokens,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
