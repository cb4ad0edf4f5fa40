"""Orders, positions, the portfolio, limits and switches as programs see them. Amounts are decimal strings."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import ModelSerializer, Serializer
from apps.trading.choices import AccountKind, LotMethod, OrderKind, Side, SwitchScope
from apps.trading.models import Book, Fill, KillSwitch, Order, OrderEvent, RiskLimits
from apps.trading.selectors import Line, PositionRow, Summary


class AmountField(serializers.DecimalField):
    """A decimal without the zeros that say nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=32, decimal_places=12, normalize_output=True, **options)


class BookSerializer(ModelSerializer[Book]):
    account = serializers.UUIDField(source="account.uuid", read_only=True)
    kind = serializers.ChoiceField(source="account.kind", choices=AccountKind.choices, read_only=True)
    cash = AmountField(read_only=True)
    peak_equity = AmountField(read_only=True)

    class Meta:
        model = Book
        fields = [
            "uuid",
            "name",
            "account",
            "kind",
            "currency",
            "cash",
            "peak_equity",
            "opened_at",
            "closed_at",
        ]


class BookCheckSerializer(Serializer[dict[str, Any]]):
    differences = serializers.ListField(
        child=serializers.CharField(),
        help_text="Where the tables say something else than the events; none: []",
    )


class OrderSerializer(ModelSerializer[Order]):
    uuid = serializers.UUIDField(read_only=True)
    book = serializers.UUIDField(source="book.uuid", read_only=True)
    account = serializers.UUIDField(source="account.uuid", read_only=True)
    instrument = serializers.UUIDField(source="instrument.uuid", read_only=True)
    symbol = serializers.CharField(source="instrument.symbol", read_only=True)
    purpose = serializers.CharField(source="intent.purpose", read_only=True)
    units = AmountField(read_only=True, allow_null=True, help_text="Null: sized at the fill")
    price = AmountField(read_only=True, allow_null=True)
    trigger = AmountField(read_only=True, allow_null=True)
    filled = AmountField(read_only=True)
    average = AmountField(read_only=True, allow_null=True)

    class Meta:
        model = Order
        fields = [
            "uuid", "client_order_id", "exchange_order_id", "book", "account", "instrument", "symbol", "side", "kind",
            "purpose", "units", "price", "trigger", "reduce_only", "status", "filled", "average", "words",
            "created_at", "expires_at",
        ]  # fmt: skip
        read_only_fields = fields


class OrderEventSerializer(ModelSerializer[OrderEvent]):
    class Meta:
        model = OrderEvent
        fields = ["number", "kind", "data", "at", "source"]


class FillSerializer(ModelSerializer[Fill]):
    order = serializers.UUIDField(source="order.uuid", read_only=True)
    book = serializers.UUIDField(source="book.uuid", read_only=True)
    symbol = serializers.CharField(source="instrument.symbol", read_only=True)
    units = AmountField(read_only=True)
    price = AmountField(read_only=True)
    fee = AmountField(read_only=True, help_text="In the book's currency")
    realised = AmountField(read_only=True)

    class Meta:
        model = Fill
        fields = ["order", "book", "symbol", "exchange_trade_id", "side", "units", "price", "fee", "realised", "reason",
                  "at"]  # fmt: skip


class OrderDetailSerializer(OrderSerializer):
    events = OrderEventSerializer(many=True, read_only=True)
    fills = FillSerializer(many=True, read_only=True)
    why = serializers.JSONField(source="intent.why", read_only=True)

    class Meta(OrderSerializer.Meta):
        fields = [*OrderSerializer.Meta.fields, "events", "fills", "why"]
        read_only_fields = fields


class NewOrderSerializer(Serializer[dict[str, Any]]):
    """An order by hand. On paper it is filled at once, at the last price."""

    book = serializers.UUIDField()
    instrument = serializers.UUIDField()
    side = serializers.ChoiceField(choices=Side.choices)
    units = AmountField(min_value=0)
    kind = serializers.ChoiceField(choices=OrderKind.choices, default=OrderKind.MARKET)
    price = AmountField(
        required=False, allow_null=True, min_value=0, help_text="Of a limit; the trigger of a stop"
    )
    reduce_only = serializers.BooleanField(default=False)


class PositionSerializer(Serializer[PositionRow]):
    book = serializers.UUIDField(source="book.uuid")
    instrument = serializers.UUIDField(source="instrument.uuid")
    symbol = serializers.CharField(source="instrument.symbol")
    side = serializers.ChoiceField(choices=["long", "short"])
    units = AmountField(help_text="Negative: short")
    average = AmountField()
    price = AmountField(
        allow_null=True, help_text="The last one; null: none is known, and it is valued at cost"
    )
    value = AmountField()
    open = AmountField(help_text="Profit of what is open, before fees")
    realised = AmountField()
    fees = AmountField()
    opened_at = serializers.DateTimeField()


