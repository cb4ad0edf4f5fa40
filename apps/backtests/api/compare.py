"""Runs side by side as JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from apps.core.api.serializers import Serializer


class ComparisonRequestSerializer(Serializer[dict[str, Any]]):
    run = serializers.ListField(child=serializers.UUIDField())


class ComparedRowSerializer(Serializer[dict[str, Any]]):
    label = serializers.CharField()  # type: ignore[assignment]
    values = serializers.ListField(help_text="One per run, null where it does not apply")


class ComparedMetricSerializer(Serializer[dict[str, Any]]):
    name = serializers.CharField()
    values = serializers.ListField(child=serializers.FloatField(allow_null=True))
    best = serializers.IntegerField(allow_null=True, help_text="Index of the run that does best, if one does")


class ComparedRunSerializer(Serializer[dict[str, Any]]):
    uuid = serializers.UUIDField()
    name = serializers.CharField()
    formula = serializers.CharField()
    symbol = serializers.CharField()
    timeframe = serializers.CharField()


class ComparisonSerializer(Serializer[dict[str, Any]]):
    runs = ComparedRunSerializer(many=True)
    differences = ComparedRowSerializer(many=True)
    same = ComparedRowSerializer(many=True)
    metrics = ComparedMetricSerializer(many=True)


COMPARISON_EXAMPLE = OpenApiExample(
    "Two fees",
    value={
        "runs": [
            {
                "uuid": "0b8f5a52-7a35-4a60-a5a5-8c4c0d9b9e01",
                "name": "EMA cross on AAPL · 1d",
                "formula": "EMA cross",
                "symbol": "AAPL",
                "timeframe": "1d",
            },
            {
                "uuid": "2f2c9c63-41f0-4a2f-9a3e-6f5f0e9d7b02",
                "name": "EMA cross on AAPL · 1d",
                "formula": "EMA cross",
                "symbol": "AAPL",
                "timeframe": "1d",
            },
        ],
        "differences": [{"label": "Fee", "values": [0.001, 0.002]}],
        "same": [{"label": "Market", "values": ["AAPL", "AAPL"]}],
        "metrics": [{"name": "sharpe", "values": [0.61, 0.55], "best": 0}],
    },
    response_only=True,
)
