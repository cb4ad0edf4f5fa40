"""Bots, and how they came from state to state."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.bots.choices import ON_FEED, Act, BotState, Cause, Mode, Parity, Policy
from apps.core.models import BaseModel


class Bot(BaseModel):
    """A published version of a formula that decides at each closed bar of a feed, with capital of its own.

    `inputs` are the formula's settings. The capital is a book of its own on the account. While it is on its feed
    (running or paused) it belongs to a cohort; `slot` is its place there, empty until the runner has warmed it up.
    `joined_number` is the feed's number of the first bar that it decided at, `warm_bars` how many bars before that it
    was warmed up with, `warm_hash` their content. `left_number` is the last bar it saw. `sim` is its account as the
    simulator knows it while it is in no cohort.
    """

    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    version = models.ForeignKey("formulas.FormulaVersion", on_delete=models.RESTRICT, related_name="+")
    inputs = models.JSONField(default=dict, blank=True)
    feed = models.ForeignKey("markets.Feed", on_delete=models.RESTRICT, related_name="+")
    account = models.ForeignKey("trading.TradingAccount", on_delete=models.RESTRICT, related_name="+")
    book = models.OneToOneField("trading.Book", null=True, on_delete=models.RESTRICT, related_name="+")
    mode = models.CharField(max_length=5, choices=Mode, default=Mode.PAPER)
    capital = models.DecimalField(max_digits=32, decimal_places=12)
    state = models.CharField(max_length=10, choices=BotState, default=BotState.DRAFT)
    cause = models.CharField(max_length=20, choices=Cause, blank=True, help_text="Of its last pause or stop.")
    words = models.CharField(max_length=300, blank=True, help_text="The same in full.")
    policy = models.CharField(max_length=10, choices=Policy, default=Policy.RESUME)
    flattens_when_silent = models.BooleanField(
        default=False, help_text="Close its position when nothing is heard of it."
    )
    wants_flat = models.BooleanField(default=False, help_text="Its position is closed at the next open.")
    cohort = models.ForeignKey("Cohort", null=True, on_delete=models.SET_NULL, related_name="members")
    slot = models.PositiveIntegerField(null=True)
    joined_number = models.BigIntegerField(null=True)
    left_number = models.BigIntegerField(null=True)
    warm_bars = models.PositiveIntegerField(default=0)
    warm_hash = models.CharField(max_length=64, blank=True)
    sim = models.BinaryField(default=bytes)
    deployments = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    parity = models.CharField(max_length=10, choices=Parity, default=Parity.UNKNOWN)
    parity_at = models.DateTimeField(null=True)
    parity_report = models.JSONField(default=dict, blank=True)
    cloned_from = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-id"], name="bots_bot_workspace"),
            models.Index(fields=["feed"], name="bots_bot_on_feed", condition=Q(state__in=ON_FEED)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "slot"], name="bots_bot_slot", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=Q(capital__gt=0), name="bots_bot_capital_gt_0"),
            models.CheckConstraint(
                condition=~Q(state__in=["paused", "stopped"]) | ~Q(cause="") | Q(started_at=None),
                name="bots_bot_names_its_cause",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def live_group(self) -> str:
        """The Channels group of those who watch this bot."""
        return f"bot.{self.uuid}"

    @property
    def meter_key(self) -> str:
        """Names its place among the running bots that the plan allows, for this deployment."""
        return f"bot:{self.uuid}:{self.deployments}"


class BotTransition(models.Model):
    """One step of a bot's life. Only ever added.

    `number` is the feed's last bar that its cohort had done: it holds from the bar after it. `effect` says in words
    what became of an open position.
    """

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="transitions")
    act = models.CharField(max_length=10, choices=Act)
    before = models.CharField(max_length=10, choices=BotState)
    after = models.CharField(max_length=10, choices=BotState)
    cause = models.CharField(max_length=20, choices=Cause)
    words = models.CharField(max_length=300, blank=True)
    effect = models.CharField(max_length=200, blank=True)
    number = models.BigIntegerField(null=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["bot", "-id"], name="bots_transition_bot")]

    def __str__(self) -> str:
        return f"{self.before} → {self.after} ({self.cause})"
