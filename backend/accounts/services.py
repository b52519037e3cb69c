"""Changes people, their labs and roles; every change is told to the audit trail."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from rest_framework.exceptions import ValidationError

from backend.accounts import links
from backend.accounts.actor import NOT_HERE, Actor
from backend.accounts.models import Lab, Membership, OneTimeLink, Role, User
from backend.accounts.tokens import create_token, revoke_token
from backend.core.changes import Change, tell
from backend.core.errors import Refused

__all__ = ["create_token", "revoke_token"]


def create_setup_link() -> str:
    """The secret of a link that makes the first admin; links made earlier die."""
    with transaction.atomic():
        OneTimeLink.objects.filter(purpose=OneTimeLink.Purpose.SETUP, used_at=None).delete()
        _, secret = links.make(purpose=OneTimeLink.Purpose.SETUP, hours=settings.ONE_TIME_LINK_HOURS)
        tell(Change(None, None, "setup_link.created", "set-up link"))
    return secret


@transaction.atomic
def use_setup_link(*, token: str, email: str, name: str, password: str, lab_name: str) -> User:
    """Make the instance's admin and their lab, beside the demo lab; the link is used up only if all could be made."""
    links.take(purpose=OneTimeLink.Purpose.SETUP, token=token)
    user = _create_user(email=email, name=name, password=password, is_instance_admin=True)
    lab = _create_lab(lab_name, field="lab_name")
    for own in (lab, *Lab.objects.filter(is_demo=True)):
        Membership.objects.create(user=user, lab=own, role=Role.ADMIN)
    tell(Change(user, lab.id, "instance.set_up", f"lab {lab.name}", after={"admin": str(user.id), "role": Role.ADMIN}))
    return user


def sign_in(*, request: HttpRequest, email: str, password: str) -> User:
    """The person with this address and password; failures count towards the lock-out, known address or not."""
    user = authenticate(request, email=email.strip().lower(), password=password)
    if not isinstance(user, User):
        raise _wrong_credentials()
    tell(Change(user, None, "session.opened", f"user {user.id}"))
    return user


@transaction.atomic
def update_profile(*, user: User, changes: dict[str, Any]) -> User:
    before = {field: getattr(user, field) for field in changes}
    for field, value in changes.items():
        setattr(user, field, value)
    user.save(update_fields=list(changes))
    tell(Change(user, None, "user.updated", f"user {user.id}", before=before, after=changes))
    return user


@transaction.atomic
def change_password(*, user: User, current: str, new: str) -> User:
    """All other sessions of the person end with the old password."""
    if not user.check_password(current):
        raise ValidationError({"current": ["This is not your current password."]})
    _check_password(new, user, field="new")
    user.set_password(new)
    user.save(update_fields=["password"])
    tell(Change(user, None, "user.password_changed", f"user {user.id}"))
    return user


@transaction.atomic
def create_lab(*, actor: Actor, name: str) -> Lab:
    """Open a lab; whoever opens it becomes its admin and can hand it on."""
    if not actor.is_instance_admin:
        raise Refused("forbidden", "Only the instance's admin opens labs.", "Ask the person who runs this installation.", http_status=403)
    lab = _create_lab(name, field="name")
    Membership.objects.create(user=actor.user, lab=lab, role=Role.ADMIN)
    tell(Change(actor.user, lab.id, "lab.created", f"lab {lab.name}", after={"name": lab.name}))
    return lab


@transaction.atomic
def rename_lab(*, actor: Actor, lab_id: UUID, name: str) -> Lab:
    lab = actor.require(lab_id, Role.ADMIN)
    before = lab.name
    lab.name = name
    try:
        with transaction.atomic():
            lab.save(update_fields=["name"])
    except IntegrityError:
        raise ValidationError({"name": ["Another lab has this name."]}) from None
    tell(Change(actor.user, lab.id, "lab.renamed", f"lab {lab.name}", before={"name": before}, after={"name": name}))
    return lab


@transaction.atomic
def invite_member(*, actor: Actor, lab_id: UUID, email: str, role: Role) -> tuple[OneTimeLink, str]:
    """An invitation and its secret; the answer does not tell whether the address has an account."""
    lab = actor.require(lab_id, Role.ADMIN)
    email = email.strip().lower()
    if Membership.objects.filter(lab=lab, user__email=email).exists():
        raise Refused(
            "already_member", "This person belongs to the lab already.", "Change the role in the list of members.", http_status=409
        )
    link, secret = links.make(
        purpose=OneTimeLink.Purpose.INVITATION, hours=settings.INVITATION_HOURS, lab=lab, email=email, role=role, made_by=actor.user
    )
    tell(Change(actor.user, lab.id, "member.invited", f"invitation {link.id}", after={"email": email, "role": role}))
    return link, secret


