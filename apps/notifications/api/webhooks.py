"""A workspace's outgoing webhooks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Workspace
from apps.core.api.views import GenericApiViewSet
from apps.notifications.access import get_delivery_for
from apps.notifications.api.contacts import switched
from apps.notifications.api.serializers import (
    DeliverySerializer,
    DeliveryTraceSerializer,
    EndpointChangeSerializer,
    EndpointRequestSerializer,
    EndpointSerializer,
    NewEndpointSerializer,
    QueuedSerializer,
    ReplayedSerializer,
    ReplaySerializer,
    RotateSigningKeySerializer,
)
from apps.notifications.choices import DeliveryStatus
from apps.notifications.models import Contact
from apps.notifications.selectors import deliveries_to, endpoints_of
from apps.notifications.services import (
    add_webhook,
    remove_contact,
    replay_deliveries,
    replay_delivery,
    rotate_webhook_key,
    send_test_notice,
)
from apps.notifications.services.contacts import check_events

DELIVERY = r"(?P<delivery>[0-9a-f-]{36})"


class EndpointViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Contact]):
    describes = {
        "list": "List webhook endpoints. Those of the workspace, newest first; keys are never shown again.",
        "retrieve": "Read a webhook endpoint. What it takes, and how deliveries to it fare.",
    }
    rights = {"*": "webhooks.manage"}
    problems = {"create": (409,), "test": (409,), "replay": (409,), "replay_one": (409,)}
    serializer_class = EndpointSerializer
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Contact.objects.none()

    def get_queryset(self) -> QuerySet[Contact]:
        return endpoints_of(_workspace(self.request))

    @extend_schema(request=EndpointRequestSerializer, responses={201: NewEndpointSerializer})
    def create(self, request: Request) -> Response:
        """Add an endpoint. What its signatures are verified with stands in this answer only."""
        asked = EndpointRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        made, secret = add_webhook(
            request.user,  # type: ignore[arg-type]
            url=values["url"],
            actor=request.user,  # type: ignore[arg-type]
            workspace=_workspace(request),
            asymmetric=values["signing"] == "v1a",
            options={
                "name": values.get("name", ""),
                "events": check_events(values.get("events") or ["*"]),
                "filter": values.get("filter", ""),
                "ordered": values.get("ordered", False),
                "ordered_by": values.get("ordered_by", ""),
            },
        )
        answer = Response({**EndpointSerializer(made).data, "secret": secret}, status=201)
        answer["Location"] = f"/api/v1/webhook-endpoints/{made.uuid}/"
        answer["Cache-Control"] = "no-store"
        return answer

    @extend_schema(request=EndpointChangeSerializer, responses=EndpointSerializer)
    def partial_update(self, request: Request, uuid: Any = None) -> Response:
        """Change name, events and order, or switch it on and off (`is_active`)."""
        found = self.get_object()
        asked = EndpointChangeSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        changed = switched(found, asked.validated_data, request.user)  # type: ignore[arg-type]
        return Response(EndpointSerializer(changed).data)

    def destroy(self, request: Request, uuid: Any = None) -> Response:
        """Remove an endpoint. Its URL and keys are forgotten; the traces of what went there stay."""
        remove_contact(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response(status=204)

    @extend_schema(request=RotateSigningKeySerializer, responses=NewEndpointSerializer)
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, uuid: Any = None) -> Response:
        """Make a new key. The present one signs beside it for `overlap_hours`."""
        found = self.get_object()
        asked = RotateSigningKeySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        overlap = timedelta(hours=asked.validated_data["overlap_hours"])
        secret = rotate_webhook_key(found, actor=request.user, overlap=overlap)  # type: ignore[arg-type]
        answer = Response({**EndpointSerializer(found).data, "secret": secret})
        answer["Cache-Control"] = "no-store"
        return answer

    @extend_schema(request=None, responses={202: QueuedSerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, uuid: Any = None) -> Response:
        """Send a test there."""
        return Response({"key": send_test_notice(self.get_object())}, status=202)

    @extend_schema(request=ReplaySerializer, responses=ReplayedSerializer)
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, uuid: Any = None) -> Response:
        """Send again what it missed in a span of time, under the same ids; what was delivered too, if asked."""
        found = self.get_object()
        asked = ReplaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        number = replay_deliveries(found, actor=request.user, **asked.validated_data)  # type: ignore[arg-type]
        return Response({"deliveries": number})

    @extend_schema(
        parameters=[OpenApiParameter("status", str, enum=DeliveryStatus.values)],
        responses=DeliverySerializer(many=True),
    )
    @action(detail=True, methods=["get"])
    def deliveries(self, request: Request, uuid: Any = None) -> Response:
        """List what was sent to an endpoint. Newest first."""
        rows = deliveries_to(self.get_object()).select_related("contact")
        status = request.query_params.get("status", "")
        if status:
            if status not in DeliveryStatus.values:
                raise serializers.ValidationError(
                    {
                        "status": [
                            f"There is no status {status[:20]!r}. Allowed: {', '.join(DeliveryStatus.values)}."
                        ]
                    }
                )
            rows = rows.filter(status=status)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(DeliverySerializer(page, many=True).data)

    @extend_schema(responses=DeliveryTraceSerializer)
    @action(detail=True, methods=["get"], url_path=f"deliveries/{DELIVERY}", pagination_class=None)
    def delivery(self, request: Request, uuid: Any = None, delivery: Any = None) -> Response:
        """Read a delivery to an endpoint. With each attempt, and what was or would be sent."""
        return Response(DeliveryTraceSerializer(get_delivery_for(self.get_object(), _uuid(delivery))).data)

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(
        detail=True, methods=["post"], url_path=f"deliveries/{DELIVERY}/replay", pagination_class=None
    )  # fmt: skip
    def replay_one(self, request: Request, uuid: Any = None, delivery: Any = None) -> Response:
        """Send a delivery again, under the same id."""
        row = get_delivery_for(self.get_object(), _uuid(delivery))
        replay_delivery(row, actor=request.user)  # type: ignore[arg-type]
        row.refresh_from_db()
        return Response(DeliverySerializer(row).data)


def _workspace(request: Request) -> Workspace:
    return request.workspace  # type: ignore[attr-defined]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)  # which nothing has
