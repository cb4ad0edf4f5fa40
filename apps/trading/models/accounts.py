"""Accounts, at an exchange or on paper, and the books that share them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.secrets.fields import EncryptedTextField
from apps.trading.choices import AccountKind, AccountState
from apps.trading.models.columns import fraction, money


class TradingAccount(BaseModel):
    """Where orders go. `credentials` is JSON as the exchange's adapter wants it; a paper account has none.

    The paper options are those of the simulated broker: so many bars until a request reaches the market, the share of
    an order that one bar fills, the share of orders refused, and the seed that both are drawn from.
    """

    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=AccountKind)
    exchange = models.CharField(max_length=40, blank=True, help_text="CCXT's name of it; empty on paper.")
    is_testnet = models.BooleanField(default=False)
    currency = models.CharField(max_length=10, default="USD")
    credentials = EncryptedTextField(default="")
    # given, and not found good yet: the ones in force serve until then
    next_credentials = EncryptedTextField(null=True)
    # the beginning of the SHA-256 of the key in force: tells keys apart, and opens nothing
    key_digest = models.CharField(max_length=12, blank=True)
    permissions = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=AccountState, default=AccountState.CHECKING)
    error = models.CharField(max_length=500, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    freeze_on_foreign = models.BooleanField(
        default=False, help_text="Freeze by itself when an order appears that is not ours."
    )
    fee_rate = fraction(default=0)
    slippage_bps = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    latency_bars = models.PositiveSmallIntegerField(default=0)
    partial_fill_rate = models.DecimalField(max_digits=5, decimal_places=4, default=1)
    rejection_rate = models.DecimalField(max_digits=5, decimal_places=4, default=0)
    seed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="trading_account_name"),
            models.CheckConstraint(
                condition=Q(kind=AccountKind.PAPER, exchange="")
                | (Q(kind=AccountKind.EXCHANGE) & ~Q(exchange="")),
                name="trading_account_names_its_exchange",
            ),
            models.CheckConstraint(
                condition=Q(
                    fee_rate__gte=0,
                    fee_rate__lt=1,
                    slippage_bps__gte=0,
                    slippage_bps__lt=10_000,
                    latency_bars__lte=1,
                    partial_fill_rate__gt=0,
                    partial_fill_rate__lte=1,
                    rejection_rate__gte=0,
                    rejection_rate__lt=1,
                ),
                name="trading_account_options",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_paper(self) -> bool:
        return self.kind == AccountKind.PAPER


class Book(BaseModel):
    """A virtual sub-ledger of an account: the capital of one bot (or of a person's own orders), and what it became.

    `cash` is the sum of its cash entries, kept by whoever writes them. `price_source` names where its positions are
    valued ("feed:UUID", or empty: at its account's exchange). `day_equity` is its equity when `day` was first seen,
    `peak_equity` the highest seen, as the risk limits need them.
    """

    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(TradingAccount, on_delete=models.CASCADE, related_name="books")
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=10)
    price_source = models.CharField(max_length=60, blank=True)
    cash = money(default=0)
    day = models.DateField(null=True)
    day_equity = money(default=0)
    peak_equity = money(default=0)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-id"], name="trading_book_workspace"),
        ]

    def __str__(self) -> str:
        return self.name
