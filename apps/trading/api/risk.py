"""Limits and kill switches by program."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import GenericApiViewSet
from apps.trading.access import get_account_for, get_book_for, get_switch_for
from apps.trading.api.serializers import KillSwitchSerializer, RiskLimitsSerializer
from apps.trading.choices import SwitchScope
from apps.trading.errors import WrongSwitch
from apps.trading.models import KillSwitch, RiskLimits
from apps.trading.selectors import limits_of, switches_of
from apps.trading.services import lift_switch, set_limits, throw_switch


@extend_schema(tags=["risk"])
class RiskLimitsViewSet(mixins.ListModelMixin, GenericApiViewSet[RiskLimits]):
    describes = {"list": "List risk limits. Of the workspace, its accounts and books; the strictest counts."}
    rights = {"list": "trading.view", "*": "trading.manage"}
    problems = {"create": (422,)}
    serializer_class = RiskLimitsSerializer
    queryset = RiskLimits.objects.none()

    def get_queryset(self) -> QuerySet[RiskLimits]:
        return limits_of(self.request.workspace)

    @extend_schema(
        responses={200: RiskLimitsSerializer},
        examples=[
            OpenApiExample(
                "Of the workspace",
                value={"max_order_notional": "500", "max_drawdown": "0.2", "symbols": ["BTCUSDT", "WAVE"]},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Set limits. What is not named stays; null takes one away. They hold from the next order on."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        account, book = (values.pop(name, {}).get("uuid") for name in ("account", "book"))
        limits = set_limits(
            request.workspace,
            {name: value for name, value in values.items() if name in request.data},
            account=get_account_for(request.workspace, account) if account else None,
            book=get_book_for(request.workspace, book) if book else None,
            actor=request.user,
        )
        return Response(self.get_serializer(limits).data)


class KillSwitchFilterSet(django_filters.FilterSet):
    is_on = django_filters.BooleanFilter(field_name="lifted_at", lookup_expr="isnull")

    class Meta:
        model = KillSwitch
        fields = ["scope"]


@extend_schema(tags=["risk"])
class KillSwitchViewSet(mixins.ListModelMixin, GenericApiViewSet[KillSwitch]):
    describes = {"list": "List kill switches. The workspace's own, and those of staff that are on."}
    rights = {"list": "trading.view", "*": "trading.manage"}
    problems = {"create": (422,), "lift": (409,)}
    serializer_class = KillSwitchSerializer
    filterset_class = KillSwitchFilterSet
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = KillSwitch.objects.none()

    def get_queryset(self) -> QuerySet[KillSwitch]:
        return switches_of(self.request.workspace)

    @extend_schema(
        responses={201: KillSwitchSerializer},
        examples=[
            OpenApiExample(
                "Of a symbol",
                value={"scope": "symbol", "value": "BTCUSDT", "reason": "Halted."},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Throw a kill switch. Nothing new is opened below it from then on; closing stays allowed."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        uuid = values.get("book", {}).get("uuid")
        book = get_book_for(request.workspace, uuid) if uuid else None
        if values["scope"] == SwitchScope.BOOK and book is None:
            raise WrongSwitch("Name the book that stops.", field="book")
        if values["scope"] in (SwitchScope.SYMBOL, SwitchScope.EXCHANGE) and not values.get("value"):
            raise WrongSwitch("Name the symbol or exchange that stops.", field="value")
        switch = throw_switch(
            scope=values["scope"],
            reason=values["reason"],
            workspace=request.workspace,
            book=book,
            value=values.get("value", ""),
            actor=request.user,
        )
        return Response(self.get_serializer(switch).data, status=201)

    @extend_schema(request=None, responses=KillSwitchSerializer)
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, uuid: Any = None) -> Response:
        """Lift a kill switch of the workspace's own."""
        switch = lift_switch(get_switch_for(request.workspace, uuid), actor=request.user)
        return Response(self.get_serializer(switch).data)
