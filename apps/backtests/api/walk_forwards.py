"""Walk-forwards by program: submit, watch, read, cancel."""

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
from apps.backtests.choices import Status
from apps.backtests.errors import NotReady
from apps.backtests.models import WalkForward
from apps.backtests.selectors import in_iso, joined_luck, joined_table, walk_forwards_of
from apps.backtests.services import (
    WalkForwardRequest,
    cancel_walk_forward,
    delete_walk_forward,
    submit_walk_forward,
)
from apps.core.api.serializers import ModelSerializer, without
from apps.core.api.views import GenericApiViewSet
from apps.engine.walk_forward import METRICS, MODES, WalkForwardSpec
from apps.engine.walk_forward.spec import MOST_FOLDS

DEFAULTS = WalkForwardSpec()
LAYOUT = (
    "folds", "mode", "train_share", "train_bars", "test_bars", "purge_bars", "embargo_bars", "metric",
    "min_train_bars", "min_test_bars", "min_trades",
)  # fmt: skip


class WalkForwardRequestSerializer(ConditionsSerializer):
    """Either `formula` (the uuid of a kept one) or `text`; the layout of the folds as in docs/walk-forward.md."""

    formula = serializers.UUIDField(required=False)
    text = serializers.CharField(required=False, trim_whitespace=False, max_length=16 * 1024)
    bar_set = serializers.UUIDField(required=False, help_text="uuid of the bars, see /bars/")
    symbol = serializers.CharField(
        required=False, max_length=40, help_text="Instead of bar_set, with timeframe"
    )
    timeframe = serializers.CharField(required=False, max_length=10)
    axes = serializers.DictField(
        child=serializers.CharField(), help_text="Values by input: 5..24, 5..50 step 5, 1,2,3 or true,false"
    )
    folds = serializers.IntegerField(default=DEFAULTS.folds, min_value=1, max_value=MOST_FOLDS)
    mode = serializers.ChoiceField(choices=MODES, default=DEFAULTS.mode)
    train_share = serializers.FloatField(
        required=False,
        allow_null=True,
        help_text="Training's part of a fold; 0.75 where no length is given either",
    )
    train_bars = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    test_bars = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    purge_bars = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        help_text="Unless given, the longest look-back of the settings",
    )
    embargo_bars = serializers.IntegerField(default=0, min_value=0)
    metric = serializers.ChoiceField(choices=METRICS, default=DEFAULTS.metric)
    min_train_bars = serializers.IntegerField(default=DEFAULTS.min_train_bars, min_value=1)
    min_test_bars = serializers.IntegerField(default=DEFAULTS.min_test_bars, min_value=2)
    min_trades = serializers.IntegerField(default=DEFAULTS.min_trades, min_value=0)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("formula" in attrs) == ("text" in attrs):
            raise serializers.ValidationError({"text": "Give either text or formula."})
        if ("bar_set" in attrs) == ("symbol" in attrs):
            raise serializers.ValidationError({"bar_set": "Give either bar_set or symbol."})
        return attrs


class WalkForwardSerializer(ModelSerializer[WalkForward]):
    formula = serializers.UUIDField(source="formula.uuid", allow_null=True, default=None)
    bar_set = serializers.UUIDField(source="bar_set.uuid")
    symbol = serializers.CharField(source="bar_set.instrument.symbol")
    timeframe = serializers.CharField(source="bar_set.timeframe")
    percent = serializers.IntegerField()
    summary = serializers.JSONField(
        help_text="When done: verdict, efficiency, folds with what each chose, stability, metrics, hindsight"
    )

    class Meta:
        model = WalkForward
        fields = [
            "uuid",
            "status",
            "percent",
            "formula",
            "formula_name",
            "bar_set",
            "symbol",
            "timeframe",
            "start",
            "end",
            "parameters",
            "spec",
            "summary",
            "hashes",
            "result_sha256",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        ]


class WalkForwardRowSerializer(WalkForwardSerializer):
    summary = None  # type: ignore[assignment]  # DRF's way to take a declared field away

    class Meta(WalkForwardSerializer.Meta):
        fields = without(WalkForwardSerializer, "parameters", "summary", "hashes")


class WalkForwardDetailSerializer(WalkForwardSerializer):
    luck = serializers.SerializerMethodField()

    class Meta(WalkForwardSerializer.Meta):
        fields = [*WalkForwardSerializer.Meta.fields, "luck"]

    def get_luck(self, walk_forward: WalkForward) -> dict[str, Any] | None:
        """How far luck explains the tests joined, after all variants of the formula tried up to now."""
        return joined_luck(walk_forward) if walk_forward.status == Status.DONE else None


