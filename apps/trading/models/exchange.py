"""What is known of an account at its exchange besides its orders: how the two agree, and where they do not."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from apps.accounts.models import User
from apps.core.models import BaseModel
from apps.trading.choices import DiscrepancyKind, KeyPurpose
from apps.trading.models.accounts import TradingAccount
from apps.trading.models.columns import money


class AccountSync(models.Model):
    """The last comparison with the exchange. Amounts are text by currency.

    `baseline` is what the exchange holds beyond what our own trades came to: the owner's other money. It moves only
    when something happens that is not ours. `trades_since`: trades before it have been compared.
    """

    account = models.OneToOneField(TradingAccount, on_delete=models.CASCADE, related_name="sync")
    balances = models.JSONField(default=dict)
    baseline = models.JSONField(null=True)
    others_counted = models.JSONField(
        default=list
    )  # ids of trades that are not ours and that the baseline holds
    trades_since = models.DateTimeField()
    clock_ahead_ms = models.IntegerField(
        default=0, help_text="How far the exchange's clock is ahead of ours."
    )
    synced_at = models.DateTimeField(null=True)
    stream_at = models.DateTimeField(null=True, help_text="When the user data stream last stood.")
    error = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"sync of {self.account}"


class Discrepancy(BaseModel):
    """Something at the exchange that our ledger does not explain, once per `key`. It is told, never traded away."""

    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(TradingAccount, on_delete=models.CASCADE, related_name="discrepancies")
    kind = models.CharField(max_length=14, choices=DiscrepancyKind)
    key = models.CharField(max_length=120)
    words = models.CharField(max_length=300)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name_plural = "discrepancies"
        constraints = [
            models.UniqueConstraint(fields=["account", "kind", "key"], name="trading_discrepancy_once"),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="trading_discrepancy_account")]

    def __str__(self) -> str:
        return self.words


class ExchangeMarket(models.Model):
    """What an exchange takes in one of its spot markets, as it last told; steps and sizes of 0 are none.

    Everybody may read this at the exchange, so it belongs to nobody here. A market has a row for each of its names
    ("BTCUSDT" and "BTC/USDT"), since instruments are named either way.
    """

    exchange = models.CharField(max_length=40)
    is_testnet = models.BooleanField()
    name = models.CharField(max_length=40)
    base = models.CharField(max_length=40)
    quote = models.CharField(max_length=40)
    tick_size = money(default=0)
    lot_size = money(default=0)
    min_size = money(default=0)
    min_notional = money(default=0)
    read_at = models.DateTimeField(help_text="When the exchange last told of it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["exchange", "is_testnet", "name"], name="trading_exchange_market_once"
            ),
            models.CheckConstraint(
                condition=models.Q(tick_size__gte=0, lot_size__gte=0, min_size__gte=0, min_notional__gte=0),
                name="trading_exchange_market_ge_0",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.exchange}"


class KeyUse(models.Model):
    """How often an account's key was used for something on one day (UTC).

    `key_digest` tells keys apart, as on the account; `ends_with` is what its owner knows it by.
    """

    account = models.ForeignKey(TradingAccount, on_delete=models.CASCADE, related_name="key_uses")
    key_digest = models.CharField(max_length=12)
    ends_with = models.CharField(max_length=4)
    purpose = models.CharField(max_length=8, choices=KeyPurpose)
    day = models.DateField()
    calls = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(
        default=0, help_text="Of them, those that brought an error or nothing."
    )
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "key_digest", "purpose", "day"], name="trading_key_use_once"
            ),
        ]

    def __str__(self) -> str:
        return f"…{self.ends_with}: {self.purpose} on {self.day}"
