"""Workspaces, which own everything, who may enter them, and who is asked to."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from apps.accounts.choices import GRANTED_ROLES, Role, WorkspaceKind
from apps.accounts.models.people import User
from apps.core.models import BaseModel

MFA_TOLD_BEFORE = timedelta(days=31)


class Workspace(BaseModel):
    """Owner of formulas, data, backtests, signals, keys, plan and quota.

    A database trigger sees to it, when a transaction commits, that its owner is the one member with that role.
    """

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=60, unique=True)
    letter = models.CharField(
        max_length=1, blank=True, help_text="Its mark; by default the name's first letter."
    )
    kind = models.CharField(max_length=10, choices=WorkspaceKind, default=WorkspaceKind.PERSONAL)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="owned_workspaces")
    plan_code = models.CharField(max_length=30, default="free")
    plan_version = models.PositiveIntegerField(
        null=True, blank=True, editable=False, help_text="The version it keeps; empty: whatever is current."
    )
    closes_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When a closed workspace is deleted; until then it can be taken back.",
    )
    own_mfa_from = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="From when the owner asks for second factors."
    )
    plan_mfa_from = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="From when the plan asks for second factors."
    )
    members = models.ManyToManyField(User, through="Membership", related_name="workspaces")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner"], condition=Q(kind="personal"), name="accounts_workspace_one_personal"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def mark(self) -> str:
        """One letter to tell it by."""
        return self.letter or self.name[:1].upper()

    @property
    def is_team(self) -> bool:
        return self.kind == WorkspaceKind.TEAM

    @property
    def journal_subject(self) -> User | None:
        """Whom the name is about: a personal workspace is called after its person."""
        return self.owner if self.kind == WorkspaceKind.PERSONAL else None

    @property
    def mfa_required_from(self) -> datetime | None:
        """From when on members need a second factor to work here: the earlier of what owner and plan ask for."""
        return min(filter(None, (self.own_mfa_from, self.plan_mfa_from)), default=None)

    @property
    def mfa_is_near(self) -> bool:
        """Whether members without a second factor should be told by now."""
        due = self.mfa_required_from
        return due is not None and due - timezone.now() < MFA_TOLD_BEFORE


class Membership(BaseModel):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    is_guest = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Stands for visitors of the demo: nobody, so no member and no seat.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="accounts_membership_unique"),
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(role="owner"), name="accounts_membership_one_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} of {self.workspace}"


class Invitation(BaseModel):
    """Somebody asked by e-mail to join a workspace. Only the SHA-256 of the link's token is kept."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=GRANTED_ROLES)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    declined_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("email"),
                condition=Q(accepted_at=None, declined_at=None, revoked_at=None),
                name="accounts_invitation_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"invitation to {self.workspace} as {self.role}"

    @property
    def state(self) -> str:
        """pending, expired, accepted, declined or revoked."""
        for name in ("accepted", "declined", "revoked"):
            if getattr(self, f"{name}_at"):
                return name
        return "pending" if self.expires_at > timezone.now() else "expired"
