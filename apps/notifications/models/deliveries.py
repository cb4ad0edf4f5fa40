"""Each way a notice is to take, and each attempt on it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from apps.notifications.choices import DeliveryStatus, Outcome, Urgency
from apps.notifications.models.contacts import Contact
from apps.notifications.models.notices import Notice

OPEN = Q(status__in=("waiting", "sending"))


class Delivery(models.Model):
    """A notice on one channel to one contact (none for the inbox and for the account's own e-mail address).

    Its uuid is the idempotency key: each attempt carries it. `lane` is the queue in which deliveries keep their
    order; `strict` lanes wait for a retry however late. A worker holds it by `lease_until`.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    # the notice's own, which the database checks
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, related_name="deliveries", db_index=False
    )
    channel = models.CharField(max_length=20)
    step = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=10, choices=DeliveryStatus)
    urgency = models.PositiveSmallIntegerField(choices=Urgency)
    send_after = models.DateTimeField()
    lane = models.CharField(max_length=60, blank=True)
    strict = models.BooleanField(default=False)
    in_digest = models.BooleanField(default=False)
    bundle = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, related_name="bundled", db_index=False
    )
    attempts = models.PositiveIntegerField(default=0, help_text="All of them; the newest one's number.")
    tries = models.PositiveIntegerField(
        default=0, help_text="Failed ones at the present provider that count."
    )
    is_doubtful = models.BooleanField(
        default=False, help_text="An attempt got no answer: the message may have gone out."
    )
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=80, blank=True)
    provider = models.CharField(max_length=30, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, blank=True)
    cost = models.PositiveIntegerField(default=0, help_text="In credits, if it is delivered.")
    charge_key = models.CharField(max_length=200, blank=True, help_text="What the cost is held under.")
    charged_at = models.DateTimeField(null=True, help_text="When the cost was settled.")
    refund_due = models.BooleanField(
        default=False, help_text="It turned out not to have arrived after its cost was settled."
    )
    error = models.CharField(max_length=300, blank=True)
    end_awaited = models.BooleanField(
        default=False, help_text="Whoever made the notice is still to hear that this has ended."
    )
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(
        help_text="When it was to be sent, before any retry: what its time counts from."
    )
    ended_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True, help_text="What the provider reports later.")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "channel", "contact", "step"],
                name="notifications_delivery_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(status__in=("waiting", "sending", "bundled"), ended_at=None)
                | (~Q(status__in=("waiting", "sending", "bundled")) & Q(ended_at__isnull=False)),
                name="notifications_delivery_ended_at",
            ),
        ]
        indexes = [
            models.Index(
                fields=["send_after", "id"], name="notifications_delivery_due", condition=Q(status="waiting")
            ),
            models.Index(
                fields=["send_after", "id"],
                name="notifications_delivery_urgent",
                condition=Q(status="waiting", urgency__gte=Urgency.HIGH),
            ),
            models.Index(fields=["lane", "id"], name="notifications_delivery_lane", condition=OPEN),
            models.Index(
                fields=["lease_until"], name="notifications_delivery_lease", condition=Q(status="sending")
            ),
            models.Index(
                fields=["contact", "-id"],
                name="notifications_delivery_to",
                condition=Q(contact__isnull=False),
            ),
            models.Index(
                fields=["bundle"],
                name="notifications_delivery_bundle",
                condition=Q(bundle__isnull=False),
            ),
            models.Index(fields=["person", "-id"], name="notifications_delivery_person"),
            models.Index(
                fields=["id"],
                name="notifications_delivery_heard",
                condition=Q(end_awaited=True, ended_at__isnull=False),
            ),
            models.Index(fields=["id"], name="notifications_delivery_refund", condition=Q(refund_due=True)),
            models.Index(
                fields=["ended_at"], name="notifications_delivery_ended", condition=Q(ended_at__isnull=False)
            ),
            models.Index(
                fields=["provider_id"],
                name="notifications_delivery_mail",
                condition=Q(channel="email") & ~Q(provider_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.uuid}: {self.status}"


class Attempt(models.Model):
    """One attempt to deliver, written when it begins."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="trace", db_index=False)
    number = models.PositiveIntegerField()
    worker = models.CharField(max_length=80)
    provider = models.CharField(max_length=30, blank=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    provider_id = models.CharField(max_length=200, blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    currency = models.CharField(max_length=3, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="notifications_attempt_once")
        ]
        indexes = [BrinIndex(fields=["began_at"], name="notifications_attempt_began")]

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.outcome or 'running'}"
