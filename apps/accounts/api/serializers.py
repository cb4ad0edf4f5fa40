"""Workspaces, members and invitations as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.accounts.choices import GRANTED_ROLES, Role
from apps.accounts.models import Invitation, Membership, Workspace
from apps.core.api.serializers import ModelSerializer, Serializer


class WorkspaceSerializer(ModelSerializer[Workspace]):
    letter = serializers.RegexField(
        r"^\w\Z",
        required=False,
        allow_blank=True,
        max_length=1,
        help_text="The mark of the workspace. Empty: the name's first letter.",
    )
    role = serializers.ChoiceField(Role.choices, read_only=True, help_text="Yours")

    class Meta:
        model = Workspace
        fields = ["uuid", "name", "letter", "slug", "kind", "plan_code", "role", "closes_at", "created_at"]
        read_only_fields = ["slug", "kind", "plan_code", "closes_at"]


class TransferSerializer(Serializer[dict[str, Any]]):
    member = serializers.UUIDField(help_text="The uuid of the membership of who is to own the workspace")


class MemberSerializer(ModelSerializer[Membership]):
    name = serializers.CharField(source="user.display_name", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)
    role = serializers.ChoiceField(Role.choices, read_only=True)

    class Meta:
        model = Membership
        fields = ["uuid", "name", "email", "role", "created_at"]


class RoleSerializer(Serializer[dict[str, Any]]):
    role = serializers.ChoiceField(GRANTED_ROLES)


class InvitationSerializer(ModelSerializer[Invitation]):
    role = serializers.ChoiceField(GRANTED_ROLES)
    state = serializers.ChoiceField(["pending", "expired"], read_only=True)
    invited_by = serializers.EmailField(source="invited_by.email", read_only=True, allow_null=True)

    class Meta:
        model = Invitation
        fields = ["uuid", "email", "role", "state", "invited_by", "sent_at", "expires_at"]
        read_only_fields = ["sent_at", "expires_at"]


class DeclineSerializer(Serializer[dict[str, Any]]):
    token = serializers.CharField(max_length=100, help_text="The last part of the link in the mail")


class AcceptSerializer(DeclineSerializer):
    with_this_account = serializers.BooleanField(
        default=False, help_text="Join though the invitation was sent to another address than yours"
    )
