"""Backtests as JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field
from rest_framework import serializers

from apps.backtests.choices import Fill
from apps.backtests.models import Backtest
from apps.core.api.serializers import ModelSerializer, Serializer, without

HEADLINE = ("total_return", "cagr", "max_drawdown", "sharpe", "trades", "win_rate", "profit_factor")


class BacktestRequestSerializer(Serializer[dict[str, Any]]):
    """Either `formula` (the uuid of a kept one) or `text`."""

    formula = serializers.UUIDField(required=False)
    text = serializers.CharField(required=False, trim_whitespace=False, max_length=16 * 1024)
    bar_set = serializers.UUIDField(required=False, help_text="uuid of the bars, see /bars/")
    symbol = serializers.CharField(
        required=False, max_length=40, help_text="Instead of bar_set, with timeframe"
    )
    timeframe = serializers.CharField(required=False, max_length=10)
    cash = serializers.FloatField(default=10_000.0, min_value=0.01, max_value=1e12)
    fee = serializers.FloatField(default=0.001, min_value=0, max_value=0.5, help_text="Fraction of each fill")
    slippage_bps = serializers.FloatField(
        default=None,
        allow_null=True,
        min_value=0,
        max_value=1000,
        help_text="Left out: as the workspace's own orders in the instrument measured it, else 0",
    )
    fill = serializers.ChoiceField(choices=Fill.choices, default=Fill.NEXT_OPEN)
    borrow_per_day = serializers.FloatField(
        default=0.0, min_value=0, max_value=0.1, help_text="Of a short's value, a fraction per day"
    )
    funding_per_day = serializers.FloatField(
        default=0.0,
        min_value=-0.1,
        max_value=0.1,
        help_text="Of a position's value, a fraction per day: longs pay it, shorts receive it",
    )
    use_finer = serializers.BooleanField(
        default=True,
        help_text="Let bars of a finer timeframe, where there are any, decide which of stop and target came first",
    )
    start = serializers.DateField(required=False, allow_null=True)
    end = serializers.DateField(required=False, allow_null=True)
    inputs = serializers.DictField(default=dict)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("formula" in attrs) == ("text" in attrs):
            raise serializers.ValidationError({"text": "Give either text or formula."})
        if ("bar_set" in attrs) == ("symbol" in attrs):
            raise serializers.ValidationError({"bar_set": "Give either bar_set or symbol."})
        return attrs


class BacktestSerializer(ModelSerializer[Backtest]):
    formula = serializers.UUIDField(source="formula.uuid", allow_null=True, default=None)
    bar_set = serializers.UUIDField(source="bar_set.uuid")
    symbol = serializers.CharField(source="bar_set.instrument.symbol")
    timeframe = serializers.CharField(source="bar_set.timeframe")
    percent = serializers.IntegerField()
    finer_bar_set = serializers.UUIDField(
        source="finer_bar_set.uuid", allow_null=True, default=None, help_text="The finer bars that decided"
    )

    class Meta:
        model = Backtest
        fields = [
            "uuid",
            "status",
            "percent",
            "formula",
            "formula_name",
            "bar_set",
            "symbol",
            "timeframe",
            "finer_bar_set",
            "start",
            "end",
            "parameters",
            "slippage_from",
            "metrics",
            "counts",
            "hashes",
            "result_sha256",
            "lineage",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        ]


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": ["number", "null"]}, "nullable": True}
)
class HeadlineField(serializers.Field[Any, Any, Any, Any]):
    """Of the metrics of a run the few that a list shows; the run itself has all."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, help_text="When done: " + ", ".join(HEADLINE), **kwargs)

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return {name: value.get(name) for name in HEADLINE}


class BacktestRowSerializer(BacktestSerializer):
    metrics = HeadlineField()

    class Meta(BacktestSerializer.Meta):
        fields = without(BacktestSerializer, "parameters", "slippage_from", "counts", "hashes")


REQUEST_EXAMPLE = OpenApiExample(
    "EMA cross on AAPL",
    value={
        "symbol": "AAPL",
        "timeframe": "1d",
        "text": "input fast = 9 in 2..50\nlong when crossover(ema(close, fast), ema(close, 21))\n"
        "exit long when crossunder(ema(close, fast), ema(close, 21))",
        "inputs": {"fast": 12},
        "slippage_bps": 2,
    },
    request_only=True,
)
BACKTEST_EXAMPLE = OpenApiExample(
    "Queued",
    value={
        "uuid": "0b8f5a52-7a35-4a60-a5a5-8c4c0d9b9e01",
        "status": "queued",
        "percent": 0,
        "formula": None,
        "formula_name": "Untitled",
        "bar_set": "2f2c9c63-41f0-4a2f-9a3e-6f5f0e9d7b02",
        "symbol": "AAPL",
        "timeframe": "1d",
        "finer_bar_set": None,
        "start": None,
        "end": None,
        "parameters": {
            "cash": 10000.0,
            "fee": 0.001,
            "slippage_bps": 2.0,
            "fill": "next_open",
            "inputs": {"fast": 12},
        },
        "slippage_from": "",
        "metrics": None,
        "counts": None,
        "hashes": None,
        "result_sha256": "",
        "lineage": "6a1f63a5-5d0b-5a3b-9d4f-0f6d5a1c2b03",
        "error": "",
        "created_at": "2026-01-05T09:00:00Z",
        "started_at": None,
        "finished_at": None,
    },
    response_only=True,
)
