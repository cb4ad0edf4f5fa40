"""The caller, and the workspaces they may enter."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.serializers import UserSerializer, WorkspaceSerializer
from apps.accounts.models import Workspace
from apps.accounts.rules import SIGNED_IN
from apps.accounts.selectors import workspaces_of
from apps.core.api.views import ApiViewSet, GenericApiViewSet


class UserViewSet(ApiViewSet):
    rights = {"*": SIGNED_IN}

    @extend_schema(responses=UserSerializer)
    @action(detail=False)
    def me(self, request: Request) -> Response:
        """Who am I."""
        return Response(UserSerializer(request.user).data)


class WorkspaceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Workspace]):
    rights = {"*": SIGNED_IN}
    serializer_class = WorkspaceSerializer
    lookup_field = "uuid"
    queryset = Workspace.objects.none()

    def get_queryset(self) -> QuerySet[Workspace]:
        return workspaces_of(self.request.user)  # type: ignore[arg-type]
