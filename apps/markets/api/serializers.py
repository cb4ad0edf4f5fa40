from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import ModelSerializer, Serializer
from apps.markets.choices import AssetClass
from apps.markets.models import BarSet, Instrument
from apps.markets.services import STEPS


class InstrumentSerializer(ModelSerializer[Instrument]):
    is_shared = serializers.SerializerMethodField()

    class Meta:
        model = Instrument
        fields = [
            "uuid",
            "symbol",
            "venue",
            "name",
            "asset_class",
            "currency",
            "timezone",
            "tick_size",
            "lot_size",
            "min_size",
            "min_notional",
            "is_shared",
        ]
        read_only_fields = ["symbol", "venue", "timezone"]
        extra_kwargs = {name: {"min_value": 0} for name in STEPS}

    def get_is_shared(self, instrument: Instrument) -> bool:
        return instrument.workspace_id is None


class BarSetSerializer(ModelSerializer[BarSet]):
    symbol = serializers.CharField(source="instrument.symbol")

    class Meta:
        model = BarSet
        fields = [
            "uuid",
            "symbol",
            "timeframe",
            "bars",
            "first_time",
            "last_time",
            "content_hash",
            "source",
            "is_synthetic",
            "quality",
        ]


class ImportSerializer(Serializer[dict[str, Any]]):
    file = serializers.FileField()
    symbol = serializers.CharField(max_length=40)
    venue = serializers.CharField(max_length=40, default="", allow_blank=True)
    asset_class = serializers.ChoiceField(choices=AssetClass.choices, default=AssetClass.OTHER)
    timeframe = serializers.CharField(max_length=10, default=None, allow_null=True)
    timezone = serializers.CharField(max_length=50, default="UTC")
