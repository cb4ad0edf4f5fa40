"""Orders, positions and the portfolio by program."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import ApiViewSet, GenericApiViewSet
from apps.core.snapshots import one_snapshot
from apps.markets.access import get_instrument_for
from apps.trading.access import get_book_for, get_order_for
from apps.trading.api.serializers import (
    BookCheckSerializer,
    BookSerializer,
    FillSerializer,
    LotQuerySerializer,
    LotsSerializer,
    NewOrderSerializer,
    OrderDetailSerializer,
    OrderSerializer,
    PortfolioQuerySerializer,
    PortfolioSummarySerializer,
    PositionSerializer,
)
from apps.trading.models import Book, Fill, Order
from apps.trading.selectors import (
    Chosen,
    books_of,
    currencies_of,
    equity_curve,
    fills_of,
    lots_of_workspace,
    orders_of,
    positions_of,
    profit_by_book,
    profit_by_day,
    profit_by_instrument,
    summary_of,
)
from apps.trading.services import cancel_order, differences, place_order

ORDER = {
    "book": "6d1f5c1e-6f61-4ea4-9a3a-6a0ac1fd6dd6",
    "instrument": "b5b7c1f9-4f5c-4d0e-8a57-0a33cb1f3f0e",
    "side": "buy",
    "units": "0.5",
}


class OrderFilterSet(django_filters.FilterSet):
    book = django_filters.UUIDFilter(field_name="book__uuid")
    symbol = django_filters.CharFilter(field_name="instrument__symbol", lookup_expr="iexact")

    class Meta:
        model = Order
        fields = ["status", "side"]


class FillFilterSet(django_filters.FilterSet):
    book = django_filters.UUIDFilter(field_name="book__uuid")
    symbol = django_filters.CharFilter(field_name="instrument__symbol", lookup_expr="iexact")
    after = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    before = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = Fill
        fields = ["side"]


ORDER_ID = OpenApiParameter(
    "uuid", OpenApiTypes.UUID, OpenApiParameter.PATH
)  # made of its intent's key, no column


@extend_schema(tags=["trading"])
class OrderViewSet(mixins.ListModelMixin, GenericApiViewSet[Order]):
    describes = {"list": "List orders. Newest first."}
    problems = {"create": (402, 422), "cancel": (409,)}
    rights = {"list": "trading.view", "retrieve": "trading.view", "*": "trading.manage"}
    serializer_class = OrderSerializer
    filterset_class = OrderFilterSet
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Order.objects.none()

    def get_queryset(self) -> QuerySet[Order]:
        return orders_of(self.request.workspace)

    @extend_schema(parameters=[ORDER_ID], responses=OrderDetailSerializer)
    def retrieve(self, request: Request, uuid: Any = None) -> Response:
        """Read an order, with everything that happened to it and its fills."""
        return Response(OrderDetailSerializer(get_order_for(request.workspace, uuid)).data)

    @extend_schema(
        request=NewOrderSerializer,
        responses={201: OrderSerializer},
        examples=[OpenApiExample("At the market", value=ORDER, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Place an order by hand. Checked as a bot's are; refused with the check's name as `code`."""
        body = NewOrderSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        book = get_book_for(request.workspace, values.pop("book"))
        instrument = get_instrument_for(request.workspace, values.pop("instrument"))
        order = place_order(book, instrument, **values, actor=request.user)
        return Response(OrderSerializer(orders_of(request.workspace).get(pk=order.pk)).data, status=201)

    @extend_schema(parameters=[ORDER_ID], request=None, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, uuid: Any = None) -> Response:
        """Take back what is not filled. At an exchange it ends when the exchange says so."""
        order = cancel_order(get_order_for(request.workspace, uuid), actor=request.user)
        return Response(OrderSerializer(orders_of(request.workspace).get(pk=order.pk)).data)


@extend_schema(tags=["trading"])
class FillViewSet(mixins.ListModelMixin, GenericApiViewSet[Fill]):
    describes = {"list": "List fills. Newest first."}
    rights = {"*": "trading.view"}
    serializer_class = FillSerializer
    filterset_class = FillFilterSet
    queryset = Fill.objects.none()

    def get_queryset(self) -> QuerySet[Fill]:
        return fills_of(self.request.workspace).select_related("order__intent")


@extend_schema(tags=["trading"])
class BookViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Book]):
    describes = {
        "list": "List books. Each the capital of one bot, newest first.",
        "retrieve": "Read a book.",
    }
    rights = {"*": "trading.view"}
    serializer_class = BookSerializer
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Book.objects.none()

    def get_queryset(self) -> QuerySet[Book]:
        return books_of(self.request.workspace).order_by("-id")

    @extend_schema(responses=BookCheckSerializer)
    @action(detail=True, methods=["get"])
    def check(self, request: Request, uuid: Any = None) -> Response:
        """Build the book anew from its events and say where its tables differ."""
        return Response({"differences": differences(get_book_for(request.workspace, uuid))})


def _chosen(request: Request, query: type[PortfolioQuerySerializer]) -> tuple[Chosen, dict[str, Any]]:
    asked = query(data=request.query_params.dict())
    asked.is_valid(raise_exception=True)
    values = asked.validated_data
    currencies = currencies_of(request.workspace)
    currency = values.get("currency", currencies[0] if currencies else "USD").upper()
    return Chosen(currency, values.get("book"), values.get("account"), values.get("kind", "")), values


@extend_schema(tags=["trading"], parameters=[PortfolioQuerySerializer])
class PositionViewSet(ApiViewSet):
    rights = {"*": "trading.view"}

    @extend_schema(responses=PositionSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List open positions, the largest first. All of them, of one currency."""
        chosen, _ = _chosen(request, PortfolioQuerySerializer)
        return Response(PositionSerializer(positions_of(request.workspace, chosen), many=True).data)


@extend_schema(tags=["trading"])
class PortfolioViewSet(ApiViewSet):
    rights = {"*": "trading.view"}

    @extend_schema(
        parameters=[PortfolioQuerySerializer],
        responses=forced_singular_serializer(PortfolioSummarySerializer),
    )
    def list(self, request: Request) -> Response:
        """What is held and earned, by book, instrument and day. All sums equal the ledger."""
        chosen, _ = _chosen(request, PortfolioQuerySerializer)
        workspace = request.workspace
        with one_snapshot():
            found = {
                "summary": summary_of(workspace, chosen),
                "by_book": profit_by_book(workspace, chosen),
                "by_instrument": profit_by_instrument(workspace, chosen),
                "by_day": profit_by_day(workspace, chosen),
                "curve": equity_curve(workspace, chosen),
            }
        return Response(PortfolioSummarySerializer(found).data)


@extend_schema(tags=["trading"])
class LotViewSet(ApiViewSet):
    rights = {"*": "trading.view"}

    @extend_schema(parameters=[LotQuerySerializer], responses=forced_singular_serializer(LotsSerializer))
    def list(self, request: Request) -> Response:
        """Tax lots, closed and open: first in, last in or dearest first."""
        chosen, values = _chosen(request, LotQuerySerializer)
        closed, still_open = lots_of_workspace(
            request.workspace, chosen, values["method"], year=values.get("year")
        )
        found = {"method": values["method"], "closed": closed, "open": still_open}
        return Response(LotsSerializer(found).data)
