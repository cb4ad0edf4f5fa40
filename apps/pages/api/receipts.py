"""The receipt of value by program."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.serializers import Serializer
from apps.core.api.views import ApiViewSet
from apps.core.errors import NotFound
from apps.pages.receipts import month_of, receipt_of


class TradedSerializer(Serializer[Any]):
    """Fills of the month in one currency. On paper they are simulated."""

    currency = serializers.CharField(read_only=True)
    is_paper = serializers.BooleanField(read_only=True)
    fills = serializers.IntegerField(read_only=True)
    realised = serializers.DecimalField(None, None, read_only=True, help_text="Before fees.")
    fees = serializers.DecimalField(None, None, read_only=True)
    net = serializers.DecimalField(None, None, read_only=True)


class AdviceSerializer(Serializer[Any]):
    """A smaller plan that would have been enough."""

    plan = serializers.CharField(source="plan.code", read_only=True)
    lacks = serializers.ListField(child=serializers.CharField(), read_only=True)
    saves = serializers.IntegerField(read_only=True, allow_null=True, help_text="Minor units a month.")
    currency = serializers.CharField(read_only=True)


class ReceiptSerializer(Serializer[Any]):
    """What a month brought and what it cost; amounts of money paid are minor units by currency."""

    month = serializers.DateField(read_only=True, help_text="Its first day.")
    is_over = serializers.BooleanField(read_only=True)
    signals = serializers.IntegerField(read_only=True)
    measured = serializers.IntegerField(read_only=True)
    useful = serializers.IntegerField(
        read_only=True, help_text="Those whose price had gone their way four hours later."
    )
    trades = TradedSerializer(many=True, read_only=True)
    costs = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    cost_per_useful = serializers.DictField(
        child=serializers.IntegerField(), read_only=True, allow_null=True, help_text="Rounded up."
    )
    credits = serializers.IntegerField(read_only=True)
    usage = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    advice = AdviceSerializer(read_only=True, allow_null=True)


@extend_schema(tags=["billing"])
class ReceiptViewSet(ApiViewSet):
    rights = {"*": "billing.view"}
    problems = {"retrieve": (404,)}
    lookup_field = "month"
    lookup_value_regex = r"[0-9]{4}-[0-9]{2}"

    @extend_schema(responses=ReceiptSerializer)
    def retrieve(self, request: Request, month: str) -> Response:
        """What a month (2026-03, UTC) brought the workspace, and what it cost."""
        first = month_of(month)
        if first is None or first > datetime.now(UTC).date():
            raise NotFound("There is no receipt of such a month.")
        return Response(ReceiptSerializer(receipt_of(request.workspace, first)).data)
