"""Signals and their sources as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import ModelSerializer, Serializer
from apps.signals.models import AlertSource, Signal


class SignalSerializer(ModelSerializer[Signal]):
    source = serializers.UUIDField(source="source.uuid", read_only=True)
    price = serializers.SerializerMethodField()

    class Meta:
        model = Signal
        fields = [
            "uuid",
            "source",
            "symbol",
            "exchange",
            "timeframe",
            "action",
            "price",
            "bar_time",
            "emitted_at",
            "received_at",
            "strategy",
            "seq",
            "payload",
            "is_test",
            "status",
            "reason",
            "fired",
        ]

    def get_price(self, signal: Signal) -> str | None:
        """A decimal in text, exactly as sent but without needless zeros."""
        return None if signal.price is None else f"{signal.price.normalize():f}"


class AlertSourceSerializer(ModelSerializer[AlertSource]):
    class Meta:
        model = AlertSource
        fields = [
            "uuid",
            "name",
            "kind",
            "token_prefix",
            "previous_token_expires_at",
            "alerts_per_minute",
            "is_active",
            "created_at",
        ]
        read_only_fields = ["kind", "token_prefix", "previous_token_expires_at", "alerts_per_minute"]


class NewAddressSerializer(Serializer[dict[str, Any]]):
    """A source with its address, which is told this once."""

    source = AlertSourceSerializer()
    token = serializers.CharField()
    url = serializers.URLField()


class RotateSerializer(Serializer[dict[str, Any]]):
    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=168, default=24, help_text="How long the present token goes on working"
    )


class TestAlertSerializer(Serializer[dict[str, Any]]):
    id = serializers.UUIDField(help_text="The stored alert")
