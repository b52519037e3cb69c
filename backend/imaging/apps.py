"""Tells the live channel who may follow a dish, and frames when to check everybody anew."""

from __future__ import annotations

from django.apps import AppConfig


class ImagingConfig(AppConfig):
    name = "backend.imaging"

    def ready(self) -> None:
        from django.contrib.sessions.models import Session
        from django.db.models.signals import post_delete, post_save

        from backend.accounts.models import ApiToken, Membership, User
        from backend.imaging.models import Stack
        from backend.imaging.passes import withdraw_all
        from backend.imaging.selectors import may_follow_dish
        from backend.live import topics

        topics.register("dish", may_follow_dish)
        for model in (ApiToken, Membership, Session, Stack, User):
            post_delete.connect(withdraw_all, sender=model, dispatch_uid=f"passes of {model.__name__}")
            post_save.connect(withdraw_all, sender=model, dispatch_uid=f"passes of {model.__name__}")
