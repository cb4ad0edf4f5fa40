"""What was received, by program: raw requests, and reading refused ones anew."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.filters import MomentFilter
from apps.core.api.serializers import ModelSerializer, Serializer, without
from apps.core.api.views import GenericApiViewSet
from apps.signals.choices import AlertStatus
from apps.signals.models import Alert, Replay
from apps.signals.selectors import alerts_of
from apps.signals.services import Outcome, replay_alert


class AlertSerializer(ModelSerializer[Alert]):
    source = serializers.UUIDField(source="source.uuid", read_only=True)
    signal = serializers.SerializerMethodField()
    body = serializers.CharField(
        source="body_text", read_only=True, help_text="As it came, without a passphrase"
    )
    problem = serializers.JSONField(read_only=True, allow_null=True, help_text="Why it stands for review")
    headers = serializers.JSONField(read_only=True)

    class Meta:
        model = Alert
        fields = [
            "uuid",
            "source",
            "status",
            "received_at",
            "signal",
            "problem",
            "is_test",
            "remote_ip",
            "headers",
            "body",
        ]

    def get_signal(self, alert: Alert) -> str | None:
        """The signal it became."""
        signal = getattr(alert, "signal", None)
        return str(signal.uuid) if signal else None


class AlertRowSerializer(AlertSerializer):
    """An alert of a list."""

    class Meta(AlertSerializer.Meta):
        fields = without(AlertSerializer, "headers", "body")


class OutcomeSerializer(Serializer[Outcome]):
    outcome = serializers.ChoiceField(
        choices=["queued", "refused", "repeat", "has_signal", "waiting", "gone"],
        source="code",
        help_text="Only `queued` leads to a signal",
    )
    detail = serializers.CharField()


class AlertReplaySerializer(ModelSerializer[Replay]):
    class Meta:
        model = Replay
        fields = [
            "uuid",
            "state",
            "since",
            "total",
            "queued",
            "refused",
            "repeats",
            "created_at",
            "ended_at",
        ]
        read_only_fields = [
            "uuid",
            "state",
            "total",
            "queued",
            "refused",
            "repeats",
            "created_at",
            "ended_at",
        ]


class AlertFilterSet(django_filters.FilterSet):
    source = django_filters.UUIDFilter(field_name="source__uuid")
    status = django_filters.ChoiceFilter(choices=AlertStatus.choices)
    received_after = MomentFilter(field_name="received_at", lookup_expr="gte")
    received_before = MomentFilter(field_name="received_at", lookup_expr="lt")

    class Meta:
        model = Alert
        fields = ["is_test"]


class AlertViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Alert]):
    describes = {
        "list": "List alerts. What was received, newest first, without bodies; `status=rejected` is the review queue.",
        "retrieve": "Read an alert. With its body, why it was refused, or the signal it became.",
    }
    rights = {"list": "signals.view", "retrieve": "signals.view", "*": "signals.manage"}
    serializer_class = AlertSerializer
    row_serializer_class = AlertRowSerializer
    filterset_class = AlertFilterSet
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Alert.objects.none()

    def get_queryset(self) -> QuerySet[Alert]:
        return alerts_of(self.request.workspace)  # type: ignore[attr-defined]

    @extend_schema(
        request=None,
        responses=OutcomeSerializer,
        examples=[
            OpenApiExample(
                "It has a signal",
                value={
                    "outcome": "has_signal",
                    "detail": "This alert has become a signal. It never becomes a second one.",
                },
                response_only=True,
            )
        ],
    )
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, uuid: Any = None) -> Response:
        """Read a refused alert anew. One that has its signal never makes a second one."""
        outcome = replay_alert(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response(OutcomeSerializer(outcome).data)
