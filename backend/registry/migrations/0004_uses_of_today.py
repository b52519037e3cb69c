"""What was in use becomes the server's default, and states say only what is true of the file itself."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def carry_over(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's signature
    weights, use = apps.get_model("registry", "Weights"), apps.get_model("registry", "Use")
    for row in weights.objects.filter(lab=None, state="active"):
        # When exactly it came into use is only in the audit trail; it was when it was first found, or later.
        use.objects.create(task=row.task, weights=row, state="current", confirmed_at=row.created_at)
    weights.objects.filter(lab=None, state__in=["active", "usable"]).update(state="checked")
    weights.objects.filter(lab=None, state="unusable").update(state_before="checked")
    weights.objects.filter(lab__isnull=False, state="unusable").update(state_before="candidate")


def carry_back(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's signature
    weights, use = apps.get_model("registry", "Weights"), apps.get_model("registry", "Use")
    weights.objects.filter(lab=None, state="checked").update(state="usable")
    weights.objects.filter(lab__isnull=False, state__in=["checked", "retired"]).update(state="candidate")
    for row in use.objects.filter(lab=None, state="current"):
        weights.objects.filter(id=row.weights_id, state="usable").update(state="active")


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_uses")]

    operations = [migrations.RunPython(carry_over, carry_back)]
