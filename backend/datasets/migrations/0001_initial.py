import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('imaging', '0001_initial'),
        ('labels', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DataSet',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('name', models.CharField(max_length=120)),
                ('task', models.CharField(choices=[('wells', 'finding wells and their contents'), ('phases', 'naming phases')], max_length=8)),
                ('filters', models.JSONField(default=dict)),
                ('steps', models.JSONField(default=dict)),
                ('split', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('draft', 'being chosen'), ('freezing', 'being frozen'), ('frozen', 'frozen')], default='draft', max_length=10)),
                ('hash', models.CharField(blank=True, max_length=64)),
                ('counts', models.JSONField(default=dict)),
                ('stack_ids', models.JSONField(default=list)),
                ('error', models.JSONField(null=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('frozen_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lab', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='data_sets', to='accounts.lab')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='DataSetItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('frame_index', models.PositiveIntegerField(null=True)),
                ('plane', models.PositiveSmallIntegerField(default=0)),
                ('place', models.CharField(blank=True, max_length=4)),
                ('cut', models.JSONField(null=True)),
                ('content_key', models.CharField(max_length=64)),
                ('width_px', models.PositiveIntegerField()),
                ('height_px', models.PositiveIntegerField()),
                ('label', models.JSONField()),
                ('classes', models.CharField(max_length=120)),
                ('patient', models.CharField(blank=True, max_length=120)),
                ('dish', models.CharField(blank=True, max_length=200)),
                ('embryo', models.CharField(blank=True, max_length=240)),
                ('split', models.CharField(choices=[('train', 'learned from'), ('validation', 'steps are chosen by'), ('test', 'judged on once')], max_length=10)),
                ('annotator', models.CharField(blank=True, max_length=255)),
                ('labelled_at', models.DateTimeField(null=True)),
                ('source', models.JSONField(default=dict)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='datasets.dataset')),
                ('picture', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='labels.picture')),
                ('stack', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='imaging.stack')),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='Freezing',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('state', models.CharField(choices=[('queued', 'waiting'), ('running', 'running'), ('finished', 'finished'), ('cancelled', 'cancelled'), ('failed', 'failed')], db_index=True, default='queued', max_length=12)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('lease_token', models.UUIDField(null=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('message_at', models.DateTimeField(null=True)),
                ('cancel_requested', models.BooleanField(default=False)),
                ('progress', models.JSONField(default=dict)),
                ('error', models.JSONField(null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('code_version', models.CharField(blank=True, max_length=40)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='freezings', to='datasets.dataset')),
                ('lab', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.lab')),
            ],
            options={
                'ordering': ['-created_at'],
                'abstract': False,
            },
        ),
        migrations.AddConstraint(
            model_name='dataset',
            constraint=models.UniqueConstraint(fields=('lab', 'name'), name='one_data_set_a_name'),
        ),
        migrations.AddConstraint(
            model_name='dataset',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'frozen'), _negated=True), models.Q(('hash', ''), _negated=True), _connector='OR'), name='a_frozen_data_set_has_a_hash'),
        ),
        migrations.AddIndex(
            model_name='datasetitem',
            index=models.Index(fields=['dataset', 'split', 'number'], name='items_of_a_split'),
        ),
        migrations.AddConstraint(
            model_name='datasetitem',
            constraint=models.UniqueConstraint(fields=('dataset', 'number'), name='one_item_a_number'),
        ),
        migrations.AddConstraint(
            model_name='datasetitem',
            constraint=models.UniqueConstraint(fields=('dataset', 'content_key'), name='one_item_a_picture'),
        ),
        migrations.AddConstraint(
            model_name='datasetitem',
            constraint=models.CheckConstraint(condition=models.Q(('picture__isnull', False), models.Q(('frame_index__isnull', False), ('stack__isnull', False)), _connector='OR'), name='an_item_has_a_picture'),
        ),
        migrations.AddConstraint(
            model_name='freezing',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'running'), _negated=True), ('lease_token__isnull', False), _connector='OR'), name='a_running_freezing_has_a_lease'),
        ),
        migrations.AddConstraint(
            model_name='freezing',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['queued', 'running'])), fields=('dataset',), name='one_freezing_under_way_a_data_set'),
        ),
    ]
