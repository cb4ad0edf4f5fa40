"""Portfolios by program: submit, watch, read, cancel."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from apps.accounts.needs import ALWAYS
from apps.backtests.api.finding import ConditionsSerializer, bar_set_of, formula_of
from apps.backtests.api.serializers import HeadlineField
from apps.backtests.choices import Status
from apps.backtests.errors import NotReady
from apps.backtests.models import PortfolioLeg, PortfolioRun
from apps.backtests.selectors import in_iso, joined_table, portfolios_of
from apps.backtests.services import (
    LegRequest,
    PortfolioRequest,
    cancel_portfolio,
    delete_portfolio,
    submit_portfolio,
)
from apps.core.api.serializers import ModelSerializer, Serializer, without
from apps.core.api.views import GenericApiViewSet
from apps.engine.portfolio.spec import MOST_LEGS, REBALANCES


class LegRequestSerializer(Serializer[dict[str, Any]]):
    """A formula (`formula` or `text`; neither: the market is bought and held) on a market, with its share."""

    formula = serializers.UUIDField(required=False)
    text = serializers.CharField(required=False, trim_whitespace=False, max_length=16 * 1024)
    bar_set = serializers.UUIDField(required=False, help_text="uuid of the bars, see /bars/")
    symbol = serializers.CharField(
        required=False, max_length=40, help_text="Instead of bar_set, with timeframe"
    )
    timeframe = serializers.CharField(required=False, max_length=10)
    inputs = serializers.DictField(default=dict)
    weight = serializers.FloatField(help_text="Share of the account, a fraction above 0, at most 1")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "formula" in attrs and "text" in attrs:
            raise serializers.ValidationError({"text": "Give text or formula, not both."})
        if ("bar_set" in attrs) == ("symbol" in attrs):
            raise serializers.ValidationError({"bar_set": "Give either bar_set or symbol."})
        return attrs


class PortfolioRequestSerializer(ConditionsSerializer):
    name = serializers.CharField(default="Portfolio", max_length=120)
    legs = LegRequestSerializer(many=True, min_length=1, max_length=MOST_LEGS)  # type: ignore[call-arg]
    rebalance = serializers.ChoiceField(choices=REBALANCES, default="none")
    threshold = serializers.FloatField(
        default=0.05, help_text="How far a share may drift off its weight; with rebalance=threshold"
    )
    timezone = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=50,
        help_text="In which days begin; needed where the bars' zones differ",
    )


class PortfolioLegSerializer(ModelSerializer[PortfolioLeg]):
    formula = serializers.UUIDField(source="formula.uuid", allow_null=True, default=None)
    bar_set = serializers.UUIDField(source="bar_set.uuid")
    symbol = serializers.CharField(source="bar_set.instrument.symbol")
    timeframe = serializers.CharField(source="bar_set.timeframe")
    inputs = serializers.JSONField(source="settings")

    class Meta:
        model = PortfolioLeg
        fields = ["formula", "formula_name", "bar_set", "symbol", "timeframe", "inputs", "weight"]


class PortfolioSerializer(ModelSerializer[PortfolioRun]):
    percent = serializers.IntegerField()
    legs = PortfolioLegSerializer(many=True)
    summary = serializers.JSONField(
        help_text="When done: each leg's figures, the correlation of their profits, open positions"
    )

    class Meta:
        model = PortfolioRun
        fields = [
            "uuid",
            "name",
            "status",
            "percent",
            "legs",
            "start",
            "end",
            "parameters",
            "metrics",
            "counts",
            "summary",
            "hashes",
            "result_sha256",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        ]


class PortfolioRowSerializer(PortfolioSerializer):
    summary = None  # type: ignore[assignment]  # DRF's way to take a declared field away
    metrics = HeadlineField()

    class Meta(PortfolioSerializer.Meta):
        fields = without(PortfolioSerializer, "parameters", "counts", "summary", "hashes")


ASK = OpenApiExample(
    "A formula beside a market that is held",
    value={
        "name": "Trend and gold",
        "legs": [
            {
                "symbol": "AAPL",
                "timeframe": "1d",
                "weight": 0.6,
                "text": "input fast = 9 in 2..50\nlong when close > ema(close, fast)\n"
                "exit long when close < ema(close, fast)\n",
                "inputs": {"fast": 20},
            },
            {"symbol": "GLD", "timeframe": "1d", "weight": 0.4},
        ],
        "rebalance": "monthly",
        "fee": 0.001,
    },
    request_only=True,
)
ANSWER = OpenApiExample(
    "Done",
    value={
        "uuid": "8a1f7a57-63f3-4a0f-9c55-31f5bb0f8a21",
        "name": "Trend and gold",
        "status": "done",
        "percent": 100,
        "legs": [
            {
                "formula": None,
                "formula_name": "Untitled formula",
                "bar_set": "0b8f5a52-7a35-4a60-a5a5-8c4c0d9b9e01",
                "symbol": "AAPL",
                "timeframe": "1d",
                "inputs": {"fast": 20},
                "weight": 0.6,
            },
            {
                "formula": None,
                "formula_name": "Buy and hold",
                "bar_set": "2f2c9c63-41f0-4a2f-9a3e-6f5f0e9d7b02",
                "symbol": "GLD",
                "timeframe": "1d",
                "inputs": {},
                "weight": 0.4,
            },
        ],
        "start": None,
        "end": None,
        "parameters": {"cash": 10000.0, "fee": 0.001, "rebalance": "monthly"},
        "metrics": {"total_return": 0.42, "sharpe": 0.81, "max_drawdown": 0.13},
        "counts": {"bars": 2500, "rebalances": 96},
        "summary": {
            "legs": [
                {"symbol": "AAPL", "weight": 0.6, "profit": 3100.5, "contribution": 0.31, "trades": 40},
                {"symbol": "GLD", "weight": 0.4, "profit": 1099.5, "contribution": 0.11, "trades": 96},
            ],
            "correlation": [[1.0, 0.08], [0.08, 1.0]],
        },
        "hashes": {
            "formula": "9c1b…",
            "data": "4d2e…",
            "parameters": "77a0…",
            "engine": "1.2.0",
            "result": "e1f3…",
        },
        "result_sha256": "b5d4…",
        "error": "",
        "created_at": "2026-01-05T10:00:00Z",
        "started_at": "2026-01-05T10:00:00Z",
        "finished_at": "2026-01-05T10:00:01Z",
    },
    response_only=True,
)


class PortfolioViewSet(
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    GenericApiViewSet[PortfolioRun],
):
    describes = {
        "list": "List portfolios. Newest first, those of the workspace.",
        "retrieve": (
            "Read a portfolio. How far it is and, when done, metrics, counts and what each leg brought."
        ),
        "destroy": "Delete a portfolio. With its files; 409 while it runs.",
        "create": (
            "Start a portfolio. 202 with the queued run; 200 with the stored one when exactly "
            "this was asked before, at no cost."
        ),
    }
    problems = {
        "create": (
            402,
            404,
            409,
            422,
        ),
        "trades": (409,),
        "result": (409,),
        "cancel": (409,),
        "destroy": (409,),
    }
    answers_files = ("result",)
    rights = {
        **dict.fromkeys(("list", "retrieve", "trades", "result"), "backtests.view"),
        "*": "backtests.run",
    }
    plan = {"cancel": ALWAYS}
    serializer_class = PortfolioSerializer
    row_serializer_class = PortfolioRowSerializer
    lookup_field = "uuid"
    queryset = PortfolioRun.objects.none()
    filterset_fields = ["status"]

    def get_queryset(self) -> QuerySet[PortfolioRun]:
        return portfolios_of(self.request.workspace)  # type: ignore[attr-defined]

    @extend_schema(
        request=PortfolioRequestSerializer,
        responses={202: PortfolioSerializer, 200: PortfolioSerializer},
        examples=[ASK, ANSWER],
    )
    def create(self, request: Request) -> Response:
        """202 with the queued run; 200 with the stored one when exactly this was run before.

        A refused leg is named as `legs.PLACE.FIELD`, places from 0.
        """
        body = PortfolioRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(body.validated_data)
        workspace = request.workspace  # type: ignore[attr-defined]
        legs = [_leg(request, place, leg) for place, leg in enumerate(values.pop("legs"))]
        run, is_new = submit_portfolio(
            workspace,
            PortfolioRequest(legs=legs, **values),
            actor=request.user,  # type: ignore[arg-type]
        )
        where = reverse("v1:portfolio-detail", kwargs={"uuid": run.uuid}, request=request)
        data = PortfolioSerializer(run).data
        return Response(data, status=202 if is_new else 200, headers={"Location": where})

    @extend_schema(responses=PortfolioSerializer, examples=[ANSWER])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """How far it is and, when done, metrics, counts and what each leg brought."""
        return super().retrieve(request, *args, **kwargs)

    def perform_destroy(self, instance: PortfolioRun) -> None:
        delete_portfolio(instance, actor=self.request.user)  # type: ignore[arg-type]

    @extend_schema(request=None, responses=PortfolioSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, uuid: str) -> Response:
        """Stop a queued or running portfolio; its quota is given back."""
        run = self.get_object()
        cancel_portfolio(run, actor=request.user)  # type: ignore[arg-type]
        return Response(PortfolioSerializer(self.get_object()).data)

    @extend_schema(responses={200: {"type": "array", "items": {"type": "object"}}})
    @action(detail=True, pagination_class=None)
    def trades(self, request: Request, uuid: str) -> Response:
        """All closed trades with their legs, in the order they were booked; 409 before the run is done."""
        run = self.get_object()
        return Response(in_iso(joined_table(run, run.trades_path)).to_dicts())

    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT})
    @action(detail=True, pagination_class=None)
    def result(self, request: Request, uuid: str) -> FileResponse:
        """The whole result as `manage.py portfolio --json` writes it; 409 before the run is done."""
        run = self.get_object()
        if run.status != Status.DONE:
            raise NotReady("The portfolio has no result yet.")
        return FileResponse(default_storage.open(run.result_path, "rb"), content_type="application/json")


def _leg(request: Request, place: int, values: dict[str, Any]) -> LegRequest:
    where = f"legs.{place}."
    formula = formula_of(request, values.get("formula"), f"{where}formula")
    asked: dict[str, Any] = {}
    if formula is not None:
        asked = {"text": formula.text, "name": formula.name, "formula": formula}
    elif "text" in values:
        asked = {"text": values["text"], "name": "Untitled formula"}
    return LegRequest(
        bar_set=bar_set_of(request.workspace, values, where),  # type: ignore[attr-defined]
        weight=values["weight"],
        inputs=values["inputs"],
        **asked,
    )
