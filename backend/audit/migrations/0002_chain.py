import django.utils.timezone
from django.db import migrations, models
from django.db.models import Q

from backend.audit import chain


def chain_what_is_there(apps, schema_editor):
    """Rows of before the chain get places without gaps, in the order in which they were written, and hang on one another."""
    Entry, Head = apps.get_model("audit", "Entry"), apps.get_model("audit", "Head")
    count, digest, last = 0, chain.START, 0
    # In pages: a cursor must not walk over rows whose places are being changed. Places only ever go down, so none is taken twice.
    while page := list(Entry.objects.filter(id__gt=last).order_by("id")[:1000]):
        for row in page:
            last, count = row.id, count + 1
            row.id, row.actor_key = count, str(row.actor_id) if row.actor_id else ""
            digest = chain.link(digest, {name: getattr(row, name) for name in chain.FACTS})
            Entry.objects.filter(id=last).update(id=count, actor_key=row.actor_key, digest=digest)
    Head.objects.create(id=1, count=count, digest=digest, seal=chain.seal_of(count, digest), key_id=chain.key_id())


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("count", models.PositiveBigIntegerField(default=0)),
                ("digest", models.CharField(default=chain.START, max_length=64)),
                ("seal", models.CharField(max_length=64)),
                ("key_id", models.CharField(max_length=16)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=Q(("id", 1)), name="one_head")],
            },
        ),
        migrations.AlterField(
            model_name="entry",
            name="id",
            field=models.PositiveBigIntegerField(primary_key=True, serialize=False),
        ),
        migrations.AlterField(
            model_name="entry",
            name="at",
            field=models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="entry",
            name="actor_key",
            field=models.CharField(blank=True, db_index=True, max_length=36),
        ),
        migrations.AddField(
            model_name="entry",
            name="digest",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.RunPython(chain_what_is_there, migrations.RunPython.noop),
    ]
