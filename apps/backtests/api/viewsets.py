"""Backtests by program: submit, watch, read, cancel."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from apps.accounts.needs import ALWAYS
from apps.backtests.access import get_backtests_for, get_lineage_for
from apps.backtests.api.compare import COMPARISON_EXAMPLE, ComparisonRequestSerializer, ComparisonSerializer
from apps.backtests.api.finding import bar_set_of, formula_of
from apps.backtests.api.reports import (
    EQUITY_EXAMPLE,
    REPORT_EXAMPLE,
    TRIALS_EXAMPLE,
    EquityRequestSerializer,
    EquitySerializer,
    ReportSerializer,
    TradePageSerializer,
    TradeRequestSerializer,
    TrialPageSerializer,
    TrialRequestSerializer,
    TrialSerializer,
    trade_answer,
)
from apps.backtests.api.serializers import (
    BACKTEST_EXAMPLE,
    REQUEST_EXAMPLE,
    BacktestRequestSerializer,
    BacktestRowSerializer,
    BacktestSerializer,
)
from apps.backtests.downloads import as_download
from apps.backtests.models import Backtest, Trial
from apps.backtests.selectors import (
    EXPORT_NAMES,
    backtests_of,
    comparison_of,
    export_of,
    report_of,
    thinned_equity,
    trades_of,
    trial_rows,
    trials_of,
)
from apps.backtests.services import BacktestRequest, cancel_backtest, delete_backtest, submit_backtest
from apps.core.api.views import GenericApiViewSet


class BacktestViewSet(
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    GenericApiViewSet[Backtest],
):
    describes = {
        "list": "List backtests. Newest first, those of the workspace.",
        "retrieve": "Read a backtest. How far it is and, when done, its metrics, counts and hashes.",
        "destroy": "Delete a backtest. With its files; 409 while it runs. Its trial stays in the ledger.",
        "create": (
            "Start a backtest. 202 with the queued run; 200 with the stored one when exactly this"
            " was asked before, at no cost."
        ),
    }
    problems = {
        "create": (
            402,
            404,
            409,
            422,
        ),
        "compare": (
            404,
            409,
            422,
        ),
        "report": (409,),
        "equity": (409,),
        "trades": (409,),
        "files": (409,),
        "cancel": (409,),
        "destroy": (409,),
    }
    answers_files = ("files",)
    rights = {
        **dict.fromkeys(
            ("list", "retrieve", "compare", "report", "equity", "trades", "files"), "backtests.view"
        ),
        "*": "backtests.run",
    }
    plan = {"cancel": ALWAYS}
    serializer_class = BacktestSerializer
    row_serializer_class = BacktestRowSerializer
    lookup_field = "uuid"
    queryset = Backtest.objects.none()
    filterset_fields = ["status"]

    def get_queryset(self) -> QuerySet[Backtest]:
        return backtests_of(self.request.workspace)  # type: ignore[attr-defined]

    @extend_schema(
        request=BacktestRequestSerializer,
        responses={202: BacktestSerializer, 200: BacktestSerializer},
        examples=[REQUEST_EXAMPLE, BACKTEST_EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        """202 with the queued run; 200 with the stored one when exactly this was run before."""
        body = BacktestRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(body.validated_data)
        workspace = request.workspace  # type: ignore[attr-defined]
        formula = formula_of(request, values.pop("formula", None))
        bar_set = bar_set_of(workspace, values)
        for key in ("bar_set", "symbol", "timeframe"):
            values.pop(key, None)
        if formula is not None:
            values |= {"text": formula.text, "name": formula.name, "formula": formula}
        backtest, is_new = submit_backtest(
            workspace,
            BacktestRequest(bar_set=bar_set, **values),
            actor=request.user,  # type: ignore[arg-type]
        )
        where = reverse("v1:backtest-detail", kwargs={"uuid": backtest.uuid}, request=request)
        data = BacktestSerializer(backtest).data
        return Response(data, status=202 if is_new else 200, headers={"Location": where})

    def perform_destroy(self, instance: Backtest) -> None:
        delete_backtest(instance, actor=self.request.user)  # type: ignore[arg-type]

    @extend_schema(request=None, responses=BacktestSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, uuid: str) -> Response:
        """Stop a queued or running backtest; its quota is given back."""
        backtest = self.get_object()
        cancel_backtest(backtest, actor=request.user)  # type: ignore[arg-type]
        backtest.refresh_from_db()
        return Response(BacktestSerializer(backtest).data)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "run", OpenApiTypes.UUID, many=True, required=True, description="2 to 8 finished runs"
            )
        ],
        responses=ComparisonSerializer,
        examples=[COMPARISON_EXAMPLE],
    )
    @action(detail=False, pagination_class=None, filterset_fields=[])
    def compare(self, request: Request) -> Response:
        """Runs side by side: what was asked differently, and every metric with the index of the best."""
        asked = ComparisonRequestSerializer(data={"run": request.query_params.getlist("run")})
        asked.is_valid(raise_exception=True)
        backtests = get_backtests_for(request.workspace, asked.validated_data["run"])  # type: ignore[attr-defined]
        return Response(comparison_of(backtests))

    @extend_schema(responses=ReportSerializer, examples=[REPORT_EXAMPLE])
    @action(detail=True, pagination_class=None, filterset_fields=[])
    def report(self, request: Request, uuid: str) -> Response:
        """Everything the report page shows: metrics, report, honesty panel, and the luck check by today's trial count.

        409 before the run is done. `report`, `honesty` and `luck` are null for a run of an engine before 1.2.
        """
        return Response(report_of(self.get_object()))

    @extend_schema(
        parameters=[
            OpenApiParameter("points", OpenApiTypes.INT, description="At most so many bars, 2 to 20000; 2000")
        ],
        responses=EquitySerializer,
        examples=[EQUITY_EXAMPLE],
    )
    @action(detail=True, pagination_class=None, filterset_fields=[])
    def equity(self, request: Request, uuid: str) -> Response:
        """The equity curve, thinned so that no peak or trough is lost; every bar is in files/equity.csv/."""
        asked = EquityRequestSerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return Response(thinned_equity(self.get_object(), asked.validated_data["points"]))

    @extend_schema(parameters=[TradeRequestSerializer], responses=TradePageSerializer)
    @action(detail=True, pagination_class=None, filterset_fields=[])
    def trades(self, request: Request, uuid: str) -> Response:
        """Closed trades by pages, chosen and sorted; 409 before the run is done. All at once: files/trades.csv/."""
        asked = TradeRequestSerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return Response(trade_answer(request, trades_of(self.get_object()), asked.validated_data))

    @extend_schema(responses={(200, "*/*"): OpenApiTypes.BINARY})
    @action(
        detail=True, pagination_class=None, filterset_fields=[], url_path=rf"files/(?P<what>{EXPORT_NAMES})"
    )
    def files(self, request: Request, uuid: str, what: str) -> HttpResponseBase:
        """Trades and equity as CSV and Parquet, the whole result as JSON, the report as one HTML file."""
        return as_download(export_of(self.get_object(), what))


class TrialViewSet(mixins.ListModelMixin, GenericApiViewSet[Trial]):
    """The trial ledger of a formula: every variant that was ever run, which the luck check counts."""

    describes = {
        "list": (
            "List the trials of a formula. `summary` counts the whole lineage, as the luck check "
            "does; `results` are this workspace's rows."
        ),
    }
    problems = {"list": (404,)}
    rights = {"*": "backtests.view"}
    serializer_class = TrialSerializer
    queryset = Trial.objects.none()

    def get_queryset(self) -> QuerySet[Trial]:
        """The workspace's own rows of the lineage asked for."""
        return trial_rows(self._lineage()).filter(workspace=self.request.workspace.uuid)  # type: ignore[attr-defined]

    def _lineage(self) -> UUID:
        asked = TrialRequestSerializer(data=self.request.query_params.dict())
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        return get_lineage_for(self.request.workspace, values.get("formula") or values["lineage"])  # type: ignore[attr-defined]

    @extend_schema(
        parameters=[
            OpenApiParameter("formula", OpenApiTypes.UUID, description="Either the formula"),
            OpenApiParameter("lineage", OpenApiTypes.UUID, description="or the lineage a backtest names"),
            OpenApiParameter("cursor", OpenApiTypes.STR, description="From next or previous"),
            OpenApiParameter("page_size", OpenApiTypes.INT, description="1 to 200; 50 unless given"),
        ],
        responses=TrialPageSerializer,
        examples=[TRIALS_EXAMPLE],
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """`summary` counts the whole lineage, as the luck check does; `results` are this workspace's rows."""
        summary = trials_of(self._lineage())
        answer = super().list(request, *args, **kwargs)
        counted = {"count": summary.count, "sharpe_variance": summary.sharpe_variance}
        answer.data = {"summary": counted, **answer.data}
        return answer
