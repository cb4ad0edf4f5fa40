"""A finished run as JSON: report, equity, trades, and the trials its luck check counts."""

from __future__ import annotations

from typing import Any

import polars as pl
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from apps.backtests.models import Trial
from apps.backtests.selectors import OUTCOMES, TRADE_COLUMNS, TradeQuery, in_iso, trade_page
from apps.core.api.serializers import ModelSerializer, Serializer


class LuckSerializer(Serializer[dict[str, Any]]):
    verdict = serializers.ChoiceField(choices=["evidence", "weak", "none", "too_short"])
    words = serializers.CharField()
    trials = serializers.IntegerField(help_text="N: distinct variants in the ledger now")
    sharpe_variance = serializers.FloatField(
        allow_null=True, help_text="V: of their Sharpe ratios per period"
    )
    sharpe = serializers.FloatField(allow_null=True, help_text="Per year, as the two that follow")
    expected_max_sharpe = serializers.FloatField(allow_null=True)
    deflated_sharpe = serializers.FloatField(allow_null=True, help_text="A probability")
    min_track_record_periods = serializers.FloatField(allow_null=True)
    min_backtest_years = serializers.FloatField(allow_null=True)
    years = serializers.FloatField()
    effective_returns = serializers.FloatField()
    counted_at = serializers.DateTimeField()


class ReportSerializer(Serializer[dict[str, Any]]):
    """The members of `report` and `metrics` are defined in docs/metrics.md, those of `honesty` in docs/honesty.md."""

    metrics = serializers.DictField()
    counts = serializers.DictField()
    hashes = serializers.DictField()
    report = serializers.DictField(allow_null=True)
    honesty = serializers.DictField(allow_null=True)
    luck = LuckSerializer(allow_null=True)
    data_quality = serializers.DictField()
    simulated = serializers.BooleanField(help_text="Always true: past prices, assumed fills")
    synthetic_data = serializers.BooleanField()


class EquityRequestSerializer(Serializer[dict[str, Any]]):
    points = serializers.IntegerField(default=2_000, min_value=2, max_value=20_000)


class EquitySerializer(Serializer[dict[str, Any]]):
    bars = serializers.IntegerField(help_text="Bars of the whole curve")
    time = serializers.ListField(child=serializers.DateTimeField())
    equity = serializers.ListField(child=serializers.FloatField())
    buy_and_hold = serializers.ListField(child=serializers.FloatField(allow_null=True))
    position = serializers.ListField(child=serializers.FloatField(), help_text="Units, negative when short")
    close = serializers.ListField(child=serializers.FloatField())
    drawdown = serializers.ListField(child=serializers.FloatField(), help_text="Fractions, positive")


class TradeRequestSerializer(Serializer[dict[str, Any]]):
    page = serializers.IntegerField(default=1, min_value=1)
    page_size = serializers.IntegerField(default=100, min_value=1, max_value=1_000)
    sort = serializers.ChoiceField(choices=list(TRADE_COLUMNS), default="entry_time")
    dir = serializers.ChoiceField(choices=["asc", "desc"], default="asc")
    side = serializers.ChoiceField(choices=["long", "short"], required=False)
    reason = serializers.CharField(required=False, max_length=40)
    outcome = serializers.ChoiceField(choices=list(OUTCOMES), required=False)


class TradePageSerializer(Serializer[dict[str, Any]]):
    count = serializers.IntegerField(help_text="Trades that meet the conditions")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = serializers.ListField(child=serializers.DictField())


def trade_answer(request: Request, trades: pl.DataFrame, asked: dict[str, Any]) -> dict[str, Any]:
    """A page of the trades, as `asked` for, with the addresses of its neighbours."""
    query = TradeQuery(
        sort=asked["sort"],
        descending=asked["dir"] == "desc",
        **{name: asked[name] for name in ("side", "reason", "outcome") if name in asked},
    )
    found = trade_page(in_iso(trades), query, asked["page"], asked["page_size"])
    here = request.build_absolute_uri()
    return {
        "count": found.total,
        "next": replace_query_param(here, "page", found.page + 1) if found.page < found.pages else None,
        "previous": replace_query_param(here, "page", found.page - 1) if found.page > 1 else None,
        "results": found.rows,
    }


