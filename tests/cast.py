"""The people of every test: who belongs to which lab, and in which role."""

from __future__ import annotations

from dataclasses import dataclass

from backend.accounts.models import Lab, Membership, Role, User

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Cast:
    """Two labs; the outsider runs the other one and must see nothing of the first."""

    lab: Lab
    other_lab: Lab
    embryologist: User
    colleague: User
    viewer: User
    lab_admin: User
    instance_admin: User
    outsider: User


def make_cast() -> Cast:
    """Create both labs and everybody in them; nobody has signed in yet."""
    lab, other_lab = Lab.objects.create(name="North clinic"), Lab.objects.create(name="South clinic")

    def person(name: str, lab: Lab | None, role: Role | None, **fields: bool) -> User:
        user = User.objects.create_user(
            email=f"{name.replace(' ', '.')}@example.org", password=PASSWORD, name=name, has_seen_tour=True, **fields
        )
        if lab is not None and role is not None:
            Membership.objects.create(user=user, lab=lab, role=role)
        return user

    return Cast(
        lab=lab,
        other_lab=other_lab,
        embryologist=person("embryologist", lab, Role.EMBRYOLOGIST),
        colleague=person("colleague", lab, Role.EMBRYOLOGIST),
        viewer=person("viewer", lab, Role.VIEWER),
        lab_admin=person("lab admin", lab, Role.ADMIN),
        instance_admin=person("instance admin", None, None, is_instance_admin=True),
        outsider=person("outsider", other_lab, Role.ADMIN),
    )
