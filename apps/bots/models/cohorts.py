"""Cohorts, which step many bots at once, and what bots decided."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.bots.models.bots import Bot
from apps.core.models import BaseModel


class Cohort(BaseModel):
    """All bots on one feed that run one formula, stepped together at each closed bar.

    `decisions` is the engine's `CohortState` of the members in the order of their slots, `accounts` the bytes of its
    `Accounts`, `delayed` what the formulas asked at the bar before (for accounts whose requests arrive a bar late).
    Whoever changes them, or who is a member, holds this row's lock and raises `version`. `last_number` is the last bar
    of the feed that is done, `last_close` its close.
    """

    feed = models.ForeignKey("markets.Feed", on_delete=models.CASCADE, related_name="+")
    formula_hash = models.CharField(max_length=64)
    last_number = models.BigIntegerField()
    last_time = models.BigIntegerField(null=True)
    last_close = models.FloatField(null=True)
    decisions = models.BinaryField(default=bytes)
    accounts = models.BinaryField(default=bytes)
    delayed = models.BinaryField(default=bytes)
    engine_version = models.CharField(max_length=20, blank=True)
    version = models.PositiveBigIntegerField(default=0)
    stepped_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    silent_since = models.DateTimeField(
        null=True, help_text="Its owners were told that nothing is heard of it."
    )
    error = models.CharField(max_length=500, blank=True)
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "formula_hash"], name="bots_cohort_unique")]

    def __str__(self) -> str:
        return f"cohort {self.pk} of feed {self.feed_id}"

    @property
    def live_group(self) -> str:
        """The Channels group of those who watch any of its bots."""
        return f"cohort.{self.uuid}"


class Decision(models.Model):
    """A bar at which a bot asked for something, was filled, or said something: once, ever. Only ever added.

    `flags` are the formula's conditions as in `apps.engine.sim.spec`, `given` what of them reached the fill step (a
    paused bot's do not; a late or refused request's neither), `stop`, `target` and `trail` the formula's values.
    `request` is what the fill step made of it. `units` and `equity` are those at the bar's close. `fills` is JSON of
    the fills on this bar, `said` the conditions that held, each with its text; `refused` why the request ended there.
    """

    bot = models.ForeignKey(Bot, on_delete=models.CASCADE, related_name="decisions", db_index=False)
    feed = models.ForeignKey("markets.Feed", on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.BigIntegerField()
    time = models.BigIntegerField()
    close = models.FloatField()
    flags = models.PositiveSmallIntegerField()
    given = models.PositiveSmallIntegerField()
    stop = models.FloatField(null=True)
    target = models.FloatField(null=True)
    trail = models.FloatField(null=True)
    request = models.PositiveSmallIntegerField()
    units = models.FloatField()
    equity = models.FloatField()
    fills = models.JSONField(default=list)
    said = models.JSONField(default=list)
    refused = models.CharField(max_length=300, blank=True)
    is_flattening = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bot", "feed", "number"], name="bots_decision_once"),
            models.CheckConstraint(condition=Q(number__gte=0), name="bots_decision_number_ge_0"),
        ]

    def __str__(self) -> str:
        return f"decision of bot {self.bot_id} at bar {self.number}"
