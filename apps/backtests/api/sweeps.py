"""Sweeps by program: submit, watch, read the cells, cancel."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from apps.accounts.needs import ALWAYS
from apps.backtests.api.finding import bar_set_of, formula_of
from apps.backtests.choices import Fill, RankBy, Status, SweepMode
from apps.backtests.models import Sweep
from apps.backtests.selectors import CellQuery, cell_page, sweep_headline, sweeps_of
from apps.backtests.services import SweepRequest, cancel_sweep, delete_sweep, submit_sweep
from apps.core.api.serializers import ModelSerializer, Serializer, without
from apps.core.api.views import GenericApiViewSet

MOST_PER_PAGE = 1_000


class MarketSerializer(Serializer[dict[str, Any]]):
    """`bar_set`, or `symbol` with or without `timeframe`."""

    bar_set = serializers.UUIDField(required=False)
    symbol = serializers.CharField(required=False, max_length=40)
    timeframe = serializers.CharField(required=False, max_length=10)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("bar_set" in attrs) == ("symbol" in attrs):
            raise serializers.ValidationError({"bar_set": "Give either bar_set or symbol."})
        return attrs


class SweepRequestSerializer(Serializer[dict[str, Any]]):
    """Either `formula` (the uuid of a kept one) or `text`."""

    formula = serializers.UUIDField(required=False)
    text = serializers.CharField(required=False, trim_whitespace=False, max_length=16 * 1024)
    markets = MarketSerializer(many=True, allow_empty=False)
    axes = serializers.DictField(
        child=serializers.CharField(max_length=2_000),
        help_text="Values by input: 5..24, 0.5..2 step 0.5, 1%..5% step 1%, 1,2,3 or one value",
    )
    mode = serializers.ChoiceField(choices=SweepMode.choices, default=SweepMode.GRID)
    count = serializers.IntegerField(required=False, min_value=1, help_text="Settings of a random draw")
    seed = serializers.IntegerField(default=0, min_value=0, max_value=2**31 - 1)
    metric = serializers.ChoiceField(choices=RankBy.choices, default=RankBy.SHARPE)
    cash = serializers.FloatField(default=10_000.0, min_value=0.01, max_value=1e12)
    fee = serializers.FloatField(default=0.001, min_value=0, max_value=0.5, help_text="Fraction of each fill")
    slippage_bps = serializers.FloatField(default=0.0, min_value=0, max_value=1000)
    fill = serializers.ChoiceField(choices=Fill.choices, default=Fill.NEXT_OPEN)
    borrow_per_day = serializers.FloatField(default=0.0, min_value=0, max_value=0.1)
    funding_per_day = serializers.FloatField(
        default=0.0,
        min_value=-0.1,
        max_value=0.1,
        help_text="Of a position's value, a fraction per day: longs pay it, shorts receive it",
    )
    use_finer = serializers.BooleanField(default=True)
    start = serializers.DateField(required=False, allow_null=True)
    end = serializers.DateField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("formula" in attrs) == ("text" in attrs):
            raise serializers.ValidationError({"text": "Give either text or formula."})
        return attrs


class SweepSerializer(ModelSerializer[Sweep]):
    formula = serializers.UUIDField(source="formula.uuid", allow_null=True, default=None)
    markets = serializers.SerializerMethodField()
    cells = serializers.IntegerField(source="work_total")
    verdict = serializers.SerializerMethodField()

    class Meta:
        model = Sweep
        fields = [
            "uuid",
            "status",
            "cells",
            "formula",
            "formula_name",
            "markets",
            "start",
            "end",
            "spec",
            "parameters",
            "summary",
            "verdict",
            "hashes",
            "result_sha256",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        ]

    def get_markets(self, sweep: Sweep) -> list[dict[str, str]]:
        return [
            {
                "bar_set": str(market.bar_set.uuid),
                "symbol": market.bar_set.instrument.symbol,
                "timeframe": market.bar_set.timeframe,
            }
            for market in sweep.markets.all()
        ]

    def get_verdict(self, sweep: Sweep) -> dict[str, Any] | None:
        """How far luck explains the best cell, counting every variant of the formula tried until now."""
        if sweep.status != Status.DONE:
            return None
        return sweep_headline(sweep)["luck"]


class SweepRowSerializer(SweepSerializer):
    verdict = None  # type: ignore[assignment]  # DRF's way to take a declared field away

    class Meta(SweepSerializer.Meta):
        fields = without(SweepSerializer, "parameters", "summary", "verdict", "hashes")


class CellSerializer(Serializer[dict[str, Any]]):
    market = serializers.IntegerField(help_text="The place among the sweep's markets")
    cell = serializers.IntegerField(help_text="The place among the sweep's settings")
    inputs = serializers.DictField()
    metrics = serializers.DictField()
    score = serializers.FloatField(allow_null=True, help_text="The plateau score")
    result = serializers.CharField(help_text="The result hash of the single backtest with these settings")


REQUEST_EXAMPLE = OpenApiExample(
    "Two averages on two markets",
    value={
        "text": "input fast = 9 in 2..50\ninput slow = 21 in 5..200\n"
        "long when crossover(ema(close, fast), ema(close, slow))\n"
        "exit long when crossunder(ema(close, fast), ema(close, slow))",
        "markets": [{"symbol": "AAPL", "timeframe": "1d"}, {"symbol": "MSFT", "timeframe": "1d"}],
        "axes": {"fast": "5..24", "slow": "25..50 step 5"},
        "metric": "sharpe",
        "fee": 0.001,
    },
    request_only=True,
)
RESPONSE_EXAMPLE = OpenApiExample(
    "Queued",
    value={
        "uuid": "0b8f5a52-7a35-4a60-a5a5-8c4c0d9b9e01",
        "status": "queued",
        "cells": 240,
        "formula": None,
        "formula_name": "Untitled formula",
        "markets": [
            {"bar_set": "2f2c9c63-41f0-4a2f-9a3e-6f5f0e9d7b02", "symbol": "AAPL", "timeframe": "1d"},
            {"bar_set": "5d0f4c11-9a3d-4f0e-8f6f-1f1a2b3c4d03", "symbol": "MSFT", "timeframe": "1d"},
        ],
        "start": None,
        "end": None,
        "spec": {
            "axes": {"fast": "5..24", "slow": "25..50 step 5"},
            "mode": "grid",
            "count": None,
            "seed": 0,
            "metric": "sharpe",
            "settings": 120,
        },
        "parameters": {
            "cash": 10000.0,
            "fee": 0.001,
            "slippage_bps": 0.0,
            "fill": "next_open",
            "borrow_per_day": 0.0,
        },
        "summary": None,
        "verdict": None,
        "hashes": None,
        "result_sha256": "",
        "error": "",
        "created_at": "2026-03-02T09:30:00Z",
        "started_at": None,
        "finished_at": None,
    },
    response_only=True,
)
CELLS_EXAMPLE = OpenApiExample(
    "The best first",
    value={
        "count": 240,
        "page": 1,
        "pages": 3,
        "results": [
            {
                "market": 0,
                "cell": 37,
                "inputs": {"fast": 11, "slow": 30},
                "metrics": {"total_return": 1.84, "sharpe": 0.71, "max_drawdown": 0.22, "trades": 61},
                "score": 0.63,
                "result": "9f2d0c...",
            }
        ],
    },
    response_only=True,
)


class SweepViewSet(
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    GenericApiViewSet[Sweep],
):
    describes = {
        "list": "List sweeps. Newest first, those of the workspace.",
        "retrieve": (
            "Read a sweep. How far it is and, when done, the summary and the verdict over all its cells."
        ),
        "destroy": "Delete a sweep. With its files; 409 while it runs.",
        "create": (
            "Start a sweep. 202 with the queued sweep; 200 with the stored one when exactly this "
            "was asked before, at no cost."
        ),
    }
    problems = {
        "create": (
            402,
            404,
            409,
            422,
        ),
        "cells": (
            409,
            422,
        ),
        "cancel": (409,),
        "destroy": (409,),
    }
    parameters = {"cells": ("is_NAME", "min_NAME", "max_NAME")}
    rights = {
        **dict.fromkeys(("list", "retrieve", "cells"), "backtests.view"),
        "*": "backtests.run",
    }
    plan = {"cancel": ALWAYS}
    serializer_class = SweepSerializer
    row_serializer_class = SweepRowSerializer
    lookup_field = "uuid"
    queryset = Sweep.objects.none()
    filterset_fields = ["status"]

    def get_queryset(self) -> QuerySet[Sweep]:
        return sweeps_of(self.request.workspace)  # type: ignore[attr-defined]

    @extend_schema(
        request=SweepRequestSerializer,
        responses={202: SweepSerializer, 200: SweepSerializer},
        examples=[REQUEST_EXAMPLE, RESPONSE_EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        """202 with the queued sweep; 200 with the stored one when exactly this was asked before."""
        body = SweepRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(body.validated_data)
        workspace = request.workspace  # type: ignore[attr-defined]
        formula = formula_of(request, values.pop("formula", None))
        bar_sets = tuple(
            bar_set_of(workspace, market, f"markets.{place}.")
            for place, market in enumerate(values.pop("markets"))
        )
        if formula is not None:
            values |= {"text": formula.text, "name": formula.name, "formula": formula}
        sweep, is_new = submit_sweep(
            workspace,
            SweepRequest(bar_sets=bar_sets, **values),
            actor=request.user,  # type: ignore[arg-type]
        )
        where = reverse("v1:sweep-detail", kwargs={"uuid": sweep.uuid}, request=request)
        data = self.get_serializer(sweep).data
        return Response(data, status=202 if is_new else 200, headers={"Location": where})

    def perform_destroy(self, instance: Sweep) -> None:
        delete_sweep(instance, actor=self.request.user)  # type: ignore[arg-type]

    @extend_schema(request=None, responses=SweepSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, uuid: str) -> Response:
        """Stop a queued or running sweep; its quota is given back."""
        sweep = self.get_object()
        cancel_sweep(sweep, actor=request.user)  # type: ignore[arg-type]
        sweep.refresh_from_db()
        return Response(self.get_serializer(sweep).data)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "market", int, description="The place among the sweep's markets; all without it"
            ),
            OpenApiParameter(
                "order", str, description="An input, a metric or score; - before it for the largest first"
            ),
            OpenApiParameter("is_NAME", str, description="Only cells whose input NAME has this value"),
            OpenApiParameter(
                "min_NAME", float, description="Only cells whose input or metric is at least this"
            ),
            OpenApiParameter(
                "max_NAME", float, description="Only cells whose input or metric is at most this"
            ),
            OpenApiParameter("page", int),
            OpenApiParameter("page_size", int, description=f"100, at most {MOST_PER_PAGE}"),
        ],
        responses=inline_serializer(
            "CellPage",
            {
                "count": serializers.IntegerField(),
                "page": serializers.IntegerField(),
                "pages": serializers.IntegerField(),
                "results": CellSerializer(many=True),
            },
        ),
        examples=[CELLS_EXAMPLE],
    )
    @action(detail=True, pagination_class=None, filterset_fields=[])
    def cells(self, request: Request, uuid: str) -> Response:
        """The cells, in the order of markets and settings unless another is asked for; 409 before the sweep is done."""
        given = request.query_params
        page, size = _whole(given, "page", 1, 10**6), _whole(given, "page_size", 100, MOST_PER_PAGE)
        query = CellQuery(
            market=_whole(given, "market", 0, 10**6, least=0) if "market" in given else None,
            order=given.get("order", ""),
            equal=_named(given, "is_"),
            low={name: _float(name, text) for name, text in _named(given, "min_").items()},
            high={name: _float(name, text) for name, text in _named(given, "max_").items()},
        )
        rows, total = cell_page(self.get_object(), query, page=page, size=size)
        return Response({"count": total, "page": page, "pages": max(1, -(-total // size)), "results": rows})


def _named(given: Any, prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): text for name, text in given.items() if name.startswith(prefix)}


def _whole(given: Any, name: str, default: int, most: int, *, least: int = 1) -> int:
    text = given.get(name, str(default))
    if not (text.isdecimal() and len(text) < 8 and least <= int(text) <= most):
        raise serializers.ValidationError(
            {name: f"Give a whole number from {least} to {most}, not {text[:40]!r}."}
        )
    return int(text)


def _float(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise serializers.ValidationError({name: f"Give a number, not {text[:40]!r}."}) from None
