"""Plans, subscriptions, purchases and papers by API: everything the pages under *Plan and billing* do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Workspace
from apps.billing.access import get_pack, get_price
from apps.billing.answers import addresses, pdf_of
from apps.billing.api.money_serializers import (
    BillingPortalSerializer,
    BillingProfileSerializer,
    ChangePreviewSerializer,
    CheckoutRequestSerializer,
    CheckoutSerializer,
    CreditPackSerializer,
    InvoiceRowSerializer,
    InvoiceSerializer,
    PaymentSerializer,
    PaymentStateSerializer,
    PriceSerializer,
    SubscriptionCancelSerializer,
    SubscriptionChangeSerializer,
    SubscriptionSerializer,
    SubscriptionStatusSerializer,
    SubscriptionWishSerializer,
)
from apps.billing.models import Checkout, CreditPack, Invoice, Payment, PlanPrice
from apps.billing.selectors import plan_of
from apps.billing.selectors.purchases import (
    checkouts_of,
    invoices_of,
    packs_sold,
    payments_of,
    prices_sold,
    profile_of,
)
from apps.billing.services.checkouts import alive_subscription, buy_credits, buy_plan, look_up
from apps.billing.services.profiles import FIELDS, change_profile
from apps.billing.services.subscriptions import (
    cancel_subscription,
    change_subscription,
    portal_url,
    preview_change,
    resume_subscription,
)
from apps.core.api.views import ApiViewSet, GenericApiViewSet

READ, PAY = "billing.view", "billing.manage"


@extend_schema(tags=["billing"])
class SubscriptionViewSet(ApiViewSet):
    rights = {"*": PAY, "list": READ}
    problems = {
        "preview": (404, 409, 503),
        "change": (404, 409, 503),
        "cancel": (409, 503),
        "resume": (409, 503),
        "portal": (409, 503),
    }

    @extend_schema(responses=forced_singular_serializer(SubscriptionStatusSerializer))
    def list(self, request: Request) -> Response:
        """The plan, and the subscription behind it."""
        plan = plan_of(request.workspace)
        found = {
            "plan": plan.code,
            "plan_version": plan.version,
            "subscription": alive_subscription(request.workspace),
        }
        return Response(SubscriptionStatusSerializer(found).data)

    @extend_schema(request=SubscriptionWishSerializer, responses=ChangePreviewSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """What a change would cost now, and from then on. Changes nothing."""
        values = _checked(SubscriptionWishSerializer, request)
        preview = preview_change(request.workspace, get_price(values["price"]), seats=values.get("seats"))
        return Response(ChangePreviewSerializer(preview).data)

    @extend_schema(request=SubscriptionChangeSerializer, responses=SubscriptionSerializer)
    @action(detail=False, methods=["post"])
    def change(self, request: Request) -> Response:
        """Change plan, interval or seats, at the cost the preview showed."""
        values = _checked(SubscriptionChangeSerializer, request)
        changed = change_subscription(
            request.workspace,
            get_price(values["price"]),
            actor=request.user,
            shown_at=values["shown_at"],
            seats=values.get("seats"),
        )
        return Response(SubscriptionSerializer(changed).data)

    @extend_schema(request=SubscriptionCancelSerializer, responses=SubscriptionSerializer)
    @action(detail=False, methods=["post"])
    def cancel(self, request: Request) -> Response:
        """End it with the paid period, or at once."""
        values = _checked(SubscriptionCancelSerializer, request)
        return Response(
            SubscriptionSerializer(cancel_subscription(request.workspace, actor=request.user, **values)).data
        )

    @extend_schema(request=None, responses=SubscriptionSerializer)
    @action(detail=False, methods=["post"])
    def resume(self, request: Request) -> Response:
        """Take back a cancellation at the period's end."""
        return Response(
            SubscriptionSerializer(resume_subscription(request.workspace, actor=request.user)).data
        )

    @extend_schema(request=None, responses=BillingPortalSerializer)
    @action(detail=False, methods=["post"])
    def portal(self, request: Request) -> Response:
        """The address of the provider's own page for cards."""
        back = request.build_absolute_uri("/settings/workspace/billing/")
        return Response(BillingPortalSerializer({"url": portal_url(request.workspace, return_url=back)}).data)


@extend_schema(tags=["billing"])
class PriceViewSet(mixins.ListModelMixin, GenericApiViewSet[PlanPrice]):
    """Prices of the plans that are sold now."""

    rights = {"*": READ}
    serializer_class = PriceSerializer
    queryset = PlanPrice.objects.none()
    describes = {"list": "List prices. Those of plans that are sold now."}

    def get_queryset(self) -> QuerySet[PlanPrice]:
        return prices_sold()


@extend_schema(tags=["billing"])
class CreditPackViewSet(mixins.ListModelMixin, GenericApiViewSet[CreditPack]):
    """Credits that are sold by the pack."""

    rights = {"*": READ}
    serializer_class = CreditPackSerializer
    queryset = CreditPack.objects.none()
    describes = {"list": "List packs of credits. Those that are sold now."}

    def get_queryset(self) -> QuerySet[CreditPack]:
        return packs_sold()


