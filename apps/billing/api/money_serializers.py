"""Subscriptions, checkouts, payments and invoices as programs read and write them. Amounts are minor units."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.billing.models import (
    BillingProfile,
    Checkout,
    CreditPack,
    Invoice,
    InvoiceLine,
    Payment,
    PlanPrice,
    Refund,
    Subscription,
)
from apps.billing.services.profiles import FIELDS
from apps.core.api.serializers import ModelSerializer, Serializer, without

MINOR = "Minor units of the currency: 2900 in USD are 29.00."


class PriceSerializer(ModelSerializer[PlanPrice]):
    """What a version of a plan costs an interval."""

    plan = serializers.CharField(source="plan.code", read_only=True)
    plan_version = serializers.IntegerField(source="plan.version", read_only=True)

    class Meta:
        model = PlanPrice
        fields = ["uuid", "plan", "plan_version", "currency", "interval", "amount", "seat_amount"]
        read_only_fields = fields


class SubscriptionSerializer(ModelSerializer[Subscription]):
    """The workspace's subscription, or its trial (without a price)."""

    plan = serializers.CharField(source="plan.code", read_only=True)
    plan_version = serializers.IntegerField(source="plan.version", read_only=True)
    price = PriceSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Subscription
        fields = [
            "uuid",
            "gateway",
            "plan",
            "plan_version",
            "price",
            "seats",
            "status",
            "started_at",
            "period_start",
            "period_end",
            "trial_end",
            "cancel_at_period_end",
            "ended_at",
            "past_due_since",
        ]
        read_only_fields = fields


class SubscriptionStatusSerializer(Serializer[Any]):
    """Which plan the workspace is on, and the subscription behind it."""

    plan = serializers.CharField(read_only=True)
    plan_version = serializers.IntegerField(read_only=True)
    subscription = SubscriptionSerializer(read_only=True, allow_null=True, help_text="null: there is none.")


class SubscriptionWishSerializer(Serializer[Any]):
    """What the subscription shall become."""

    price = serializers.UUIDField(help_text="One of `billing/prices`.")
    seats = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=10_000,
        help_text="All seats, included ones too.",
    )


class SubscriptionChangeSerializer(SubscriptionWishSerializer):
    shown_at = serializers.DateTimeField(help_text="`asked_at` of the preview: it costs what that showed.")


class ChangePreviewLineSerializer(Serializer[Any]):
    text = serializers.CharField(read_only=True)
    amount = serializers.IntegerField(read_only=True, help_text=MINOR)
    quantity = serializers.IntegerField(read_only=True)
    period_start = serializers.DateTimeField(read_only=True, allow_null=True)
    period_end = serializers.DateTimeField(read_only=True, allow_null=True)


class ChangePreviewSerializer(Serializer[Any]):
    """What a change costs, before anybody confirms it."""

    due_now = serializers.IntegerField(
        read_only=True, help_text=f"{MINOR} Negative: kept for later invoices."
    )
    next_amount = serializers.IntegerField(read_only=True, help_text=MINOR)
    next_at = serializers.DateTimeField(read_only=True, allow_null=True)
    currency = serializers.CharField(read_only=True)
    lines = ChangePreviewLineSerializer(many=True, read_only=True)
    asked_at = serializers.DateTimeField(read_only=True, help_text="Send it back with the change.")


class SubscriptionCancelSerializer(Serializer[Any]):
    at_period_end = serializers.BooleanField(
        default=True, help_text="false: at once, and nothing is paid back."
    )
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


class BillingPortalSerializer(Serializer[Any]):
    url = serializers.URLField(read_only=True, help_text="The provider's page for cards; good for minutes.")


class CreditPackSerializer(ModelSerializer[CreditPack]):
    class Meta:
        model = CreditPack
        fields = ["uuid", "code", "credits", "currency", "amount"]
        read_only_fields = fields


