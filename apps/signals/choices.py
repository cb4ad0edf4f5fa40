"""The words stored in the signals tables."""

from __future__ import annotations

from django.db import models

from apps.core.words import gettext_lazy


class SourceKind(models.TextChoices):
    TRADINGVIEW = "tradingview", gettext_lazy("TradingView")  # the secret is in the address
    REST = "rest", gettext_lazy("Own program (REST)")  # the secret is in a header; up to 100 alerts at once
    EMAIL = "email", gettext_lazy("E-mail")
    BOT = "bot", gettext_lazy("The workspace's bots")  # made by us, one a workspace; nothing is posted to it


OFFERED = (SourceKind.TRADINGVIEW, SourceKind.REST, SourceKind.EMAIL)  # to people who make a source


class AlertStatus(models.TextChoices):
    """Where a stored request stands."""

    RECEIVED = "received", gettext_lazy("Waiting")
    PROCESSED = "processed", gettext_lazy("Signal made")
    REJECTED = (
        "rejected",
        gettext_lazy("For review"),
    )  # readable errors in `problem`; answered with 400 or 422
    FAILED = (
        "failed",
        gettext_lazy("Failed"),
    )  # accepted with 202, but every attempt to make a signal of it broke


class Action(models.TextChoices):
    BUY = "buy", gettext_lazy("Buy")
    SELL = "sell", gettext_lazy("Sell")
    EXIT = "exit", gettext_lazy("Exit")
    INFO = "info", gettext_lazy("Info")


class SignalStatus(models.TextChoices):
    """Where a signal stands. A row exists from `validated` on; its steps tell when the alert was received."""

    RECEIVED = "received", gettext_lazy("Received")
    VALIDATED = "validated", gettext_lazy("Validated")  # alarms are looked for
    MATCHED = "matched", gettext_lazy("On its way")  # to those whose alarms took it
    UNMATCHED = "unmatched", gettext_lazy("No alarm")
    DELIVERED = (
        "delivered",
        gettext_lazy("Delivered"),
    )  # every alarm's messages have ended, and somebody has it
    REJECTED = "rejected", gettext_lazy("Not delivered")  # the reason says why


class RejectedFor(models.TextChoices):
    """Why nobody got a signal that alarms took."""

    NO_CREDITS = "no_credits", gettext_lazy("no credits left")
    COOLING = "cooling", gettext_lazy("every alarm was cooling down")
    OFF_HOURS = "off_hours", gettext_lazy("every alarm was outside its hours")
    MUTED = "muted", gettext_lazy("every alarm was muted")
    UNDELIVERED = "undelivered", gettext_lazy("no message arrived")
    BROKEN = "broken", gettext_lazy("looking for its alarms failed")


class FiringState(models.TextChoices):
    QUEUED = "queued", gettext_lazy("On its way")
    DELIVERED = "delivered", gettext_lazy("Delivered")
    PARTLY = "partly", gettext_lazy("Delivered in part")
    FAILED = "failed", gettext_lazy("Failed")
    DRY_RUN = "dry_run", gettext_lazy("Dry run")
    CANCELLED = (
        "cancelled",
        gettext_lazy("Not sent"),
    )  # switched off, acknowledged or without an address by then
    NO_CREDITS = "no_credits", gettext_lazy("No credits")  # only the inbox was told
    COOLING = "cooling", gettext_lazy("Cooling down")
    OFF_HOURS = "off_hours", gettext_lazy("Outside its hours")
    MUTED = "muted", gettext_lazy("Muted")


class IncidentKind(models.TextChoices):
    GAP = "gap", gettext_lazy("Numbers are missing")
    REGRESSION = "regression", gettext_lazy("A lower number came again")


class IncidentState(models.TextChoices):
    OPEN = "open", gettext_lazy("Open")
    CLOSED = "closed", gettext_lazy("Closed")  # what was missing came later, or the regression was told


class Unmeasured(models.TextChoices):
    """Why an outcome cannot be said. What more bars could mend is looked at again when they come."""

    NO_INSTRUMENT = "no_instrument", gettext_lazy("no instrument of this symbol")
    NO_BARS = "no_bars", gettext_lazy("no bars of that time")
    CLOSED = "closed", gettext_lazy("no bar closed near the horizon")
    COARSE = "coarse", gettext_lazy("bars too long for the horizon")
    OFF_MARKET = "off_market", gettext_lazy("its price was not the market's")


class SecurityEventKind(models.TextChoices):
    """Why the intake answered 401, or the mail intake 550."""

    NO_TOKEN = "no_token", gettext_lazy("No token")
    UNKNOWN_TOKEN = "unknown_token", gettext_lazy("Unknown token")
    EXPIRED_TOKEN = "expired_token", gettext_lazy("Token replaced by a newer one")
    INACTIVE_SOURCE = "inactive_source", gettext_lazy("Source switched off")
    ADDRESS = "address_not_allowed", gettext_lazy("Sender not on the list")
    PASSPHRASE = "wrong_passphrase", gettext_lazy("Passphrase wrong or missing")
    SIGNATURE = "wrong_signature", gettext_lazy("Signature wrong, missing or too old")


class ReplayState(models.TextChoices):
    RUNNING = "running", gettext_lazy("Running")
    DONE = "done", gettext_lazy("Done")
