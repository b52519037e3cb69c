"""Settings, addresses and processes of the product."""

from backend.config.celery import app as celery_app

__all__ = ["celery_app"]