ASK = OpenApiExample(
    "Two averages in five folds",
    value={
        "symbol": "AAPL",
        "timeframe": "1d",
        "text": "input fast = 9 in 2..50\ninput slow = 21 in 5..200\n"
        "long when crossover(ema(close, fast), ema(close, slow))\n"
        "exit long when crossunder(ema(close, fast), ema(close, slow))\n",
        "axes": {"fast": "5..20 step 5", "slow": "30..60 step 10"},
        "folds": 5,
        "mode": "rolling",
        "metric": "sharpe",
        "fee": 0.001,
    },
    request_only=True,
)
ANSWER = OpenApiExample(
    "Done",
    value={
        "uuid": "5f0c4b67-9f1d-4f0e-8a55-2f7c0d9b1e11",
        "status": "done",
        "percent": 100,
        "formula": None,
        "formula_name": "Untitled formula",
        "bar_set": "0b8f5a52-7a35-4a60-a5a5-8c4c0d9b9e01",
        "symbol": "AAPL",
        "timeframe": "1d",
        "start": None,
        "end": None,
        "parameters": {"cash": 10000.0, "fee": 0.001, "slippage_bps": 0.0, "fill": "next_open"},
        "spec": {
            "axes": {"fast": "5..20 step 5", "slow": "30..60 step 10"},
            "settings": 16,
            "folds": 5,
            "mode": "rolling",
            "train_share": 0.75,
            "purge_bars": 60,
            "embargo_bars": 0,
            "metric": "sharpe",
        },
        "summary": {
            "verdict": {
                "level": "weak",
                "text": "What was chosen by the past earned, but little of it carried over.",
            },
            "efficiency": 0.31,
            "profitable_folds": 0.6,
            "folds": [{"number": 1, "inputs": {"fast": 10, "slow": 40}, "efficiency": 0.42, "qualified": 16}],
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
        "finished_at": "2026-01-05T10:00:02Z",
        "luck": {"tried": 16, "verdict": {"verdict": "none", "deflated_sharpe": 0.41, "trials": 16}},
    },
    response_only=True,
)


class WalkForwardViewSet(
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    GenericApiViewSet[WalkForward],
):
    describes = {
        "list": "List walk-forwards. Newest first, those of the workspace.",
        "retrieve": (
            "Read a walk-forward. How far it is and, when done, the verdict and all that it rests on."
        ),
        "destroy": "Delete a walk-forward. With its files; 409 while it runs.",
        "create": (
            "Start a walk-forward. 202 with the queued run; 200 with the stored one when exactly "
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
    serializer_class = WalkForwardSerializer
    row_serializer_class = WalkForwardRowSerializer
    lookup_field = "uuid"
    queryset = WalkForward.objects.none()
    filterset_fields = ["status"]

    def get_queryset(self) -> QuerySet[WalkForward]:
        return walk_forwards_of(self.request.workspace)  # type: ignore[attr-defined]

    @extend_schema(
        request=WalkForwardRequestSerializer,
        responses={202: WalkForwardDetailSerializer, 200: WalkForwardDetailSerializer},
        examples=[ASK, ANSWER],
    )
    def create(self, request: Request) -> Response:
        """202 with the queued walk-forward; 200 with the stored one when exactly this was asked before."""
        body = WalkForwardRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(body.validated_data)
        workspace = request.workspace  # type: ignore[attr-defined]
        formula = formula_of(request, values.pop("formula", None))
        bar_set = bar_set_of(workspace, values)
        for key in ("bar_set", "symbol", "timeframe"):
            values.pop(key, None)
        if formula is not None:
            values |= {"text": formula.text, "name": formula.name, "formula": formula}
        spec = WalkForwardSpec(**{name: values.pop(name) for name in LAYOUT if name in values})
        found, is_new = submit_walk_forward(
            workspace,
            WalkForwardRequest(bar_set=bar_set, spec=spec, **values),
            actor=request.user,  # type: ignore[arg-type]
        )
        where = reverse("v1:walk-forward-detail", kwargs={"uuid": found.uuid}, request=request)
        data = WalkForwardDetailSerializer(found).data
        return Response(data, status=202 if is_new else 200, headers={"Location": where})

    def representation(self, instance: WalkForward) -> Any:
        return WalkForwardDetailSerializer(instance).data

    @extend_schema(responses=WalkForwardDetailSerializer, examples=[ANSWER])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """How far it is and, when done, the verdict and all that it rests on."""
        return Response(WalkForwardDetailSerializer(self.get_object()).data)

    def perform_destroy(self, instance: WalkForward) -> None:
        delete_walk_forward(instance, actor=self.request.user)  # type: ignore[arg-type]

    @extend_schema(request=None, responses=WalkForwardSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, uuid: str) -> Response:
        """Stop a queued or running walk-forward; its quota is given back."""
        found = self.get_object()
        cancel_walk_forward(found, actor=request.user)  # type: ignore[arg-type]
        found.refresh_from_db()
        return Response(WalkForwardSerializer(found).data)

    @extend_schema(responses={200: {"type": "array", "items": {"type": "object"}}})
    @action(detail=True, pagination_class=None)
    def trades(self, request: Request, uuid: str) -> Response:
        """All closed trades of the tests with their folds; 409 before it is done."""
        found = self.get_object()
        return Response(in_iso(joined_table(found, found.trades_path)).to_dicts())

    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT})
    @action(detail=True, pagination_class=None)
    def result(self, request: Request, uuid: str) -> FileResponse:
        """The whole result as `manage.py walk_forward --json` writes it; 409 before it is done."""
        found = self.get_object()
        if found.status != Status.DONE:
            raise NotReady("The walk-forward has no result yet.")
        return FileResponse(default_storage.open(found.result_path, "rb"), content_type="application/json")
