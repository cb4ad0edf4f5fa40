"""Market data by program."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import GenericApiViewSet
from apps.markets.api.serializers import BarSetSerializer, ImportSerializer, InstrumentSerializer
from apps.markets.models import BarSet, Instrument
from apps.markets.selectors import visible_bar_sets, visible_instruments
from apps.markets.services import delete_bar_set, import_bars, update_instrument


class InstrumentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Instrument]):
    """Instruments with their tick, lot and minimum, to which backtests round fills; 0 stands for none."""

    describes = {
        "list": (
            "List instruments. Shared ones and the workspace's own, with tick, lot and minimum, "
            "to which backtests round fills; 0 stands for none."
        ),
        "retrieve": "Read an instrument. Its tick, lot and minimum; 0 stands for none.",
    }
    problems = {
        "partial_update": (
            409,
            422,
        )
    }
    rights = {"list": "markets.view", "retrieve": "markets.view", "*": "markets.edit"}
    serializer_class = InstrumentSerializer
    lookup_field = "uuid"
    queryset = Instrument.objects.none()
    filterset_fields = ["symbol", "asset_class"]

    def get_queryset(self) -> QuerySet[Instrument]:
        return visible_instruments(self.request.workspace)  # type: ignore[attr-defined]

    def partial_update(self, request: Request, uuid: str) -> Response:
        """Change an instrument of one's own; 403 for shared ones."""
        instrument = self.get_object()
        body = InstrumentSerializer(instrument, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        changed = update_instrument(instrument, actor=request.user, **body.validated_data)  # type: ignore[arg-type]
        return Response(InstrumentSerializer(changed).data)


class BarSetViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    GenericApiViewSet[BarSet],
):
    describes = {
        "list": ("List sets of bars. Shared ones and the workspace's own, with symbol, timeframe and dates."),
        "retrieve": (
            "Read a set of bars. What it covers, where it came from, and its hash; not the bars themselves."
        ),
        "destroy": "Delete a set of bars. 409 while a backtest needs it.",
    }
    problems = {
        "create": (
            402,
            409,
            422,
        ),
        "destroy": (409,),
    }
    rights = {"list": "markets.view", "retrieve": "markets.view", "*": "markets.edit"}
    serializer_class = BarSetSerializer
    lookup_field = "uuid"
    queryset = BarSet.objects.none()
    filterset_fields = ["timeframe", "instrument__symbol"]

    def get_queryset(self) -> QuerySet[BarSet]:
        return visible_bar_sets(self.request.workspace)  # type: ignore[attr-defined]

    def get_parsers(self) -> list[BaseParser]:
        return (
            [MultiPartParser()] if self.request and self.request.method == "POST" else super().get_parsers()
        )

    @extend_schema(request={"multipart/form-data": ImportSerializer}, responses={201: BarSetSerializer})
    def create(self, request: Request) -> Response:
        """Import a CSV or Parquet file; 422 names line and column of what cannot be read, then nothing is kept."""
        body = ImportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        file = values["file"]
        bar_set = import_bars(
            request.workspace,  # type: ignore[attr-defined]
            filename=file.name,
            actor=request.user,  # type: ignore[arg-type]
            **values,
        )
        return Response(BarSetSerializer(bar_set).data, status=201)

    def perform_destroy(self, instance: BarSet) -> None:
        delete_bar_set(instance, actor=self.request.user)  # type: ignore[arg-type]
