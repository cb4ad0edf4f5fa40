"""How signals fared and what proves them, by program."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import ModelSerializer, Serializer
from apps.signals.models import SignalOutcome
from apps.signals.selectors.performance import Tally
from apps.signals.services.publishing import REVEALS


class TallySerializer(Serializer[Tally]):
    """Shares and returns are fractions; the share and its interval are null under 30 outcomes."""

    name = serializers.CharField(help_text="Of the source, symbol, action or strategy; empty for the total")
    count = serializers.IntegerField(help_text="Measured outcomes")
    missing = serializers.IntegerField(help_text="That could not be measured")
    share = serializers.FloatField(allow_null=True, help_text="Whose return was above 0")
    low = serializers.FloatField(allow_null=True, help_text="Of Wilson's 95 % interval")
    high = serializers.FloatField(allow_null=True)
    mean = serializers.FloatField(allow_null=True)
    median = serializers.FloatField(allow_null=True)
    best = serializers.FloatField(allow_null=True, help_text="Mean of the largest move for it (MFE)")
    worst = serializers.FloatField(allow_null=True, help_text="Mean of the largest move against it (MAE)")


class PerformanceSerializer(Serializer[dict[str, Any]]):
    horizon_s = serializers.IntegerField()
    total = TallySerializer()
    groups = TallySerializer(many=True)


class PerformanceQuerySerializer(Serializer[dict[str, Any]]):
    """What the performance is asked for."""

    horizon = serializers.ChoiceField(choices=[3_600, 14_400, 86_400], default=14_400, help_text="In seconds")
    by = serializers.ChoiceField(choices=["source", "symbol", "action", "strategy"], default="source")
    source = serializers.UUIDField(required=False)
    symbol = serializers.CharField(required=False, max_length=40)
    action = serializers.ChoiceField(choices=["buy", "sell"], required=False)
    days = serializers.IntegerField(required=False, min_value=1, max_value=3650, help_text="All without it")


class SignalOutcomeSerializer(ModelSerializer[SignalOutcome]):
    class Meta:
        model = SignalOutcome
        fields = [
            "horizon_s",
            "reason",
            "entry_price",
            "exit_price",
            "exit_at",
            "change",
            "best",
            "worst",
            "measured_at",
        ]


class SignalOutcomesSerializer(Serializer[dict[str, Any]]):
    outcomes = SignalOutcomeSerializer(many=True)


class ProofSerializer(Serializer[dict[str, Any]]):
    line = serializers.JSONField(help_text="As in chain.jsonl, with the fields that its record was made of")
    day = serializers.DateField(
        allow_null=True, help_text="The signed day it belongs to; null until that is over"
    )


class WhySerializer(Serializer[dict[str, Any]]):
    formula = serializers.CharField(help_text="Its name and version; empty where it is not known")
    text = serializers.CharField()
    time = serializers.CharField(help_text="Opening of the signal's bar; empty where there is none")
    agrees = serializers.BooleanField(
        help_text="A condition of the signal's side held on that bar, computed here"
    )
    missing = serializers.CharField(help_text="Why it cannot be told; empty where it can")
    statements = serializers.ListField(
        child=serializers.JSONField(), help_text="As of /formulas/why/: each with its sub-expressions"
    )


class PublishRecordSerializer(Serializer[dict[str, Any]]):
    """Whether everybody may see the record, and from when on what its signals said."""

    slug = serializers.CharField(
        allow_null=True,
        max_length=40,
        help_text="Of the public page: 3 to 40 small letters, digits and hyphens. Null closes it.",
    )
    reveal_after_h = serializers.ChoiceField(
        choices=[hours for hours in REVEALS if hours],
        allow_null=True,
        default=None,
        help_text="So many hours after receipt a signal's content is public. Null: never",
    )


class ChainSerializer(Serializer[dict[str, Any]]):
    chain = serializers.UUIDField(
        allow_null=True, help_text="Its id, with which the hashes begin; null before the first signal"
    )
    public_key = serializers.CharField(help_text="Ed25519, hex")
    links = serializers.IntegerField()
    head = serializers.CharField(help_text="Hash of the last link; empty without one")
    slug = serializers.CharField(allow_null=True, help_text="Of the public page; null: not public")
    reveal_after_h = serializers.IntegerField(allow_null=True)
    verified_at = serializers.DateTimeField(allow_null=True)
    faults = serializers.ListField(child=serializers.CharField())
    days = serializers.ListField(child=serializers.JSONField(), help_text="As in days.json, oldest first")
