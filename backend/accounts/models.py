"""Who works here: users, labs, and what each may do in each."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from backend.core.models import Row


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Addresses are kept in lower case, so that Ann@x.org and ann@x.org are one person."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, Row):
    """A person; what they may see follows from memberships, never from a flag, save for running the instance."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=2, choices=[("en", "English"), ("ru", "Русский")], default="en")
    theme = models.CharField(max_length=8, choices=[("dark", "dark"), ("light", "light")], default="dark")
    is_active = models.BooleanField(default=True)
    is_instance_admin = models.BooleanField(default=False)
    has_seen_tour = models.BooleanField(default=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_an_email")]

    def __str__(self) -> str:
        return self.name


class Lab(Row):
    """Everything belongs to one lab, and only its members see it."""

    name = models.CharField(max_length=120, unique=True)
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    VIEWER = "viewer", "viewer"
    EMBRYOLOGIST = "embryologist", "embryologist"
    ADMIN = "admin", "lab admin"


class Membership(Row):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "lab"], name="one_role_a_lab")]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.lab}"


class OneTimeLink(Row):
    """A link that works once and for a limited time: the first admin's set-up, or an invitation. Only its hash is kept."""

    class Purpose(models.TextChoices):
        SETUP = "setup", "first admin"
        INVITATION = "invitation", "invitation"

    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, null=True, related_name="invitations")
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=16, choices=Role.choices, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)

    def __str__(self) -> str:
        return f"{self.purpose} until {self.expires_at:%Y-%m-%d %H:%M}"


class ApiToken(Row):
    """A program's key to one lab; only its hash is kept."""

    class Scope(models.TextChoices):
        READ = "read", "read"
        WRITE = "write", "read and write"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    scope = models.CharField(max_length=5, choices=Scope.choices, default=Scope.READ)
    prefix = models.CharField(max_length=8)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    @property
    def may_write(self) -> bool:
        return self.scope == self.Scope.WRITE

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
