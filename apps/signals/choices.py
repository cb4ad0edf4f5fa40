"""The words stored in the signals tables."""

from __future__ import annotations

from django.db import models


class SourceKind(models.TextChoices):
    TRADINGVIEW = "tradingview", "TradingView"  # the secret is in the address
    REST = "rest", "Own program (REST)"  # the secret is in a header; up to 100 alerts at once
    EMAIL = "email", "E-mail"
    BOT = "bot", "The workspace's bots"  # made by us, one a workspace; nothing is posted to it


OFFERED = (SourceKind.TRADINGVIEW, SourceKind.REST, SourceKind.EMAIL)  # to people who make a source


class AlertStatus(models.TextChoices):
    """Where a stored request stands."""

    RECEIVED = "received", "Waiting"
    PROCESSED = "processed", "Signal made"
    REJECTED = "rejected", "For review"  # readable errors in `problem`; answered with 400 or 422
    FAILED = "failed", "Failed"  # accepted with 202, but every attempt to make a signal of it broke


class Action(models.TextChoices):
    BUY = "buy", "Buy"
    SELL = "sell", "Sell"
    EXIT = "exit", "Exit"
    INFO = "info", "Info"


class SignalStatus(models.TextChoices):
    """Where a signal stands. A row exists from `validated` on; its steps tell when the alert was received."""

    RECEIVED = "received", "Received"
    VALIDATED = "validated", "Validated"  # alarms are looked for
    MATCHED = "matched", "On its way"  # to those whose alarms took it
    UNMATCHED = "unmatched", "No alarm"
    DELIVERED = "delivered", "Delivered"  # every alarm's messages have ended, and somebody has it
    REJECTED = "rejected", "Not delivered"  # the reason says why


class RejectedFor(models.TextChoices):
    """Why nobody got a signal that alarms took."""

    NO_CREDITS = "no_credits", "no credits left"
    COOLING = "cooling", "every alarm was cooling down"
    OFF_HOURS = "off_hours", "every alarm was outside its hours"
    MUTED = "muted", "every alarm was muted"
    UNDELIVERED = "undelivered", "no message arrived"
    BROKEN = "broken", "looking for its alarms failed"


class FiringState(models.TextChoices):
    QUEUED = "queued", "On its way"
    DELIVERED = "delivered", "Delivered"
    PARTLY = "partly", "Delivered in part"
    FAILED = "failed", "Failed"
    DRY_RUN = "dry_run", "Dry run"
    CANCELLED = "cancelled", "Not sent"  # switched off, acknowledged or without an address by then
    NO_CREDITS = "no_credits", "No credits"  # only the inbox was told
    COOLING = "cooling", "Cooling down"
    OFF_HOURS = "off_hours", "Outside its hours"
    MUTED = "muted", "Muted"


class IncidentKind(models.TextChoices):
    GAP = "gap", "Numbers are missing"
    REGRESSION = "regression", "A lower number came again"


class IncidentState(models.TextChoices):
    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"  # what was missing came later, or the regression was told


class Unmeasured(models.TextChoices):
    """Why an outcome cannot be said. What more bars could mend is looked at again when they come."""

    NO_INSTRUMENT = "no_instrument", "no instrument of this symbol"
    NO_BARS = "no_bars", "no bars of that time"
    CLOSED = "closed", "no bar closed near the horizon"
    COARSE = "coarse", "bars too long for the horizon"
    OFF_MARKET = "off_market", "its price was not the market's"


class SecurityEventKind(models.TextChoices):
    """Why the intake answered 401, or the mail intake 550."""

    NO_TOKEN = "no_token", "No token"
    UNKNOWN_TOKEN = "unknown_token", "Unknown token"
    EXPIRED_TOKEN = "expired_token", "Token replaced by a newer one"
    INACTIVE_SOURCE = "inactive_source", "Source switched off"
    ADDRESS = "address_not_allowed", "Sender not on the list"
    PASSPHRASE = "wrong_passphrase", "Passphrase wrong or missing"
    SIGNATURE = "wrong_signature", "Signature wrong, missing or too old"


class ReplayState(models.TextChoices):
    RUNNING = "running", "Running"
    DONE = "done", "Done"
