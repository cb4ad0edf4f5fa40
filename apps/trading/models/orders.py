"""Intents, the orders made of them, what happened to each, and their fills. Written by SQL, many rows at a time.

Their rows point at one another without constraints of the database: rows come with what they point at in one
statement, and checking each anew took longer than writing it. Intents, events and fills are only ever added
(migration 0002); an order's columns are what its events and fills come to (`rules.orders`).
"""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from apps.markets.models import Instrument
from apps.trading.choices import (
    ENDED,
    UNDER_WAY,
    EventKind,
    EventSource,
    OrderKind,
    OrderStatus,
    Purpose,
    Refusal,
    Side,
)
from apps.trading.models.accounts import Book, TradingAccount
from apps.trading.models.columns import money


class Intent(models.Model):
    """What a bot (or a person) decided, once ever: `key` is the hash of who decided what at which bar.

    `units` empty: sized at the fill, as `size` says (paper). `bar_time` is the opening of the bar decided at, epoch
    milliseconds. An intent that the risk checks refused has `refused_for`, and no order.
    """

    book = models.ForeignKey(
        Book, on_delete=models.CASCADE, related_name="intents", db_constraint=False, db_index=False
    )
    instrument = models.ForeignKey(
        Instrument, on_delete=models.RESTRICT, related_name="+", db_constraint=False, db_index=False
    )
    key = models.CharField(max_length=64)
    side = models.CharField(max_length=4, choices=Side)
    purpose = models.CharField(max_length=8, choices=Purpose)
    kind = models.CharField(max_length=6, choices=OrderKind)
    units = money(null=True)
    size = models.JSONField(null=True)
    price = money(null=True)
    trigger = money(null=True)
    reference_price = money(
        null=True, help_text="The price it was decided at: of the bar's close, or the last one."
    )
    reduce_only = models.BooleanField(default=False)
    bar_time = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    refused_for = models.CharField(max_length=20, choices=Refusal, blank=True)
    refusal = models.CharField(max_length=300, blank=True, help_text="Why it was refused, in words.")
    why = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="trading_intent_once"),
            models.CheckConstraint(
                condition=Q(units=None) | Q(units__gt=0), name="trading_intent_units_gt_0"
            ),
            models.CheckConstraint(
                condition=Q(refused_for="", refusal="") | (~Q(refused_for="") & ~Q(refusal="")),
                name="trading_intent_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(kind="limit") | Q(price__gt=0), name="trading_intent_limit_has_price"
            ),
            models.CheckConstraint(
                condition=~Q(kind="stop") | Q(trigger__gt=0), name="trading_intent_stop_has_trigger"
            ),
        ]
        indexes = [models.Index(fields=["book", "decided_at"], name="trading_intent_book")]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.side} {self.units if self.units is not None else ''}".strip()

    @staticmethod
    def of_uuid(uuid: UUID, path: str = "") -> Q:
        """The intent whose key begins with `uuid`; `path` leads to it from another table ("intent__")."""
        return Q(**{f"{path}key__gte": uuid.hex, f"{path}key__lt": f"{uuid.hex}g"})


