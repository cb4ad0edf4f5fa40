"""Workspaces, which own everything, and who may enter them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.accounts.choices import Role, WorkspaceKind
from apps.accounts.models.people import User
from apps.core.models import BaseModel


class Workspace(BaseModel):
    """Owner of formulas, data, backtests, signals, keys, plan and quota."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=WorkspaceKind, default=WorkspaceKind.PERSONAL)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="owned_workspaces")
    plan_code = models.CharField(max_length=30, default="free")
    members = models.ManyToManyField(User, through="Membership", related_name="workspaces")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner"], condition=Q(kind="personal"), name="accounts_workspace_one_personal"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Membership(BaseModel):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="accounts_membership_unique")
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} of {self.workspace}"
