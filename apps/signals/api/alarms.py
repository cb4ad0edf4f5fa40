"""Alarms by program."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.needs import ALWAYS
from apps.core.api.serializers import ClockField, ModelSerializer, Serializer
from apps.core.api.views import GenericApiViewSet
from apps.notifications.api.fields import UrgencyField
from apps.notifications.models import Ladder
from apps.notifications.selectors import arrival_times
from apps.signals.access import get_alarm_for
from apps.signals.choices import Action
from apps.signals.models import Alarm, AlertSource, Firing
from apps.signals.selectors import alarms_of, deleted_alarms_of, firings_of, sources_of
from apps.signals.services import (
    Forecast,
    create_alarm,
    delete_alarm,
    forecast,
    mute_alarm,
    restore_alarm,
    try_alarm,
    update_alarm,
)

ALARM = {
    "name": "Bitcoin, long",
    "symbols": ["BTCUSDT"],
    "actions": ["buy"],
    "condition": 'price > 45000 and timeframe == "1h"',
    "channels": ["email"],
    "cool_down_s": 900,
}


class AlarmSerializer(ModelSerializer[Alarm]):
    person = serializers.UUIDField(source="person.uuid", read_only=True)
    source: Any = serializers.SlugRelatedField(
        slug_field="uuid",
        queryset=AlertSource.objects.none(),
        allow_null=True,
        required=False,
        help_text="Null: any",
    )
    ladder: Any = serializers.SlugRelatedField(
        slug_field="uuid", queryset=Ladder.objects.none(), allow_null=True, required=False
    )
    symbols = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=200
    )
    actions = serializers.ListField(
        child=serializers.ChoiceField(choices=Action.choices), required=False, max_length=4
    )
    channels = serializers.ListField(
        child=serializers.CharField(max_length=20), required=False, max_length=20
    )
    within_s = serializers.ChoiceField(
        choices=[seconds for seconds, _ in arrival_times()],
        required=False,
        allow_null=True,
        help_text="Of the channels, the cheapest that arrive in so many seconds.",
    )
    urgency = UrgencyField(required=False)
    days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), required=False, max_length=7
    )
    open_from = ClockField(allow_null=True, required=False)
    open_until = ClockField(allow_null=True, required=False)
    cool_down_s = serializers.IntegerField(min_value=0, max_value=31_536_000, required=False)

    class Meta:
        model = Alarm
        fields = [
            "uuid",
            "person",
            "name",
            "source",
            "symbols",
            "actions",
            "condition",
            "channels",
            "within_s",
            "ladder",
            "urgency",
            "days",
            "open_from",
            "open_until",
            "cool_down_s",
            "muted_until",
            "is_active",
            "last_fired_at",
            "created_at",
        ]
        read_only_fields = ["muted_until", "last_fired_at"]

    def get_fields(self) -> dict[str, Any]:
        """Sources of the workspace, ladders of the person."""
        fields = super().get_fields()
        request = self.context.get("request")
        workspace = getattr(request, "workspace", None)
        if request is not None and workspace is not None:
            person = self.instance.person if isinstance(self.instance, Alarm) else request.user
            fields["source"].queryset = sources_of(workspace)
            fields["ladder"].queryset = Ladder.objects.filter(person=person)
        return fields


class DeletedAlarmSerializer(ModelSerializer[Alarm]):
    person = serializers.UUIDField(source="person.uuid", read_only=True)

    class Meta:
        model = Alarm
        fields = ["uuid", "person", "name", "deleted_at"]
        read_only_fields = ["name", "deleted_at"]


class ForecastSerializer(Serializer[Forecast]):
    days = serializers.IntegerField()
    since = serializers.DateTimeField()
    signals = serializers.IntegerField(help_text="How many signals were looked at")
    fired = serializers.IntegerField()
    held_back = serializers.IntegerField(help_text="By hours and cool-down")
    median_gap_s = serializers.FloatField(allow_null=True)
    credits_each = serializers.IntegerField()
    credits = serializers.IntegerField()
    is_cut = serializers.BooleanField(help_text="There were too many signals to look at all")


class MuteSerializer(Serializer[dict[str, Any]]):
    until = serializers.DateTimeField(allow_null=True, help_text="Null: not muted")


class FiringSerializer(ModelSerializer[Firing]):
    signal = serializers.UUIDField(source="signal.uuid", read_only=True)

    class Meta:
        model = Firing
        fields = ["uuid", "signal", "state", "held", "spent", "fired_at", "ended_at"]


class AlarmFilterSet(django_filters.FilterSet):
    source = django_filters.UUIDFilter(field_name="source__uuid")
    person = django_filters.UUIDFilter(field_name="person__uuid")

    class Meta:
        model = Alarm
        fields = ["is_active"]


@extend_schema(tags=["alarms"])
class AlarmViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Alarm]):
    describes = {
        "list": "List alarms. Of everybody in the workspace, newest first.",
        "retrieve": "Read an alarm. Which signals it takes, and which way they go.",
    }
    problems = {"create": (409,), "restore": (409,), "test": (429,)}
    rights = {
        "list": "signals.view",
        "retrieve": "signals.view",
        "firings": "signals.view",
        "deleted": "signals.view",
        "*": "signals.manage",
    }
    plan = {"mute": ALWAYS}
    serializer_class = AlarmSerializer
    filterset_class = AlarmFilterSet
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Alarm.objects.none()

    def get_queryset(self) -> QuerySet[Any]:
        if self.action == "firings":
            return firings_of(get_alarm_for(self.request.workspace, self.kwargs["uuid"]))  # type: ignore[attr-defined]
        workspace = self.request.workspace  # type: ignore[attr-defined]
        if self.action == "deleted":
            return deleted_alarms_of(workspace)
        if self.action == "restore":
            return Alarm.objects.filter(workspace=workspace)
        return alarms_of(workspace)

    @extend_schema(
        responses={201: AlarmSerializer},
        examples=[OpenApiExample("By e-mail", value=ALARM, request_only=True)],
    )
    def create(self, request: Request) -> Response:
        """Make an alarm of one's own. Its messages are paid with the workspace's credits."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        alarm = create_alarm(request.workspace, body.validated_data, person=request.user)  # type: ignore[attr-defined,arg-type]
        return Response(self.get_serializer(alarm).data, status=201)

    @extend_schema(request=AlarmSerializer, responses=AlarmSerializer)
    def partial_update(self, request: Request, uuid: Any = None) -> Response:
        """Change an alarm. What is not named stays."""
        alarm = self.get_object()
        body = self.get_serializer(alarm, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        update_alarm(alarm, body.validated_data, actor=request.user)  # type: ignore[arg-type]
        return Response(self.get_serializer(self.get_queryset().get(pk=alarm.pk)).data)

    def destroy(self, request: Request, uuid: Any = None) -> Response:
        """Delete an alarm. What is on its way arrives, and is paid. `restore` brings it back for some days."""
        delete_alarm(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response(status=204)

    @extend_schema(responses=DeletedAlarmSerializer(many=True), filters=False)
    @action(detail=False, methods=["get"], filterset_class=None, serializer_class=DeletedAlarmSerializer)
    def deleted(self, request: Request) -> Response:
        """List deleted alarms. Those that can be brought back, the last deleted first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(DeletedAlarmSerializer(page, many=True).data)

    @extend_schema(request=None, responses=AlarmSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, uuid: Any = None) -> Response:
        """Bring a deleted alarm back. As it was; one that is not deleted stays as it is."""
        alarm = restore_alarm(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response(self.get_serializer(alarm).data)

    @extend_schema(request=MuteSerializer, responses=AlarmSerializer)
    @action(detail=True, methods=["post"])
    def mute(self, request: Request, uuid: Any = None) -> Response:
        """Be silent until then. `null` ends the silence."""
        alarm = self.get_object()
        body = MuteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        alarm = mute_alarm(alarm, until=body.validated_data["until"], actor=request.user)  # type: ignore[arg-type]
        return Response(self.get_serializer(alarm).data)

    @extend_schema(request=None, responses={202: None})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, uuid: Any = None) -> Response:
        """Send its person a message by the alarm's channels, free of charge."""
        try_alarm(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response(status=202)

    @extend_schema(
        request=AlarmSerializer,
        responses={200: ForecastSerializer},
        examples=[OpenApiExample("Of an alarm that is not made yet", value=ALARM, request_only=True)],
    )
    @action(detail=False, methods=["post"])
    def forecast(self, request: Request) -> Response:
        """Say how often an alarm would have fired in the last 90 days, and its cost. Nothing is stored."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        draft = Alarm(workspace=request.workspace, person=request.user, **body.validated_data)  # type: ignore[attr-defined,misc]
        return Response(ForecastSerializer(forecast(draft, now=timezone.now())).data)

    @extend_schema(responses=FiringSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, serializer_class=FiringSerializer)
    def firings(self, request: Request, uuid: Any = None) -> Response:
        """List when an alarm fired. Newest first, with what came of each and what it cost."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(FiringSerializer(page, many=True).data)