@transaction.atomic
def withdraw_invitation(*, actor: Actor, lab_id: UUID, invitation_id: UUID) -> None:
    lab = actor.require(lab_id, Role.ADMIN)
    link = OneTimeLink.objects.filter(id=invitation_id, lab=lab, purpose=OneTimeLink.Purpose.INVITATION, used_at=None).first()
    if link is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    link.delete()
    tell(Change(actor.user, lab.id, "invitation.withdrawn", f"invitation {invitation_id}", before={"email": link.email, "role": link.role}))


def accept_invitation(*, request: HttpRequest, token: str, name: str, password: str) -> User:
    """Join the lab: with a new account, or with the password of the account that the address already has."""
    # Outside the transaction below: a failed attempt has to stay counted.
    link = links.find(purpose=OneTimeLink.Purpose.INVITATION, token=token)
    known = User.objects.filter(email=link.email).first()
    if known is not None and authenticate(request, email=known.email, password=password) is None:
        raise _wrong_credentials()
    with transaction.atomic():
        links.take(purpose=OneTimeLink.Purpose.INVITATION, token=token)
        user = known or _create_user(email=link.email, name=name, password=password)
        membership, is_new = Membership.objects.get_or_create(user=user, lab=link.lab, defaults={"role": link.role})
        if is_new:
            tell(Change(user, link.lab_id, "member.joined", f"member {membership.id}", after={"role": link.role}))
    return user


@transaction.atomic
def change_role(*, actor: Actor, lab_id: UUID, member_id: UUID, role: Role) -> Membership:
    membership = _member(actor, lab_id, member_id)
    before = membership.role
    if before == Role.ADMIN and role != Role.ADMIN:
        _keep_an_admin(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    tell(Change(actor.user, membership.lab_id, "member.role_changed", f"member {member_id}", before={"role": before}, after={"role": role}))
    return membership


@transaction.atomic
def remove_member(*, actor: Actor, lab_id: UUID, member_id: UUID) -> None:
    """The person loses the lab at once, and so do the tokens they made for it."""
    membership = _member(actor, lab_id, member_id)
    if membership.role == Role.ADMIN:
        _keep_an_admin(membership)
    membership.user.tokens.filter(lab_id=membership.lab_id).delete()
    membership.delete()
    before = {"user": str(membership.user_id), "role": membership.role}
    tell(Change(actor.user, membership.lab_id, "member.removed", f"member {member_id}", before=before))


def _member(actor: Actor, lab_id: UUID, member_id: UUID) -> Membership:
    lab = actor.require(lab_id, Role.ADMIN)
    # The lab's lock: two admins who remove each other at once must not both succeed.
    Lab.objects.select_for_update().get(id=lab.id)
    membership = Membership.objects.select_related("user").filter(id=member_id, lab=lab).first()
    if membership is None:
        raise Refused("not_found", NOT_HERE, http_status=404)
    return membership


def _keep_an_admin(membership: Membership) -> None:
    if not Membership.objects.filter(lab_id=membership.lab_id, role=Role.ADMIN).exclude(id=membership.id).exists():
        raise Refused("last_admin", "A lab needs an admin, and this is its last.", "Make somebody else admin first.", http_status=409)


def _wrong_credentials() -> Refused:
    return Refused("wrong_credentials", "Address or password is wrong.", "Check both and try again.", http_status=401)


def _create_user(*, email: str, name: str, password: str, is_instance_admin: bool = False) -> User:
    _check_password(password, User(email=email, name=name), field="password")
    try:
        with transaction.atomic():
            return User.objects.create_user(email=email, password=password, name=name, is_instance_admin=is_instance_admin)
    except IntegrityError:
        raise ValidationError({"email": ["This address has an account already."]}) from None


def _create_lab(name: str, *, field: str) -> Lab:
    try:
        with transaction.atomic():
            return Lab.objects.create(name=name)
    except IntegrityError:
        raise ValidationError({field: ["Another lab has this name."]}) from None


def _check_password(password: str, user: User, *, field: str) -> None:
    try:
        validate_password(password, user)
    except DjangoValidationError as error:
        raise ValidationError({field: error.messages}) from None
