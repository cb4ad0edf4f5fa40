"""Where alerts come from, what was received, and the signals made of it."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from apps.core.models import BaseModel
from apps.core.secrets.fields import EncryptedTextField
from apps.core.words import gettext_lazy
from apps.signals.choices import Action, AlertStatus, RejectedFor, SecurityEventKind, SignalStatus, SourceKind


class AlertSource(BaseModel):
    """An address that alerts are posted to. Its secret is kept as a hash; a replaced one works until it expires."""

    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, choices=SourceKind, default=SourceKind.TRADINGVIEW)
    token_hash = models.CharField(max_length=64, unique=True)
    token_prefix = models.CharField(max_length=6)
    previous_token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True)
    previous_token_expires_at = models.DateTimeField(null=True, blank=True)
    alerts_per_minute = models.PositiveIntegerField(default=12_000)
    is_active = models.BooleanField(default=True)
    allowed_networks = ArrayField(
        models.CharField(max_length=50), default=list, blank=True, help_text="Empty: from anywhere."
    )
    passphrase = EncryptedTextField(default="")
    signing_keys = EncryptedTextField(default="", help_text="JSON: keys, newest first, and until when.")
    template = models.TextField(
        blank=True, help_text="Forms of alerts that are plain text, one a line; the first that fits counts."
    )

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="signals_source_workspace")]
        constraints = [
            models.CheckConstraint(
                condition=Q(alerts_per_minute__gte=1), name="signals_source_alerts_per_minute_ge_1"
            ),
            models.CheckConstraint(
                condition=Q(previous_token_hash=None) | Q(previous_token_expires_at__isnull=False),
                name="signals_source_previous_token_expires",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Alert(models.Model):
    """A request as it came, stored before it was answered. Written by the intake's SQL, never by `save()`."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="alerts")
    dedupe_key = models.CharField(max_length=255)
    received_at = models.DateTimeField()
    body = models.BinaryField()
    headers = models.JSONField()
    remote_ip = models.GenericIPAddressField(null=True)
    is_test = models.BooleanField()
    status = models.CharField(max_length=10, choices=AlertStatus)
    problem = models.JSONField(null=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    processed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "dedupe_key"], name="signals_alert_dedupe"),
        ]
        indexes = [
            models.Index(fields=["source", "-id"], name="signals_alert_source"),
            models.Index(
                fields=["attempts", "id"], name="signals_alert_waiting", condition=Q(status="received")
            ),
            models.Index(
                fields=["id"],
                name="signals_alert_untold",
                condition=Q(status="rejected", processed_at=None),
            ),
            models.Index(
                fields=["source", "id"], name="signals_alert_review", condition=Q(status="rejected")
            ),
            # rows come in the order of time: staff's rates read the last pages only
            BrinIndex(fields=["received_at"], name="signals_alert_received", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"alert {self.uuid}"

    @property
    @admin.display(description=gettext_lazy("Text"))
    def body_text(self) -> str:
        """The body for people to read; bytes that are no UTF-8 show as replacement characters."""
        return bytes(self.body).decode("utf-8", "replace")


class RefusedAlert(Alert):
    """An alert that made no signal: staff's review queue."""

    class Meta:
        proxy = True
        verbose_name = "alert for review"
        verbose_name_plural = "alerts for review"


class AlertRepeat(models.Model):
    """A later delivery of an alert that was stored already; it makes no signal."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="repeats")
    received_at = models.DateTimeField()
    remote_ip = models.GenericIPAddressField(null=True)
    same_body = models.BooleanField()

    def __str__(self) -> str:
        return f"repeat of {self.alert_id} at {self.received_at:%Y-%m-%d %H:%M:%S}"


class Signal(BaseModel):
    """What an alert asks for, once per alert."""

    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    source = models.ForeignKey(AlertSource, on_delete=models.CASCADE, related_name="signals")
    alert = models.OneToOneField(Alert, on_delete=models.CASCADE, related_name="signal")
    symbol = models.CharField(max_length=40)
    exchange = models.CharField(max_length=20, blank=True)
    timeframe = models.CharField(max_length=10, blank=True)
    action = models.CharField(max_length=10, choices=Action)
    price = models.DecimalField(max_digits=28, decimal_places=12, null=True)
    bar_time = models.DateTimeField(null=True)
    emitted_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    strategy = models.CharField(max_length=200, blank=True)
    seq = models.BigIntegerField(null=True)
    payload = models.JSONField()
    is_test = models.BooleanField(default=False)
    status = models.CharField(max_length=12, choices=SignalStatus, default=SignalStatus.VALIDATED)
    reason = models.CharField(
        max_length=20, choices=RejectedFor, blank=True, help_text="Why it was rejected."
    )
    fired = models.PositiveIntegerField(default=0, help_text="How many alarms sent it on.")
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="How often looking for its alarms broke."
    )
    is_sealed = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="It has its link in the chain."
    )

    is_measured = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="Each horizon has its outcome or a reason."
    )

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["received_at"],
                name="signals_signal_to_measure",
                condition=Q(is_measured=False, is_test=False, action__in=["buy", "sell"]),
            ),
            models.Index(
                fields=["attempts", "id"], name="signals_signal_to_match", condition=Q(status="validated")
            ),
            models.Index(fields=["id"], name="signals_signal_on_its_way", condition=Q(status="matched")),
            models.Index(fields=["id"], name="signals_signal_to_seal", condition=Q(is_sealed=False)),
            models.Index(fields=["workspace", "-id"], name="signals_signal_workspace"),
            models.Index(fields=["workspace", "symbol", "-id"], name="signals_signal_symbol"),
            models.Index(fields=["source", "-id"], name="signals_signal_source"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.symbol}"


class SignalStep(models.Model):
    """A state that a signal reached, and when. Only ever added."""

    signal = models.ForeignKey(Signal, on_delete=models.CASCADE, related_name="steps")
    status = models.CharField(max_length=12, choices=SignalStatus)
    reason = models.CharField(max_length=20, choices=RejectedFor, blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.status} at {self.at:%Y-%m-%d %H:%M:%S}"


class SecurityEvent(models.Model):
    """Requests the intake turned away for their token: one row per address, reason and minute."""

    source = models.ForeignKey(
        AlertSource, on_delete=models.CASCADE, null=True, related_name="security_events"
    )
    kind = models.CharField(max_length=20, choices=SecurityEventKind)
    remote_ip = models.GenericIPAddressField(null=True)
    minute = models.DateTimeField()
    count = models.PositiveIntegerField()
    recorded_at = models.DateTimeField(null=True, help_text="When it went to the workspace's journal.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "source", "remote_ip", "minute"],
                name="signals_security_event_per_minute",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(fields=["source", "-id"], name="signals_security_source"),
            models.Index(
                fields=["minute"],
                name="signals_security_unrecorded",
                condition=Q(source__isnull=False, recorded_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} from {self.remote_ip}"
