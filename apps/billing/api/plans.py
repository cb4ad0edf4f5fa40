"""Plans, what is left of one's own, and caps, as programs read and set them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.needs import SIGNED_IN
from apps.billing.choices import Interval, Period
from apps.billing.models import Plan, PlanPrice, Subscription
from apps.billing.rules.capabilities import CAPABILITIES
from apps.billing.selectors import MeterState, api_rate_of, current_plans, plan_of, usage_of
from apps.billing.services.caps import set_cap
from apps.billing.services.trials import start_trial
from apps.core.api.serializers import ModelSerializer, Serializer
from apps.core.api.views import ApiViewSet

CODE = OpenApiParameter("code", str, OpenApiParameter.PATH, description="The plan's code, such as pro.")
METER = OpenApiParameter("meter", str, OpenApiParameter.PATH, description="The meter, such as backtests.")


class LimitSerializer(Serializer[dict[str, Any]]):
    """So much of a meter per period."""

    meter = serializers.CharField(read_only=True)
    amount = serializers.IntegerField(read_only=True, allow_null=True, help_text="null: unlimited.")
    period = serializers.ChoiceField(Period.choices, read_only=True)


class PlanPriceSerializer(ModelSerializer[PlanPrice]):
    """What a plan costs. Amounts are integers of the currency's minor units: 2900 USD are 29.00 dollars."""

    interval = serializers.ChoiceField(Interval.choices, read_only=True)

    class Meta:
        model = PlanPrice
        fields = ["uuid", "currency", "interval", "amount", "seat_amount"]
        read_only_fields = fields


class PlanSerializer(ModelSerializer[Plan]):
    """A plan as it is sold now."""

    capabilities = serializers.SerializerMethodField(help_text="What its workspaces may do.")
    limits = LimitSerializer(many=True, read_only=True)
    prices = serializers.SerializerMethodField(help_text="None: it costs nothing.")

    class Meta:
        model = Plan
        fields = [
            "code",
            "version",
            "name",
            "summary",
            "capabilities",
            "limits",
            "monthly_credits",
            "signal_days",
            "alert_days",
            "requires_mfa",
            "trial_days",
            "trial_credits",
            "prices",
        ]
        read_only_fields = fields

    def get_capabilities(self, plan: Plan) -> list[str]:
        return [name for name in plan.capabilities if not CAPABILITIES[name].is_coming]

    @extend_schema_field(PlanPriceSerializer(many=True))
    def get_prices(self, plan: Plan) -> Any:
        return PlanPriceSerializer([one for one in plan.prices.all() if one.is_active], many=True).data


class PlanTrialSerializer(ModelSerializer[Subscription]):
    """A trial that has begun."""

    plan = serializers.CharField(source="plan.code", read_only=True)

    class Meta:
        model = Subscription
        fields = ["uuid", "plan", "status", "started_at", "trial_end"]
        read_only_fields = fields


class MeterSerializer(Serializer[MeterState]):
    """A meter in its present period. It stops at the smaller of `limit` (the plan) and `hard` (the workspace)."""

    meter = serializers.CharField(read_only=True)
    period = serializers.ChoiceField(Period.choices, read_only=True)
    used = serializers.IntegerField(read_only=True, help_text="Reserved for work under way included.")
    limit = serializers.IntegerField(read_only=True, allow_null=True, help_text="null: unlimited.")
    left = serializers.IntegerField(read_only=True, allow_null=True)
    resets_on = serializers.DateField(read_only=True, allow_null=True, help_text="At 00:00 UTC; null: never.")
    soft = serializers.IntegerField(read_only=True, allow_null=True, help_text="The owner is told at it.")
    hard = serializers.IntegerField(read_only=True, allow_null=True)


class UsageSerializer(Serializer[dict[str, Any]]):
    """The workspace's plan and what is left of it."""

    plan = serializers.CharField(read_only=True)
    version = serializers.IntegerField(read_only=True, help_text="Of the plan, as the workspace has it.")
    requests_per_minute = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Of each person."
    )
    meters = MeterSerializer(many=True, read_only=True)


class CapSerializer(Serializer[dict[str, Any]]):
    """Both are per period of the meter; null is none."""

    soft = serializers.IntegerField(allow_null=True, min_value=0, help_text="Tell the owner at this amount.")
    hard = serializers.IntegerField(allow_null=True, min_value=0, help_text="Stop at this amount.")


class SetCapSerializer(CapSerializer):
    """A cap as it stands."""

    meter = serializers.CharField(read_only=True)


@extend_schema(tags=["plans"])
class PlanViewSet(ApiViewSet):
    rights = {"list": SIGNED_IN, "trial": "billing.manage"}
    problems = {"trial": (409,)}
    lookup_field = "code"
    lookup_value_regex = "[a-z0-9-]+"

    @extend_schema(responses=PlanSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List plans. Those sold now, the smallest first, with what they give and cost."""
        return Response(PlanSerializer(current_plans(), many=True).data)

    @extend_schema(
        parameters=[CODE],
        request=None,
        responses={201: PlanTrialSerializer},
    )
    @action(detail=True, methods=["post"])
    def trial(self, request: Request, code: str) -> Response:
        """Try a plan. Without a payment, once per person; 409 `trial_refused` says why not."""
        begun = start_trial(request.workspace, code, actor=request.user)  # type: ignore[arg-type]
        return Response(PlanTrialSerializer(begun).data, status=201)


@extend_schema(tags=["plans"])
class UsageViewSet(ApiViewSet):
    rights = {"*": "workspace.view"}

    @extend_schema(responses=forced_singular_serializer(UsageSerializer))
    def list(self, request: Request) -> Response:
        """Read what is left. Each meter of the workspace's plan, and the credits that this month spent."""
        plan = plan_of(request.workspace)
        told = {
            "plan": plan.code,
            "version": plan.version,
            "requests_per_minute": api_rate_of(request.workspace),
            "meters": usage_of(request.workspace),
        }
        return Response(UsageSerializer(told).data)


@extend_schema(tags=["plans"])
class CapViewSet(ApiViewSet):
    """Caps that the workspace sets itself."""

    rights = {"list": "workspace.view", "*": "billing.manage"}
    problems = {"update": (422,)}
    lookup_field = "meter"
    lookup_value_regex = "[a-z_]+"
    versioned = False

    @extend_schema(responses=SetCapSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List caps. Of every meter that can have one, also those that have none."""
        return Response(SetCapSerializer(usage_of(request.workspace), many=True).data)

    @extend_schema(
        parameters=[METER],
        request=CapSerializer,
        responses=SetCapSerializer,
        examples=[OpenApiExample("Stop at 40", value={"soft": 30, "hard": 40}, request_only=True)],
    )
    def update(self, request: Request, meter: str) -> Response:
        """Set a cap. At `soft` the owner is told; at `hard` it stops, though bots still close what they hold."""
        asked = CapSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        set_cap(request.workspace, meter, actor=request.user, **asked.validated_data)  # type: ignore[arg-type]
        return Response(SetCapSerializer({"meter": meter, **asked.validated_data}).data)

    @extend_schema(parameters=[METER], responses={204: None})
    def destroy(self, request: Request, meter: str) -> Response:
        """Take a cap away."""
        set_cap(request.workspace, meter, soft=None, hard=None, actor=request.user)  # type: ignore[arg-type]
        return Response(status=204)
