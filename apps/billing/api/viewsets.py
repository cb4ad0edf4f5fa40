"""Credits by API: what there is, and the statement. Both only to be read; work and plans move credits."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response

from apps.billing.api.serializers import CreditsSerializer, LedgerTransactionSerializer
from apps.billing.models import LedgerTransaction
from apps.billing.selectors.credits import credits_of, statement_of
from apps.core.api.views import ApiViewSet, GenericApiViewSet

SETTLED = {
    "uuid": "b5b7c1f9-4f5c-4d0e-8a57-0a33cb1f3f0e",
    "created_at": "2026-11-21T12:00:04Z",
    "kind": "settle",
    "amount": 5,
    "change": 2,
    "balance": 957,
    "used": 3,
    "reference": "signals.firing:0b0a5c39-6e63-4a0a-9d55-6ad1a7c9f0e1",
    "note": "",
    "entries": [
        {"bucket": "6d1f5c1e-6f61-4ea4-9a3a-6a0ac1fd6dd6", "debit": "held", "credit": "spent", "amount": 3},
        {
            "bucket": "6d1f5c1e-6f61-4ea4-9a3a-6a0ac1fd6dd6",
            "debit": "held",
            "credit": "available",
            "amount": 2,
        },
    ],
}


class LedgerFilterSet(django_filters.FilterSet):
    q = django_filters.CharFilter(method="by_text", label="Text in the reference or the note.")
    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = LedgerTransaction
        fields = ["kind", "reference"]

    def by_text(
        self, rows: QuerySet[LedgerTransaction], name: str, value: str
    ) -> QuerySet[LedgerTransaction]:
        return rows.filter(Q(reference__icontains=value) | Q(note__text__icontains=value))


@extend_schema(tags=["credits"])
class CreditsViewSet(ApiViewSet):
    rights = {"*": "billing.view"}

    @extend_schema(responses=forced_singular_serializer(CreditsSerializer))
    def list(self, request: Request) -> Response:
        """What the workspace has of credits, by origin and expiry."""
        return Response(CreditsSerializer(credits_of(request.workspace)).data)


@extend_schema(tags=["credits"])
class LedgerViewSet(mixins.ListModelMixin, GenericApiViewSet[LedgerTransaction]):
    """Everything that happened to the workspace's credits, newest first. Nothing here can be changed."""

    rights = {"*": "billing.view"}
    serializer_class = LedgerTransactionSerializer
    filterset_class = LedgerFilterSet
    queryset = LedgerTransaction.objects.none()

    def get_queryset(self) -> QuerySet[LedgerTransaction]:
        return statement_of(self.request.workspace).prefetch_related("entries__bucket")

    @extend_schema(examples=[OpenApiExample("A settlement", value=SETTLED, response_only=True)])
    def list(self, request: Request) -> Response:
        """The statement: grants, holds, settlements, refunds and expiries, each with the balance after it."""
        return super().list(request)
