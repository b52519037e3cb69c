"""The shapes of connections and exchanges on the wire; a token goes in and never comes out."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.imaging.serializers import RefusalOut
from backend.labels.models import Connection, LabelSync


class ServerProjectOut(serializers.Serializer[Any]):
    """A project on the lab's server, as the last check found it."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    tasks = serializers.IntegerField()


class ConnectionOut(serializers.ModelSerializer[Connection]):
    error = RefusalOut(allow_null=True)
    projects = ServerProjectOut(many=True)
    by_name = serializers.SerializerMethodField()

    class Meta:
        model = Connection
        fields = ["address", "token_kind", "state", "checked_at", "error", "server_version", "projects", "by_name"]
        read_only_fields = fields

    def get_by_name(self, connection: Connection) -> str:
        return connection.by.name if connection.by else ""


class ConnectionStateOut(serializers.Serializer[Any]):
    """A lab's connection, or null; `allowed` are the addresses that an administrator of the installation can choose from."""

    connection = ConnectionOut(allow_null=True)
    allowed = serializers.ListField(child=serializers.CharField(), help_text="empty for everybody else")
    may_set = serializers.BooleanField()


class ConnectionIn(serializers.Serializer[Any]):
    """Without a token the kept one stays, as long as the address does."""

    address = serializers.CharField(max_length=500)
    token = serializers.CharField(max_length=4000, required=False, allow_null=True, default=None, write_only=True)


class PullIn(serializers.Serializer[Any]):
    project = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    pictures = serializers.BooleanField(default=True, help_text="fetch pictures that were uploaded to that server too")


class PushIn(serializers.Serializer[Any]):
    project = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    dishes = serializers.ListField(child=serializers.UUIDField(), max_length=2000, default=list, help_text="whose frames become tasks")
    frames = serializers.IntegerField(default=1, min_value=1, max_value=100, help_text="of each recording, spread evenly")
    stills = serializers.BooleanField(default=True, help_text="have the detector look at known pictures of the project too")


class SyncProgressOut(serializers.Serializer[Any]):
    done = serializers.IntegerField()
    total = serializers.IntegerField()


class SyncReportOut(serializers.Serializer[Any]):
    """What an exchange did; counts that do not belong to its direction are 0."""

    tasks = serializers.IntegerField(default=0, help_text="seen on the server")
    annotations = serializers.IntegerField(default=0)
    predictions = serializers.IntegerField(default=0, help_text="found there by a pull")
    pictures = serializers.IntegerField(default=0, help_text="fetched or sent")
    created = serializers.IntegerField(default=0, help_text="predictions left")
    changed = serializers.IntegerField(default=0, help_text="predictions replaced, because the same detector says something else now")
    unchanged = serializers.IntegerField(default=0, help_text="predictions that were there already")
    unknown = serializers.IntegerField(default=0, help_text="tasks whose picture is not known here; pull first")
    without = serializers.IntegerField(default=0, help_text="known pictures of which no detector says anything")
    model_versions = serializers.ListField(child=serializers.CharField(), default=list)


class LabelSyncOut(serializers.ModelSerializer[LabelSync]):
    by_name = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    error = RefusalOut(allow_null=True)
    report = serializers.SerializerMethodField()

    class Meta:
        model = LabelSync
        fields = [
            "id",
            "lab",
            "direction",
            "address",
            "project",
            "state",
            "attempts",
            "cancel_requested",
            "by_name",
            "progress",
            "error",
            "report",
            "label_import",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields

    def get_by_name(self, sync: LabelSync) -> str:
        return sync.by.name if sync.by else ""

    @extend_schema_field(SyncProgressOut(allow_null=True))
    def get_progress(self, sync: LabelSync) -> dict[str, Any] | None:
        return sync.progress or None

    @extend_schema_field(SyncReportOut(allow_null=True))
    def get_report(self, sync: LabelSync) -> dict[str, Any] | None:
        return dict(SyncReportOut(_EMPTY | sync.report).data) if sync.report else None


_EMPTY: dict[str, Any] = dict.fromkeys(SyncReportOut().get_fields(), 0) | {"model_versions": []}
