"""Who sees the demo lab: the instance's admin, whichever of the two comes first."""

from __future__ import annotations

import pytest

from backend.accounts.models import Lab, Role, User
from backend.accounts.services import create_setup_link, use_setup_link
from backend.config.demo import open_demo_lab
from backend.config.local import actor_in, this_computer

pytestmark = pytest.mark.django_db


def set_up() -> User:
    token = create_setup_link()
    return use_setup_link(token=token, email="ann@example.org", name="Ann", password="a long enough password", lab_name="North")


def labs_of(user: User) -> dict[str, str]:
    return dict(user.memberships.values_list("lab__name", "role"))


def test_an_admin_who_comes_after_the_demo_belongs_to_it() -> None:
    open_demo_lab()
    assert labs_of(set_up()) == {"North": Role.ADMIN, "Demo": Role.ADMIN}


def test_an_admin_who_was_there_before_the_demo_belongs_to_it() -> None:
    admin = set_up()
    open_demo_lab()
    open_demo_lab()
    assert labs_of(admin) == {"North": Role.ADMIN, "Demo": Role.ADMIN}
    assert Lab.objects.filter(is_demo=True).count() == 1


def test_nobody_can_sign_in_as_this_computer_and_it_sees_only_the_lab_it_works_in() -> None:
    lab, other = Lab.objects.create(name="North"), Lab.objects.create(name="South")
    assert this_computer().id == this_computer().id
    assert not this_computer().is_active
    assert not this_computer().has_usable_password()
    assert actor_in(lab).sees(lab.id)
    assert not actor_in(lab).sees(other.id)