class SummarySerializer(Serializer[Summary]):
    currency = serializers.CharField()
    capital = AmountField()
    cash = AmountField()
    equity = AmountField()
    gross = AmountField(help_text="What positions are worth, shorts counted positive")
    net = AmountField()
    realised = AmountField()
    open = AmountField()
    fees = AmountField()
    other = AmountField(help_text="Borrow, funding, adjustments")
    profit = AmountField(help_text="realised - fees + other + open = equity - capital")
    positions = serializers.IntegerField()


class LineSerializer(Serializer[Line]):
    name = serializers.CharField()
    realised = AmountField()
    fees = AmountField()
    other = AmountField()
    open = AmountField()
    profit = AmountField()
    fills = serializers.IntegerField()


class CurveSerializer(Serializer[Any]):
    times = serializers.ListField(child=serializers.DateTimeField())
    equity = serializers.ListField(child=AmountField())
    drawdown = serializers.ListField(
        child=serializers.FloatField(), help_text="Fractions of the highest equity"
    )


class PortfolioQuerySerializer(Serializer[dict[str, Any]]):
    """Which part of the portfolio."""

    currency = serializers.CharField(required=False, max_length=10, help_text="The most used one without it")
    book = serializers.UUIDField(required=False)
    account = serializers.UUIDField(required=False)
    kind = serializers.ChoiceField(choices=AccountKind.choices, required=False)


class LotQuerySerializer(PortfolioQuerySerializer):
    method = serializers.ChoiceField(choices=LotMethod.choices, default=LotMethod.FIFO)
    year = serializers.IntegerField(required=False, min_value=1990, max_value=2200)


class PortfolioSummarySerializer(Serializer[dict[str, Any]]):
    summary = SummarySerializer()
    by_book = LineSerializer(many=True)
    by_instrument = LineSerializer(many=True)
    by_day = LineSerializer(many=True)
    curve = CurveSerializer()


class LotSerializer(Serializer[dict[str, Any]]):
    book = serializers.UUIDField(source="book.uuid")
    symbol = serializers.CharField(source="instrument.symbol")
    side = serializers.CharField(source="lot.side", help_text="buy: was held long")
    units = AmountField(source="lot.units")
    opened_at = serializers.DateTimeField(source="lot.opened_at")
    closed_at = serializers.DateTimeField(
        source="lot.closed_at", allow_null=True, default=None, help_text="Null: still open"
    )
    cost = AmountField(source="lot.cost")
    proceeds = AmountField(source="lot.proceeds", allow_null=True, default=None)
    fees = AmountField(source="lot.fees")
    profit = AmountField(
        source="lot.profit", allow_null=True, default=None, help_text="Net of both fees' shares"
    )


class LotsSerializer(Serializer[dict[str, Any]]):
    method = serializers.CharField()
    closed = LotSerializer(many=True)
    open = LotSerializer(many=True)


class RiskLimitsSerializer(ModelSerializer[RiskLimits]):
    """Limits of the workspace, or of the account or book that is named. Null is no limit."""

    account = serializers.UUIDField(source="account.uuid", allow_null=True, default=None)
    book = serializers.UUIDField(source="book.uuid", allow_null=True, default=None)
    max_order_notional = AmountField(required=False, allow_null=True)
    max_position_notional = AmountField(required=False, allow_null=True)
    max_daily_loss = AmountField(required=False, allow_null=True)
    max_drawdown = serializers.DecimalField(
        max_digits=12, decimal_places=8, normalize_output=True, required=False, allow_null=True,
        help_text="A fraction of the highest equity",
    )  # fmt: skip
    max_leverage = serializers.DecimalField(
        max_digits=12, decimal_places=8, normalize_output=True, required=False, allow_null=True
    )
    price_collar_bps = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=100_000
    )
    orders_per_minute = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=100_000
    )
    symbols = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=500, help_text="Empty: all"
    )

    class Meta:
        model = RiskLimits
        fields = [
            "account", "book", "max_order_notional", "max_position_notional", "max_daily_loss", "max_drawdown",
            "max_leverage", "price_collar_bps", "orders_per_minute", "symbols",
        ]  # fmt: skip


class KillSwitchSerializer(ModelSerializer[KillSwitch]):
    scope = serializers.ChoiceField(
        choices=[one for one in SwitchScope.choices if one[0] != SwitchScope.PLATFORM]
    )
    book = serializers.UUIDField(source="book.uuid", required=False, allow_null=True, default=None)
    value = serializers.CharField(
        required=False, max_length=60, allow_blank=True, help_text="A symbol or an exchange"
    )
    is_ours = serializers.SerializerMethodField(help_text="False: staff threw it, for everybody")

    class Meta:
        model = KillSwitch
        fields = ["uuid", "scope", "book", "value", "reason", "is_ours", "created_at", "lifted_at"]
        read_only_fields = ["uuid", "created_at", "lifted_at"]

    def get_is_ours(self, switch: KillSwitch) -> bool:
        return switch.workspace_id is not None
