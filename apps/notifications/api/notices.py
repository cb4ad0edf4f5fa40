"""One's inbox and the ways its notices took."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.needs import IN_PERSON
from apps.core.api.filters import MomentFilter
from apps.core.api.views import GenericApiViewSet
from apps.notifications.api.fields import URGENCIES
from apps.notifications.api.serializers import (
    DeliverySerializer,
    DeliveryTraceSerializer,
    NoticeSerializer,
    ReadAllSerializer,
)
from apps.notifications.choices import DeliveryStatus, Urgency
from apps.notifications.models import Delivery, Notice
from apps.notifications.selectors import InboxFilter, deliveries_of, filter_inbox, inbox_of
from apps.notifications.services import acknowledge, mark_all_read, mark_read


class NoticeFilterSet(django_filters.FilterSet):
    unread = django_filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")
    waits_for_answer = django_filters.BooleanFilter(method="by_answer")
    urgency = django_filters.ChoiceFilter(
        choices=[(name, name) for name in URGENCIES], method="by_urgency", help_text="This or a higher one."
    )
    q = django_filters.CharFilter(method="by_text", max_length=100, help_text="Looked for in what was told.")
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Notice
        fields = ["event", "is_test"]

    def by_answer(self, rows: QuerySet[Notice], _: str, value: bool) -> QuerySet[Notice]:
        waiting = filter_inbox(rows, InboxFilter(state="open"))
        return waiting if value else rows.exclude(pk__in=waiting.values("pk"))

    def by_urgency(self, rows: QuerySet[Notice], _: str, value: str) -> QuerySet[Notice]:
        return filter_inbox(rows, InboxFilter(urgency=Urgency[value.upper()]))

    def by_text(self, rows: QuerySet[Notice], _: str, value: str) -> QuerySet[Notice]:
        return filter_inbox(rows, InboxFilter(text=value))


class NoticeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Notice]):
    describes = {
        "list": "List notices. The inbox of the person who asks, newest first, of all their workspaces.",
        "retrieve": "Read a notice. Reading it here does not mark it as read.",
    }
    rights = {"*": IN_PERSON}
    serializer_class = NoticeSerializer
    filterset_class = NoticeFilterSet
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Notice.objects.none()

    def get_queryset(self) -> QuerySet[Notice]:
        return inbox_of(self.request.user).select_related("workspace")  # type: ignore[arg-type]

    @extend_schema(request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def read(self, request: Request, uuid: Any = None) -> Response:
        """Mark a notice as read. Every open browser of the person shows it."""
        mark_read(self.get_object())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def acknowledge(self, request: Request, uuid: Any = None) -> Response:
        """Acknowledge a notice. Its ladder ends, and nothing more is sent of it."""
        acknowledge(self.get_object(), way="api")
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses=ReadAllSerializer)
    @action(detail=False, methods=["post"], url_path="read-all", filterset_class=None, pagination_class=None)
    def read_all(self, request: Request) -> Response:
        """Mark every notice as read."""
        return Response({"notices": mark_all_read(request.user)})  # type: ignore[arg-type]


class DeliveryFilterSet(django_filters.FilterSet):
    notice = django_filters.UUIDFilter(field_name="notice__uuid")
    contact = django_filters.UUIDFilter(field_name="contact__uuid")
    event = django_filters.CharFilter(field_name="notice__event")
    status = django_filters.ChoiceFilter(choices=DeliveryStatus.choices)
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Delivery
        fields = ["channel"]


class DeliveryViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Delivery]):
    describes = {
        "list": "List deliveries. The ways that the notices of the person who asks took, newest first.",
        "retrieve": "Read a delivery. With each attempt, and what was or would be sent.",
    }
    rights = {"*": IN_PERSON}
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilterSet
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Delivery.objects.none()

    def get_queryset(self) -> QuerySet[Delivery]:
        rows = deliveries_of(self.request.user)  # type: ignore[arg-type]
        if self.action == "retrieve":
            rows = rows.prefetch_related("trace")
        return rows

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Delivery]]:
        return DeliveryTraceSerializer if self.action == "retrieve" else DeliverySerializer
