"""What orders may not do, and the switches that stop them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.trading.choices import SwitchScope
from apps.trading.models.accounts import Book, TradingAccount
from apps.trading.models.columns import fraction, money


class RiskLimits(BaseModel):
    """Limits of a workspace, of one of its accounts, or of one book. Empty is no limit; the strictest of all counts."""

    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(
        TradingAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="limits"
    )
    book = models.ForeignKey(Book, null=True, blank=True, on_delete=models.CASCADE, related_name="limits")
    max_order_notional = money(null=True, blank=True)
    max_position_notional = money(null=True, blank=True)
    max_daily_loss = money(null=True, blank=True)
    max_drawdown = fraction(null=True, blank=True, help_text="A fraction of the highest equity: 0.2 is 20 %.")
    max_leverage = fraction(null=True, blank=True)
    symbols = ArrayField(models.CharField(max_length=40), default=list, blank=True, help_text="Empty: all.")
    price_collar_bps = models.PositiveIntegerField(null=True, blank=True)
    orders_per_minute = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "risk limits"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "account", "book"], name="trading_limits_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(account=None) | Q(book=None), name="trading_limits_of_one_thing"
            ),
            models.CheckConstraint(
                condition=(Q(max_order_notional=None) | Q(max_order_notional__gt=0))
                & (Q(max_position_notional=None) | Q(max_position_notional__gt=0))
                & (Q(max_daily_loss=None) | Q(max_daily_loss__gt=0))
                & (Q(max_drawdown=None) | Q(max_drawdown__gt=0, max_drawdown__lte=1))
                & (Q(max_leverage=None) | Q(max_leverage__gt=0)),
                name="trading_limits_gt_0",
            ),
        ]

    def __str__(self) -> str:
        return f"limits of {self.book or self.account or self.workspace}"


class KillSwitch(BaseModel):
    """Stops new intents from the moment it is stored until it is lifted; closing stays allowed.

    Without a workspace it is staff's and holds for everybody. `value` is the symbol or the exchange.
    """

    scope = models.CharField(max_length=10, choices=SwitchScope)
    workspace = models.ForeignKey(
        "accounts.Workspace", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    book = models.ForeignKey(Book, null=True, blank=True, on_delete=models.CASCADE, related_name="switches")
    value = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=300)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name_plural = "kill switches"
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "workspace", "book", "value"],
                condition=Q(lifted_at=None),
                name="trading_switch_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(scope="book", workspace__isnull=False, book__isnull=False, value="")
                | Q(scope="workspace", workspace__isnull=False, book=None, value="")
                | (Q(scope__in=["symbol", "exchange"], book=None) & ~Q(value=""))
                | Q(scope="platform", workspace=None, book=None, value=""),
                name="trading_switch_scope",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace"], name="trading_switch_on", condition=Q(lifted_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.value}".strip()