@extend_schema(tags=["billing"])
class CheckoutViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Checkout]):
    """Purchases, from the moment their page is made."""

    rights = {"*": PAY, "list": READ, "retrieve": READ}
    serializer_class = CheckoutSerializer
    queryset = Checkout.objects.none()
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    in_transaction = False  # the provider's page must not outlive a row that was rolled back
    problems = {"create": (404, 409, 422, 503), "refresh": (409, 503)}
    describes = {
        "list": "List checkouts. Newest first.",
        "retrieve": "Read a checkout. Its `status` is `complete` once it is paid.",
    }

    def get_queryset(self) -> QuerySet[Checkout]:
        return checkouts_of(self.request.workspace)

    @extend_schema(request=CheckoutRequestSerializer, responses={201: CheckoutSerializer})
    def create(self, request: Request) -> Response:
        """Begin to buy a plan or credits. People pay at the `url` of the answer; an earlier one of a plan is closed."""
        values = _checked(CheckoutRequestSerializer, request)
        way = {"gateway_code": values["gateway"], "actor": request.user, **addresses(request._request)}
        workspace: Workspace = request.workspace
        if "pack" in values:
            made = buy_credits(workspace, get_pack(values["pack"]), **way)
        else:
            price = get_price(values["price"])
            made = buy_plan(
                workspace, price, seats=values.get("seats"), coupon_code=values.get("coupon", ""), **way
            )
        return Response(CheckoutSerializer(made).data, status=201)

    @extend_schema(request=None, responses=CheckoutSerializer)
    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, uuid: UUID) -> Response:
        """Ask the provider how it stands, without waiting for its webhook."""
        return Response(CheckoutSerializer(look_up(self.get_object())).data)


class PaymentFilterSet(django_filters.FilterSet):
    made_after = django_filters.IsoDateTimeFilter(field_name="made_at", lookup_expr="gte")
    made_before = django_filters.IsoDateTimeFilter(field_name="made_at", lookup_expr="lt")

    class Meta:
        model = Payment
        fields = ["status", "purpose", "currency"]


@extend_schema(tags=["billing"])
class PaymentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Payment]):
    """What was paid, or was to be. Only to be read: gateways write it."""

    rights = {"*": READ}
    serializer_class = PaymentSerializer
    filterset_class = PaymentFilterSet
    queryset = Payment.objects.none()
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    describes = {"list": "List payments. Newest first.", "retrieve": "Read a payment. With its refunds."}

    def get_queryset(self) -> QuerySet[Payment]:
        return payments_of(self.request.workspace).prefetch_related("refunds")

    @extend_schema(responses=PaymentStateSerializer)
    @action(detail=True, methods=["get"])
    def status(self, request: Request, uuid: UUID) -> Response:
        """How a payment stands."""
        return Response(PaymentStateSerializer(self.get_object()).data)


class InvoiceFilterSet(django_filters.FilterSet):
    issued_after = django_filters.IsoDateTimeFilter(field_name="issued_at", lookup_expr="gte")
    issued_before = django_filters.IsoDateTimeFilter(field_name="issued_at", lookup_expr="lt")

    class Meta:
        model = Invoice
        fields = ["status", "kind", "currency", "number"]


@extend_schema(tags=["billing"])
class InvoiceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Invoice]):
    """Invoices and credit notes."""

    rights = {"*": READ}
    serializer_class = InvoiceSerializer
    row_serializer_class = InvoiceRowSerializer
    filterset_class = InvoiceFilterSet
    queryset = Invoice.objects.none()
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    answers_files = ("pdf",)
    problems = {"pdf": (404,)}
    describes = {
        "list": "List invoices. Newest first, without their lines.",
        "retrieve": "Read an invoice. With its lines.",
    }

    def get_queryset(self) -> QuerySet[Invoice]:
        found = invoices_of(self.request.workspace)
        return found if self._action == "list" else found.select_related("corrects").prefetch_related("lines")

    @extend_schema(
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            302: OpenApiResponse(description="The provider's PDF, where it made the invoice."),
        }
    )
    @action(detail=True, methods=["get"])
    def pdf(self, request: Request, uuid: UUID) -> HttpResponse:
        """The invoice as a PDF."""
        return pdf_of(self.get_object())


@extend_schema(tags=["billing"])
class ProfileViewSet(ApiViewSet):
    rights = {"profile": (READ, PAY)}

    @extend_schema(methods=["GET"], responses=BillingProfileSerializer)
    @extend_schema(methods=["PUT"], request=BillingProfileSerializer, responses=BillingProfileSerializer)
    @action(detail=False, methods=["get", "put"])
    def profile(self, request: Request) -> Response:
        """Whom invoices are made out to. In a PUT, what is left out is emptied; invoices that were made stay."""
        if request.method == "PUT":
            here = Workspace.objects.select_for_update(no_key=True).get(pk=request.workspace.pk)
            self.check_version(lambda: BillingProfileSerializer(profile_of(here)).data)
            values = _checked(BillingProfileSerializer, request)
            change_profile(here, dict.fromkeys(FIELDS, "") | values, actor=request.user)
        return Response(BillingProfileSerializer(profile_of(request.workspace)).data)


def _checked(serializer: Any, request: Request) -> dict[str, Any]:
    found = serializer(data=request.data)
    found.is_valid(raise_exception=True)
    values: dict[str, Any] = found.validated_data
    return values
