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
    allowed_networks = serializers.ListField(
        child=serializers.CharField(max_length=50),
        required=False,
        max_length=50,
        help_text="Addresses or networks that alerts are taken from; empty: from anywhere",
    )
    passphrase = serializers.CharField(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=100,
        help_text="What every body must hold; empty: nothing. Never told again",
    )
    template = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=2000,
        help_text="Forms of alerts that are plain text, one a line",
    )
    wants_passphrase = serializers.SerializerMethodField()
    wants_signature = serializers.SerializerMethodField()

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
            "allowed_networks",
            "passphrase",
            "wants_passphrase",
            "wants_signature",
            "template",
            "created_at",
        ]
        read_only_fields = ["token_prefix", "previous_token_expires_at", "alerts_per_minute"]

    def get_wants_passphrase(self, source: AlertSource) -> bool:
        return bool(source.passphrase)

    def get_wants_signature(self, source: AlertSource) -> bool:
        return bool(source.signing_keys)


class NewAddressSerializer(Serializer[dict[str, Any]]):
    """A source with its address, which is told this once."""

    source = AlertSourceSerializer()
    token = serializers.CharField()
    url = serializers.CharField(help_text="Where alerts go; of a source by e-mail, its mail address")


class RotateSerializer(Serializer[dict[str, Any]]):
    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=168, default=24, help_text="How long the present token goes on working"
    )


class TestAlertSerializer(Serializer[dict[str, Any]]):
    id = serializers.UUIDField(help_text="The stored alert")


class SigningKeySerializer(Serializer[dict[str, Any]]):
    key = serializers.CharField(help_text="`whsec_…`, told this once")


class TryTemplateSerializer(Serializer[dict[str, Any]]):
    template = serializers.CharField(max_length=2000)
    text = serializers.CharField(max_length=10_000, trim_whitespace=False)


class ReadSerializer(Serializer[Any]):
    """What an alert says."""

    symbol = serializers.CharField()
    exchange = serializers.CharField()
    action = serializers.CharField()
    timeframe = serializers.CharField()
    price = serializers.DecimalField(max_digits=None, decimal_places=None, allow_null=True)
    bar_time = serializers.DateTimeField(allow_null=True)
    payload = serializers.DictField()
