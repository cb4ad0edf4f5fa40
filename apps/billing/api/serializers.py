"""Credits as programs read them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.billing.models import CreditBucket, LedgerEntry, LedgerTransaction
from apps.core.api.serializers import ModelSerializer, Serializer


class CreditBucketSerializer(ModelSerializer[CreditBucket]):
    """Credits of one origin that expire together. `issued` is the sum of the other amounts."""

    class Meta:
        model = CreditBucket
        fields = [
            "uuid",
            "source",
            "priority",
            "expires_at",
            "issued",
            "available",
            "held",
            "spent",
            "expired",
            "withdrawn",
            "created_at",
        ]
        read_only_fields = fields


class CreditsSerializer(Serializer[Any]):
    """What the workspace has."""

    available = serializers.IntegerField(read_only=True, help_text="What can be spent now.")
    held = serializers.IntegerField(read_only=True, help_text="Set aside for work under way.")
    buckets = CreditBucketSerializer(
        many=True, read_only=True, help_text="Those that hold anything, in the order they are spent."
    )


class LedgerEntrySerializer(ModelSerializer[LedgerEntry]):
    bucket = serializers.UUIDField(source="bucket.uuid", read_only=True)

    class Meta:
        model = LedgerEntry
        fields = ["bucket", "debit", "credit", "amount"]
        read_only_fields = fields


class LedgerTransactionSerializer(ModelSerializer[LedgerTransaction]):
    """One thing that happened to the credits, with the entries it is made of."""

    amount = serializers.IntegerField(read_only=True, help_text="What the entries move in all.")
    change = serializers.IntegerField(read_only=True, help_text="What became of the available credits by it.")
    balance = serializers.IntegerField(read_only=True, help_text="What was available after it.")
    used = serializers.IntegerField(read_only=True, help_text="What a settlement really cost.")
    note = serializers.SerializerMethodField(help_text="Why, where people wrote it.")
    entries = LedgerEntrySerializer(many=True, read_only=True)

    class Meta:
        model = LedgerTransaction
        fields = [
            "uuid",
            "created_at",
            "kind",
            "amount",
            "change",
            "balance",
            "used",
            "reference",
            "note",
            "entries",
        ]
        read_only_fields = fields

    def get_note(self, row: LedgerTransaction) -> str:
        return row.note.text if hasattr(row, "note") else ""