class Order(models.Model):
    """One intent on its way. `client_order_id` is made of the intent's key, so a repetition is always recognised."""

    intent = models.OneToOneField(Intent, on_delete=models.CASCADE, related_name="order", db_constraint=False)
    account = models.ForeignKey(
        TradingAccount,
        on_delete=models.DO_NOTHING,
        related_name="orders",
        db_constraint=False,
        db_index=False,
    )  # its book goes with the account, and this with the book
    book = models.ForeignKey(
        Book, on_delete=models.CASCADE, related_name="orders", db_constraint=False, db_index=False
    )
    instrument = models.ForeignKey(
        Instrument, on_delete=models.RESTRICT, related_name="+", db_constraint=False, db_index=False
    )
    client_order_id = models.CharField(max_length=36)
    exchange_order_id = models.CharField(max_length=80, blank=True)
    side = models.CharField(max_length=4, choices=Side)
    kind = models.CharField(max_length=6, choices=OrderKind)
    units = money(null=True)
    price = money(null=True)
    trigger = money(null=True)
    reduce_only = models.BooleanField(default=False)
    stage = models.CharField(
        max_length=13,
        choices=OrderStatus,
        default=OrderStatus.PENDING,
        help_text="By its events alone; the status counts its fills too.",
    )
    status = models.CharField(max_length=13, choices=OrderStatus, default=OrderStatus.PENDING)
    filled = money(default=0)
    average = money(null=True, help_text="Of its fills.")
    words = models.CharField(
        max_length=300, blank=True, help_text="Why it was rejected, cancelled or is unknown."
    )
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, help_text="When it was last on its way to the exchange.")
    expires_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client_order_id"], name="trading_order_client_id"),
            models.UniqueConstraint(
                fields=["account", "exchange_order_id"],
                condition=~Q(exchange_order_id=""),
                name="trading_order_exchange_id",
            ),
            models.CheckConstraint(
                condition=Q(filled__gte=0) & (Q(units=None) | Q(units__gt=0)), name="trading_order_units"
            ),
        ]
        indexes = [
            models.Index(fields=["book", "-id"], name="trading_order_book"),
            models.Index(
                fields=["account", "id"], name="trading_order_under_way", condition=Q(status__in=UNDER_WAY)
            ),
            models.Index(fields=["book"], name="trading_order_of_book", condition=Q(status__in=UNDER_WAY)),
        ]

    def __str__(self) -> str:
        return self.client_order_id

    @property
    def uuid(self) -> UUID:
        """Its public name: the beginning of the intent's key, so it needs no column (`Intent.of_uuid`)."""
        return UUID(self.intent.key[:32])

    @property
    def is_over(self) -> bool:
        return self.status in ENDED


class OrderEvent(models.Model):
    """Something that happened to an order, fills apart. `number` counts from 0 within the order."""

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="events", db_constraint=False, db_index=False
    )
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=EventKind)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    at = models.DateTimeField()
    source = models.CharField(max_length=8, choices=EventSource)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "number"], name="trading_event_number")]

    def __str__(self) -> str:
        return f"{self.kind} ({self.number})"


class Fill(models.Model):
    """Units that changed hands. `realised` is the profit, before fees, of the units it closed, at average cost.

    `is_last`: whoever filled it says that the order is done, whatever its units were.
    """

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="fills", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(
        TradingAccount, on_delete=models.DO_NOTHING, related_name="fills", db_constraint=False, db_index=False
    )
    book = models.ForeignKey(
        Book, on_delete=models.CASCADE, related_name="fills", db_constraint=False, db_index=False
    )
    instrument = models.ForeignKey(
        Instrument, on_delete=models.RESTRICT, related_name="+", db_constraint=False, db_index=False
    )
    exchange_trade_id = models.CharField(max_length=80)
    side = models.CharField(max_length=4, choices=Side)
    units = money()
    price = money()
    fee = money(default=0, help_text="In the book's currency; negative for a rebate.")
    fee_currency = models.CharField(max_length=10)
    fee_paid = money(default=0, help_text="As it was charged, in `fee_currency`.")
    realised = money(default=0)
    reason = models.CharField(max_length=20, blank=True, help_text="Why the paper broker filled it.")
    is_last = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "exchange_trade_id"], name="trading_fill_once"),
            models.CheckConstraint(condition=Q(units__gt=0, price__gt=0), name="trading_fill_gt_0"),
        ]
        indexes = [
            models.Index(fields=["book", "id"], name="trading_fill_book"),
            models.Index(fields=["order"], name="trading_fill_order"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.units} at {self.price}"

    @property
    def worth(self) -> Decimal:
        return self.units * self.price
