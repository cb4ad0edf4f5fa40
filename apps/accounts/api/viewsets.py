"""The workspaces the caller may enter."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import mixins

from apps.accounts.api.serializers import WorkspaceSerializer
from apps.accounts.models import ApiKey, Workspace
from apps.accounts.rules import SIGNED_IN
from apps.accounts.selectors import workspaces_of
from apps.core.api.views import GenericApiViewSet


class WorkspaceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Workspace]):
    describes = {
        "list": (
            "List my workspaces. Those one is a member of, with the role held in each; a key sees"
            " only its own."
        ),
        "retrieve": "Read a workspace. Its name, kind and plan.",
    }
    rights = {"*": SIGNED_IN}
    serializer_class = WorkspaceSerializer
    lookup_field = "uuid"
    queryset = Workspace.objects.none()

    def get_queryset(self) -> QuerySet[Workspace]:
        found = workspaces_of(self.request.user)  # type: ignore[arg-type]
        if isinstance(self.request.auth, ApiKey):  # which belongs to one of them
            return found.filter(pk=self.request.workspace.pk)  # type: ignore[attr-defined]
        return found