class TrialRequestSerializer(Serializer[dict[str, Any]]):
    formula = serializers.UUIDField(required=False)
    lineage = serializers.UUIDField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("formula" in attrs) == ("lineage" in attrs):
            raise serializers.ValidationError({"formula": "Give either formula or lineage."})
        return attrs


class TrialSerializer(ModelSerializer[Trial]):
    source = serializers.CharField(help_text="backtest, sweep, walkforward or portfoliorun")  # type: ignore[assignment]

    class Meta:
        model = Trial
        fields = [
            "lineage",
            "source",
            "formula_hash",
            "data_hash",
            "parameters_hash",
            "engine_version",
            "sharpe",
            "skew",
            "kurtosis",
            "periods",
            "total_return",
            "created_at",
        ]


class TrialSummarySerializer(Serializer[dict[str, Any]]):
    count = serializers.IntegerField()
    sharpe_variance = serializers.FloatField(allow_null=True)


@extend_schema_serializer(many=False)  # else the page would be described as a page of pages
class TrialPageSerializer(Serializer[dict[str, Any]]):
    summary = TrialSummarySerializer()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = TrialSerializer(many=True)


REPORT_EXAMPLE = OpenApiExample(
    "A run after 38 variants",
    value={
        "metrics": {"total_return": 1.84, "sharpe": 0.61, "max_drawdown": 0.31, "trades": 74},
        "counts": {"bars": 3346, "ambiguous_bars": 3},
        "hashes": {"result": "9f2c…", "engine": "1.2.0"},
        "report": {
            "monthly": [{"year": 2000, "month": 1, "return": 0.021, "buy_and_hold": 0.009}],
            "costs": {"gross": 20150.2, "slippage": 410.7, "fees": 1339.5, "borrow": 0.0, "net": 18400.0},
        },
        "honesty": {"probabilistic_sharpe": 0.98, "periods_per_year": 252.0},
        "luck": {
            "verdict": "none",
            "words": "Luck is a likely explanation: of 38 variants tried, …",
            "trials": 38,
            "sharpe_variance": 0.0004,
            "sharpe": 0.61,
            "expected_max_sharpe": 0.52,
            "deflated_sharpe": 0.71,
            "min_track_record_periods": 16_120.5,
            "min_backtest_years": 12.9,
            "years": 13.3,
            "effective_returns": 1480.0,
            "counted_at": "2026-01-05T09:00:00Z",
        },
        "data_quality": {"verdict": "usable", "gaps": 2, "duplicates": 0, "outliers": 1},
        "simulated": True,
        "synthetic_data": False,
    },
    response_only=True,
)
EQUITY_EXAMPLE = OpenApiExample(
    "Three of 3346 bars",
    value={
        "bars": 3346,
        "time": ["2000-01-03T00:00:00Z", "2008-10-10T00:00:00Z", "2013-03-28T00:00:00Z"],
        "equity": [10000.0, 14210.4, 28400.0],
        "buy_and_hold": [10000.0, 24580.1, 111900.3],
        "position": [0.0, 0.0, 210.5],
        "close": [3.59, 8.82, 40.2],
        "drawdown": [0.0, 0.31, 0.02],
    },
    response_only=True,
)
TRIALS_EXAMPLE = OpenApiExample(
    "Two variants",
    value={
        "summary": {"count": 2, "sharpe_variance": 0.00021},
        "next": None,
        "previous": None,
        "results": [
            {
                "lineage": "6a1f63a5-5d0b-4a3b-9d4f-0f6d5a1c2b03",
                "source": "backtest",
                "formula_hash": "2c1e…",
                "data_hash": "77ab…",
                "parameters_hash": "0d3f…",
                "engine_version": "1.2.0",
                "sharpe": 0.038,
                "skew": 0.2,
                "kurtosis": 5.1,
                "periods": 3345,
                "total_return": 1.84,
                "created_at": "2026-01-05T09:00:00Z",
            }
        ],
    },
    response_only=True,
)
