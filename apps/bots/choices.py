"""The words stored in the bots tables."""

from __future__ import annotations

from django.db import models


class BotState(models.TextChoices):
    """Where a bot stands; what may follow what is `rules.transitions.TABLE`."""

    DRAFT = "draft", "Draft"
    RUNNING = "running", "Running"
    PAUSED = (
        "paused",
        "Paused",
    )  # asks for nothing new; stop-loss, take-profit and trail of a position still stand
    STOPPED = "stopped", "Stopped"
    ARCHIVED = "archived", "Archived"


ON_FEED = (BotState.RUNNING, BotState.PAUSED)  # they see every bar


class Mode(models.TextChoices):
    PAPER = "paper", "Paper"
    LIVE = "live", "Live"


class Act(models.TextChoices):
    """What moves a bot from one state to another."""

    DEPLOY = "deploy", "Deployed"
    PAUSE = "pause", "Paused"
    RESUME = "resume", "Resumed"
    STOP = "stop", "Stopped"
    ARCHIVE = "archive", "Archived"
    RESTORE = "restore", "Restored"
    SWITCH = "switch", "Moved to another version"


class Cause(models.TextChoices):
    """Why. Every pause and every stop names one."""

    PERSON = "person", "by a person"
    FEED_STALE = "feed_stale", "its feed brings no bars"
    FEED_ENDED = "feed_ended", "its feed has ended"
    ACCOUNT_AT_ZERO = "account_at_zero", "its equity fell to zero"
    KILL_SWITCH = "kill_switch", "a kill switch was thrown"
    DAILY_LOSS = "daily_loss", "its largest loss of a day was reached"
    DRAWDOWN = "drawdown", "its largest drawdown was reached"
    ACCOUNT = "account", "its account takes no orders"
    DEAD_MAN = "dead_man", "nothing was heard of it"
    PLAN = "plan", "the plan does not allow it"
    BROKEN = "broken", "stepping it failed"
    RECOVERED = "recovered", "what had paused it is over"
    CANARY = "canary", "the new version agreed closely enough"


class Policy(models.TextChoices):
    """What follows an automatic pause."""

    RESUME = "resume", "Go on once it is over"
    ASK = "ask", "Wait for a person"
    FLATTEN = "flatten", "Close the position, wait for a person"


class Parity(models.TextChoices):
    UNKNOWN = "unknown", "Not checked yet"
    HOLDS = "holds", "Holds"
    BROKEN = "broken", "Broken"


class UpgradeState(models.TextChoices):
    SHADOWING = "shadowing", "In shadow"
    DIFFERS = "differs", "Differs too much"
    SWITCHED = "switched", "Switched"
    ROLLED_BACK = "rolled_back", "Rolled back"
    CANCELLED = "cancelled", "Cancelled"