class CheckoutRequestSerializer(Serializer[Any]):
    """Either a price of a plan, or a pack of credits."""

    gateway = serializers.CharField(max_length=20, help_text="stripe, midtrans.")
    price = serializers.UUIDField(required=False)
    pack = serializers.UUIDField(required=False)
    seats = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=10_000)
    coupon = serializers.CharField(required=False, allow_blank=True, default="", max_length=40)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("price" in attrs) == ("pack" in attrs):
            raise serializers.ValidationError("Give a price or a pack, one of the two.")
        if "pack" in attrs and (attrs.get("seats") or attrs.get("coupon")):
            raise serializers.ValidationError("Seats and coupons are for plans.")
        return attrs


class CheckoutSerializer(ModelSerializer[Checkout]):
    """A purchase; `url` is where people pay it while it is open."""

    price = PriceSerializer(read_only=True, allow_null=True)
    pack = CreditPackSerializer(read_only=True, allow_null=True)
    coupon = serializers.CharField(source="coupon.code", read_only=True, default="")

    class Meta:
        model = Checkout
        fields = [
            "uuid",
            "gateway",
            "purpose",
            "price",
            "pack",
            "seats",
            "coupon",
            "currency",
            "amount",
            "tax",
            "status",
            "url",
            "expires_at",
            "completed_at",
            "created_at",
        ]
        read_only_fields = fields


class RefundSerializer(ModelSerializer[Refund]):
    class Meta:
        model = Refund
        fields = ["uuid", "amount", "status", "reason", "made_at"]
        read_only_fields = fields


class PaymentSerializer(ModelSerializer[Payment]):
    checkout = serializers.UUIDField(source="checkout.uuid", read_only=True, default=None, allow_null=True)
    invoice = serializers.UUIDField(source="invoice.uuid", read_only=True, default=None, allow_null=True)
    refunds = RefundSerializer(many=True, read_only=True)

    class Meta:
        model = Payment
        fields = [
            "uuid",
            "gateway",
            "purpose",
            "checkout",
            "invoice",
            "currency",
            "amount",
            "refunded",
            "status",
            "method",
            "failure",
            "made_at",
            "paid_at",
            "refunds",
        ]
        read_only_fields = fields


class PaymentStateSerializer(ModelSerializer[Payment]):
    """How a payment stands, for programs that wait for it."""

    class Meta:
        model = Payment
        fields = ["uuid", "status", "failure", "refunded", "paid_at"]
        read_only_fields = fields


class InvoiceLineSerializer(ModelSerializer[InvoiceLine]):
    class Meta:
        model = InvoiceLine
        fields = ["text", "quantity", "amount", "period_start", "period_end"]
        read_only_fields = fields


class InvoiceSerializer(ModelSerializer[Invoice]):
    """total = subtotal − discount + tax."""

    corrects = serializers.UUIDField(source="corrects.uuid", read_only=True, default=None, allow_null=True)
    lines = InvoiceLineSerializer(many=True, read_only=True)

    class Meta:
        model = Invoice
        fields = [
            "uuid",
            "kind",
            "number",
            "status",
            "corrects",
            "currency",
            "subtotal",
            "discount",
            "tax",
            "tax_name",
            "tax_percent",
            "total",
            "seller",
            "buyer",
            "hosted_url",
            "issued_at",
            "paid_at",
            "lines",
        ]
        read_only_fields = fields


class InvoiceRowSerializer(InvoiceSerializer):
    class Meta(InvoiceSerializer.Meta):
        fields = without(InvoiceSerializer, "lines", "seller", "buyer", "corrects")
        read_only_fields = fields


class BillingProfileSerializer(ModelSerializer[BillingProfile]):
    """Whom invoices are made out to."""

    country = serializers.RegexField(
        "^[A-Za-z]{2}$", required=False, allow_blank=True, help_text="ISO 3166-1: two letters."
    )

    class Meta:
        model = BillingProfile
        fields = list(FIELDS)
