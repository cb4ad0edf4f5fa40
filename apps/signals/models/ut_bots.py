"""UT Bots that people set up here, and the formula that says the same."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.words import gettext_lazy
from apps.formulas.models import Formula
from apps.signals.models.intake import AlertSource
from apps.signals.ut_bot.parameters import UtBotRule


class UtBot(BaseModel):
    """Parameters of a UT Bot and the source its alerts go to. `number` counts in the workspace and is in its alerts."""

    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField(editable=False)
    name = models.CharField(max_length=80)
    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="ut_bots")
    symbols = ArrayField(
        models.CharField(max_length=61), default=list, help_text="EXCHANGE:TICKER, at most 40."
    )
    timeframe = models.CharField(max_length=10)
    ema_period = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(200)]
    )
    atr_period = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(200)]
    )
    multiplier = models.DecimalField(max_digits=4, decimal_places=2, default=1)
    formula = models.ForeignKey(Formula, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    formula_hash = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name = "UT Bot"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="signals_utbot_number"),
            models.CheckConstraint(
                condition=Q(ema_period__range=(1, 200), atr_period__range=(1, 200)),
                name="signals_utbot_periods",
            ),
            models.CheckConstraint(
                condition=Q(multiplier__gte="0.1", multiplier__lte=50), name="signals_utbot_multiplier"
            ),
        ]
        indexes = [models.Index(fields=["workspace", "formula_hash"], name="signals_utbot_hash")]

    def __str__(self) -> str:
        return self.name

    @property
    @admin.display(description=gettext_lazy("Strategy"))
    def strategy(self) -> str:
        """The name that its alerts bear."""
        return f"UTB-{self.number}"

    @property
    def rule(self) -> UtBotRule:
        return UtBotRule(
            strategy=self.strategy,
            symbols=tuple(self.symbols),
            timeframe=self.timeframe,
            ema_period=self.ema_period,
            atr_period=self.atr_period,
            multiplier=self.multiplier,
        )
