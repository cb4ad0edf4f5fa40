"""A list and an object of each endpoint, for one workspace that is known beforehand."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.models import Membership
from config.api import router

PAGE = 50


class Endpoint:
    """The query and the serializer of a viewset of the API."""

    def __init__(self, viewset: type[Any], action: str) -> None:
        member = Membership.objects.select_related("workspace", "user").get(
            workspace__uuid=os.environ["BENCH_WORKSPACE"]
        )
        view = viewset()
        view.action = action
        view.format_kwarg = None
        view.request = SimpleNamespace(
            workspace=member.workspace,
            user=member.user,
            membership=member,
            query_params={},
            method="GET",
            auth=None,
        )
        queryset = view.get_queryset()
        rows = view.row_serializer_class if action == "list" else None
        self.queryset = queryset.defer(*rows.omitted_columns()) if rows else queryset
        self.serializer = view.get_serializer_class()


VIEWSETS = {prefix: viewset for prefix, viewset, _ in router.registry if hasattr(viewset, "list")}
_known: dict[tuple[str, str], Endpoint] = {}


def endpoint(prefix: str, action: str) -> Endpoint:
    found = _known.get((prefix, action))
    if found is None:
        found = _known[prefix, action] = Endpoint(VIEWSETS[prefix], action)
    return found


class BareList(APIView):
    def get(self, request: Request, prefix: str) -> Response:
        known = endpoint(prefix, "list")
        rows = list(known.queryset.order_by("-id")[: PAGE + 1])
        return Response(
            {"next": None, "previous": None, "results": known.serializer(rows[:PAGE], many=True).data}
        )


class BareDetail(APIView):
    def get(self, request: Request, prefix: str, uuid: UUID) -> Response:
        known = endpoint(prefix, "retrieve")
        return Response(known.serializer(get_object_or_404(known.queryset.all(), uuid=uuid)).data)
