"""The shapes of people, labs, invitations and tokens on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from backend.accounts.models import ApiToken, Lab, Membership, OneTimeLink, Role, User

PASSWORD_MAX = 200
"""Hashing a longer one would be work for nothing."""


class UserOut(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "email", "name", "language", "theme", "is_instance_admin", "has_seen_tour"]
        read_only_fields = ["id", "email", "is_instance_admin"]


class ProfileIn(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["name", "language", "theme", "has_seen_tour"]


class LabOut(serializers.ModelSerializer[Lab]):
    class Meta:
        model = Lab
        fields = ["id", "name", "is_demo"]


class MembershipOut(serializers.ModelSerializer[Membership]):
    lab = LabOut()

    class Meta:
        model = Membership
        fields = ["lab", "role"]


class SessionOut(serializers.Serializer[Any]):
    """Who is signed in, and where they work."""

    user = UserOut(allow_null=True)
    memberships = MembershipOut(many=True)
    needs_setup = serializers.BooleanField()
    version = serializers.CharField()


class CredentialsIn(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False)


class StepUpIn(serializers.Serializer[Any]):
    password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False)


class StepUpOut(serializers.Serializer[Any]):
    until = serializers.DateTimeField()


class SetupIn(CredentialsIn):
    token = serializers.CharField(max_length=100)
    name = serializers.CharField(max_length=120)
    lab_name = serializers.CharField(max_length=120)


class AcceptIn(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=100)
    name = serializers.CharField(max_length=120)
    password = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False)


class PasswordIn(serializers.Serializer[Any]):
    current = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False)
    new = serializers.CharField(max_length=PASSWORD_MAX, trim_whitespace=False)


class LabWithRoleOut(serializers.ModelSerializer[Lab]):
    role = serializers.ChoiceField(choices=Role.choices)

    class Meta:
        model = Lab
        fields = ["id", "name", "is_demo", "role"]


class LabIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)


class PersonOut(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "name", "email"]


class MemberOut(serializers.ModelSerializer[Membership]):
    user = PersonOut()

    class Meta:
        model = Membership
        fields = ["id", "user", "role"]


class RoleIn(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)


class InvitationOut(serializers.ModelSerializer[OneTimeLink]):
    role = serializers.ChoiceField(choices=Role.choices)

    class Meta:
        model = OneTimeLink
        fields = ["id", "email", "role", "expires_at", "used_at"]


class NewInvitationOut(InvitationOut):
    """The only answer that carries the link."""

    link = serializers.CharField(read_only=True)

    class Meta(InvitationOut.Meta):
        fields = [*InvitationOut.Meta.fields, "link"]


class InvitationIn(RoleIn):
    email = serializers.EmailField(max_length=254)


class TokenOut(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ["id", "name", "lab", "scope", "prefix", "expires_at", "last_used_at", "created_at"]
        read_only_fields = fields


class NewTokenOut(TokenOut):
    """The only answer that carries the token itself."""

    token = serializers.CharField(read_only=True)

    class Meta(TokenOut.Meta):
        fields = [*TokenOut.Meta.fields, "token"]


class TokenIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    lab = serializers.UUIDField()
    scope = serializers.ChoiceField(choices=ApiToken.Scope.choices)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
