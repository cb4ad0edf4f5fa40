"""Money that moves: what is bought, by which checkout, and what gateways tell of it.

Payments and refunds stay when a workspace is deleted (the books must add up): they name it by a plain number.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import User, Workspace
from apps.billing.choices import (
    CheckoutPurpose,
    CheckoutStatus,
    CouponDuration,
    PaymentStatus,
    RefundStatus,
)
from apps.billing.models.plans import PlanPrice
from apps.billing.rules.money import money
from apps.core.models import BaseModel


class CreditPack(BaseModel):
    """Credits sold at once, in one currency; bought credits never expire."""

    code = models.SlugField(max_length=30)
    credits = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    amount = models.PositiveBigIntegerField(help_text="Minor units.")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["currency", "credits"]
        constraints = [
            models.UniqueConstraint(fields=["code", "currency"], name="billing_creditpack_unique"),
            models.CheckConstraint(
                condition=Q(credits__gt=0, amount__gt=0), name="billing_creditpack_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.credits} credits for {money(self.amount, self.currency)}"


class Coupon(BaseModel):
    """A discount: a percentage, or an amount in one currency."""

    code = models.CharField(
        max_length=40, unique=True, help_text="As people type it; capital letters and digits."
    )
    percent_off = models.PositiveSmallIntegerField(null=True, blank=True)
    amount_off = models.PositiveBigIntegerField(null=True, blank=True, help_text="Minor units.")
    currency = models.CharField(max_length=3, blank=True)
    duration = models.CharField(max_length=9, choices=CouponDuration)
    months = models.PositiveSmallIntegerField(null=True, blank=True, help_text="For some months: how many.")
    plan_codes = models.JSONField(default=list, blank=True, help_text="Plans it is for; empty: all.")
    most_uses = models.PositiveIntegerField(null=True, blank=True)
    uses = models.PositiveIntegerField(default=0, editable=False)
    ends_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(code__regex="^[A-Z0-9_-]{3,40}$"), name="billing_coupon_code"),
            models.CheckConstraint(
                condition=Q(percent_off__gte=1, percent_off__lte=100, amount_off=None, currency="")
                | Q(percent_off=None, amount_off__gt=0, currency__regex="^[A-Z]{3}$"),
                name="billing_coupon_one_discount",
            ),
            models.CheckConstraint(
                condition=Q(duration="repeating", months__gt=0) | (~Q(duration="repeating") & Q(months=None)),
                name="billing_coupon_months",
            ),
            models.CheckConstraint(
                condition=Q(most_uses=None) | Q(uses__lte=F("most_uses")), name="billing_coupon_most_uses"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CouponUse(BaseModel):
    """A workspace used a coupon; each one once."""

    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="redemptions")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["coupon", "workspace"], name="billing_couponuse_once")]

    def __str__(self) -> str:
        return f"{self.coupon} by {self.workspace_id}"


class GatewayCustomer(BaseModel):
    """A workspace as a gateway knows it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="gateway_customers")
    gateway = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "external_id"], name="billing_customer_external"),
            models.UniqueConstraint(fields=["workspace", "gateway"], name="billing_customer_one"),
        ]

    def __str__(self) -> str:
        return f"{self.external_id} at {self.gateway}"


class GatewayObject(models.Model):
    """What something of ours (a price, a pack, a coupon) is called at a gateway."""

    gateway = models.CharField(max_length=20)
    ours = models.CharField(max_length=100, help_text="For example price:pro-v2-month-usd or coupon:SPRING.")
    external_id = models.CharField(max_length=120)
    synced_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "ours"], name="billing_gatewayobject_ours"),
            models.UniqueConstraint(fields=["gateway", "external_id"], name="billing_gatewayobject_external"),
        ]

    def __str__(self) -> str:
        return f"{self.ours} is {self.external_id} at {self.gateway}"


class GatewayEvent(BaseModel):
    """A webhook that was verified: stored once, then worked off. It only says where to look; the gateway says what."""

    gateway = models.CharField(max_length=20)
    event_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=100)
    subject = models.CharField(
        max_length=120, help_text="Customer or order that it is about; worked off together."
    )
    objects_named = models.JSONField(
        default=list, help_text="Pairs of kind and id that the gateway is asked for."
    )
    made_at = models.DateTimeField(help_text="When the gateway says it happened.")
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="When it is (next) tried.")
    done_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    trouble = models.CharField(max_length=500, blank=True, help_text="Why the last try failed.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at"], name="billing_event_due", condition=Q(done_at=None)),
            models.Index(fields=["gateway", "subject", "id"], name="billing_event_subject"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "event_id"], name="billing_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.kind} {self.event_id}"


