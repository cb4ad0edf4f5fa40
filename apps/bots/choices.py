"""The words stored in the bots tables."""

from __future__ import annotations

from django.db import models

from apps.core.words import gettext_lazy


class BotState(models.TextChoices):
    """Where a bot stands; what may follow what is `rules.transitions.TABLE`."""

    DRAFT = "draft", gettext_lazy("Draft")
    RUNNING = "running", gettext_lazy("Running")
    PAUSED = (
        "paused",
        gettext_lazy("Paused"),
    )  # asks for nothing new; stop-loss, take-profit and trail of a position still stand
    STOPPED = "stopped", gettext_lazy("Stopped")
    ARCHIVED = "archived", gettext_lazy("Archived")


ON_FEED = (BotState.RUNNING, BotState.PAUSED)  # they see every bar


class Mode(models.TextChoices):
    PAPER = "paper", gettext_lazy("Paper")
    LIVE = "live", gettext_lazy("Live")


class Act(models.TextChoices):
    """What moves a bot from one state to another."""

    DEPLOY = "deploy", gettext_lazy("Deployed")
    PAUSE = "pause", gettext_lazy("Paused")
    RESUME = "resume", gettext_lazy("Resumed")
    STOP = "stop", gettext_lazy("Stopped")
    ARCHIVE = "archive", gettext_lazy("Archived")
    RESTORE = "restore", gettext_lazy("Restored")
    SWITCH = "switch", gettext_lazy("Moved to another version")


class Cause(models.TextChoices):
    """Why. Every pause and every stop names one."""

    PERSON = "person", gettext_lazy("by a person")
    FEED_STALE = "feed_stale", gettext_lazy("its feed brings no bars")
    FEED_ENDED = "feed_ended", gettext_lazy("its feed has ended")
    ACCOUNT_AT_ZERO = "account_at_zero", gettext_lazy("its equity fell to zero")
    KILL_SWITCH = "kill_switch", gettext_lazy("a kill switch was thrown")
    DAILY_LOSS = "daily_loss", gettext_lazy("its largest loss of a day was reached")
    DRAWDOWN = "drawdown", gettext_lazy("its largest drawdown was reached")
    ACCOUNT = "account", gettext_lazy("its account takes no orders")
    DEAD_MAN = "dead_man", gettext_lazy("nothing was heard of it")
    PLAN = "plan", gettext_lazy("the plan does not allow it")
    BROKEN = "broken", gettext_lazy("stepping it failed")
    RECOVERED = "recovered", gettext_lazy("what had paused it is over")
    CANARY = "canary", gettext_lazy("the new version agreed closely enough")


class Policy(models.TextChoices):
    """What follows an automatic pause."""

    RESUME = "resume", gettext_lazy("Go on once it is over")
    ASK = "ask", gettext_lazy("Wait for a person")
    FLATTEN = "flatten", gettext_lazy("Close the position, wait for a person")


class Parity(models.TextChoices):
    UNKNOWN = "unknown", gettext_lazy("Not checked yet")
    HOLDS = "holds", gettext_lazy("Holds")
    BROKEN = "broken", gettext_lazy("Broken")


class UpgradeState(models.TextChoices):
    SHADOWING = "shadowing", gettext_lazy("In shadow")
    DIFFERS = "differs", gettext_lazy("Differs too much")
    SWITCHED = "switched", gettext_lazy("Switched")
    ROLLED_BACK = "rolled_back", gettext_lazy("Rolled back")
    CANCELLED = "cancelled", gettext_lazy("Cancelled")
