"""Entries of the journal as programs read them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.core.api.serializers import ModelSerializer
from apps.journal.models import Entry


class JournalEntrySerializer(ModelSerializer[Entry]):
    """Who did what, to which object, from where; names and addresses are missing once a person was erased."""

    actor = serializers.CharField(source="actor_label", help_text="Empty for the system.")
    ip = serializers.IPAddressField(allow_null=True)
    device = serializers.CharField()
    target = serializers.CharField(source="target_name")
    changes = serializers.SerializerMethodField(help_text="Field to value, or to [before, after].")
    impersonated = serializers.SerializerMethodField(help_text="Whether staff acted in the actor's place.")

    class Meta:
        model = Entry
        fields = [
            "uuid",
            "recorded_at",
            "actor",
            "impersonated",
            "action",
            "target_type",
            "target_uuid",
            "target",
            "changes",
            "via",
            "via_detail",
            "ip",
            "device",
            "request_id",
            "content_hash",
        ]

    @extend_schema_field({"type": "object", "additionalProperties": {}})
    def get_changes(self, entry: Entry) -> dict[str, Any]:
        return entry.all_changes

    def get_impersonated(self, entry: Entry) -> bool:
        return entry.impersonator_id is not None