class Checkout(BaseModel):
    """Something a workspace is about to buy. Its uuid is what the gateway calls the order."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="checkouts")
    gateway = models.CharField(max_length=20)
    purpose = models.CharField(max_length=10, choices=CheckoutPurpose)
    price = models.ForeignKey(PlanPrice, null=True, on_delete=models.PROTECT, related_name="+")
    pack = models.ForeignKey(CreditPack, null=True, on_delete=models.PROTECT, related_name="+")
    seats = models.PositiveIntegerField(default=1)
    coupon = models.ForeignKey(Coupon, null=True, on_delete=models.PROTECT, related_name="+")
    renews = models.ForeignKey(
        "billing.Subscription",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Subscription that it prolongs or changes, where the gateway does not do so by itself.",
    )
    prolongs = models.BooleanField(
        default=True, help_text="It pays for a period; otherwise for a change of the present one."
    )
    currency = models.CharField(max_length=3)
    amount = models.PositiveBigIntegerField(
        help_text="Minor units, tax included where we charge it ourselves."
    )
    tax = models.PositiveBigIntegerField(default=0, help_text="Part of the amount that is tax.")
    status = models.CharField(max_length=10, choices=CheckoutStatus, default=CheckoutStatus.OPEN)
    external_id = models.CharField(max_length=120, blank=True)
    url = models.TextField(blank=True, help_text="Where it is paid.")
    expires_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    started_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["expires_at"], name="billing_checkout_open", condition=Q(status="open"))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "external_id"],
                condition=~Q(external_id=""),
                name="billing_checkout_external",
            ),
            models.CheckConstraint(
                condition=Q(purpose="plan", price__isnull=False, pack=None)
                | Q(purpose="credits", price=None, pack__isnull=False),
                name="billing_checkout_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} for {money(self.amount, self.currency)}: {self.status}"


class Payment(BaseModel):
    """Money that a workspace paid, or tried to, as the gateway tells it."""

    workspace_id = models.BigIntegerField()
    gateway = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    purpose = models.CharField(max_length=10, choices=CheckoutPurpose)
    checkout = models.ForeignKey(Checkout, null=True, on_delete=models.SET_NULL, related_name="payments")
    subscription = models.ForeignKey(
        "billing.Subscription", null=True, on_delete=models.SET_NULL, related_name="payments"
    )
    invoice = models.ForeignKey(
        "billing.Invoice", null=True, on_delete=models.PROTECT, related_name="payments"
    )
    currency = models.CharField(max_length=3)
    amount = models.PositiveBigIntegerField(help_text="Minor units.")
    refunded = models.PositiveBigIntegerField(default=0, help_text="Minor units given back so far.")
    fee = models.PositiveBigIntegerField(
        default=0, help_text="Minor units the gateway keeps, where it says so."
    )
    status = models.CharField(max_length=10, choices=PaymentStatus)
    method = models.CharField(max_length=60, blank=True, help_text="As people know it: Visa 4242, GoPay.")
    failure = models.CharField(max_length=300, blank=True, help_text="Why it failed, as the gateway says.")
    made_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        indexes = [models.Index(fields=["workspace_id", "-made_at"], name="billing_payment_workspace")]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "external_id"], name="billing_payment_external"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, refunded__lte=F("amount")), name="billing_payment_refunded_part"
            ),
            models.CheckConstraint(
                condition=Q(refunded=0) | Q(status="succeeded"), name="billing_payment_refunded_was_paid"
            ),
        ]

    def __str__(self) -> str:
        return f"{money(self.amount, self.currency)} {self.status}"


class Refund(BaseModel):
    """Money that went back."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    external_id = models.CharField(max_length=120, blank=True)
    amount = models.PositiveBigIntegerField(help_text="Minor units.")
    status = models.CharField(max_length=10, choices=RefundStatus)
    reason = models.CharField(max_length=300, blank=True, help_text="Shown to the workspace; name nobody.")
    asked_by_id = models.BigIntegerField(
        null=True, help_text="The member of staff; empty: made at the gateway."
    )
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "external_id"],
                condition=~Q(external_id=""),
                name="billing_refund_external",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="billing_refund_amount_gt_0"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} back: {self.status}"
