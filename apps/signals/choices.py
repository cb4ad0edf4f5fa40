"""The words stored in the signals tables."""

from __future__ import annotations

from django.db import models


class SourceKind(models.TextChoices):
    TRADINGVIEW = "tradingview", "TradingView"


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
    VALIDATED = "validated", "Validated"


class SecurityEventKind(models.TextChoices):
    """Why the intake answered 401."""

    NO_TOKEN = "no_token", "No token"
    UNKNOWN_TOKEN = "unknown_token", "Unknown token"
    EXPIRED_TOKEN = "expired_token", "Token replaced by a newer one"
    INACTIVE_SOURCE = "inactive_source", "Source switched off"
