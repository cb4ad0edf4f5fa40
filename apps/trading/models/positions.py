"""What books hold: cash, entry by entry, positions, and what both were worth."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.markets.models import Instrument
from apps.trading.choices import CashKind
from apps.trading.models.accounts import Book
from apps.trading.models.columns import money
from apps.trading.models.orders import Fill


class CashEntry(models.Model):
    """Cash that came to a book (positive) or left it. Only ever added; their sum is the book's cash."""

    book = models.ForeignKey(
        Book, on_delete=models.CASCADE, related_name="entries", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=10, choices=CashKind)
    amount = money()
    fill = models.ForeignKey(
        Fill, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )  # goes with its book
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "cash entries"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["trade", "fee"], fill__isnull=False)
                | (~Q(kind__in=["trade", "fee"]) & Q(fill__isnull=True)),
                name="trading_cash_names_its_fill",
            ),
            models.CheckConstraint(
                condition=(~Q(kind="deposit") | Q(amount__gt=0)) & (~Q(kind="withdrawal") | Q(amount__lt=0)),
                name="trading_cash_direction",
            ),
        ]
        indexes = [models.Index(fields=["book", "id"], name="trading_cash_book")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class Position(models.Model):
    """What a book holds of an instrument: the fold of its fills (`rules.positions`).

    `units` and `cost` are negative for a short. `cost` is what the open units were bought (sold) for, at average;
    always `realised` = what the trades brought in cash + `cost`.
    """

    book = models.ForeignKey(
        Book, on_delete=models.CASCADE, related_name="positions", db_constraint=False, db_index=False
    )
    instrument = models.ForeignKey(
        Instrument, on_delete=models.RESTRICT, related_name="+", db_constraint=False, db_index=False
    )
    units = money(default=0)
    cost = money(default=0)
    realised = money(default=0)
    fees = money(default=0)
    opened_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["book", "instrument"], name="trading_position_once"),
            models.CheckConstraint(
                condition=Q(units=0, cost=0, opened_at=None) | (~Q(units=0) & Q(opened_at__isnull=False)),
                name="trading_position_flat_costs_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units} at {self.cost}"


class Mark(models.Model):
    """The last price of an instrument at a source (a feed, an exchange), which values every position there."""

    source = models.CharField(max_length=60)
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="+", db_index=False)
    price = money()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "source"], name="trading_mark_once"),
            models.CheckConstraint(condition=Q(price__gt=0), name="trading_mark_gt_0"),
        ]

    def __str__(self) -> str:
        return f"{self.price} at {self.at:%Y-%m-%d %H:%M}"


class EquityPoint(models.Model):
    """What a book was worth at a moment: cash + positions at the marks of then."""

    book = models.ForeignKey(
        Book, on_delete=models.CASCADE, related_name="points", db_constraint=False, db_index=False
    )
    at = models.DateTimeField()
    cash = money()
    equity = money()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["book", "at"], name="trading_point_once")]

    def __str__(self) -> str:
        return f"{self.equity} at {self.at:%Y-%m-%d %H:%M}"
