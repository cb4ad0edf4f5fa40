"""Workspaces by program: those the caller may enter, their members and invitations, handing over and closing.

The workspace of the address counts, whichever the request works in otherwise; the caller's role there decides. An API
key sees its own workspace only.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.accounts.api.examples import INVITATION_EXAMPLE, MEMBER_EXAMPLE, WORKSPACE_EXAMPLE, asked
from apps.accounts.api.serializers import (
    InvitationSerializer,
    MemberSerializer,
    RoleSerializer,
    TransferSerializer,
    WorkspaceSerializer,
)
from apps.accounts.middleware import enter
from apps.accounts.models import ApiKey, Invitation, Workspace
from apps.accounts.needs import ALWAYS
from apps.accounts.rules import IN_PERSON, SIGNED_IN
from apps.accounts.selectors import (
    invitations_of,
    members_of,
    membership_by_uuid,
    workspaces_of,
)
from apps.accounts.services import (
    change_role,
    change_workspace,
    close_workspace,
    create_team,
    invitations,
    remove_member,
    reopen_workspace,
    transfer_workspace,
)
from apps.core.api.views import GenericApiViewSet

UUID_TEXT = {"type": "string", "format": "uuid"}
MEMBER = OpenApiParameter("member", UUID_TEXT, OpenApiParameter.PATH)
INVITATION = OpenApiParameter("invitation", UUID_TEXT, OpenApiParameter.PATH)
ONE_MEMBER = "members/(?P<member>[0-9a-f-]{36})"
ONE_INVITATION = "invitations/(?P<invitation>[0-9a-f-]{36})"


def entered(request: Request) -> QuerySet[Workspace]:
    """The workspaces the caller may enter, each with the caller's `role`."""
    found = workspaces_of(request.user).annotate(role=F("memberships__role"))  # type: ignore[arg-type]
    if isinstance(request.auth, ApiKey):  # which belongs to one of them
        return found.filter(pk=request.workspace.pk)  # type: ignore[attr-defined]
    return found


def given(serializer: type[BaseSerializer[Any]], request: Request, **how: Any) -> dict[str, Any]:
    body = serializer(data=request.data, **how)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


class WorkspaceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Workspace]):
    describes = {
        "list": "List my workspaces. Those one is a member of, with the role held in each; a key sees only its own.",
        "retrieve": "Read a workspace. Its name, kind and plan, the caller's role, and when it is deleted.",
        "member_get": "Read a member. Who it is, and the role.",
        "member_patch": "Change a member's role. The owner's stays until the workspace is handed over.",
        "member_delete": "Remove a member. The person is out at once, and their API keys here end.",
        "invitations_get": "List invitations. Those nobody has answered, newest first; `state` tells expired ones.",
        "invitations_post": "Invite somebody. By e-mail, with a link that is good for seven days.",
        "invitation_get": "Read an invitation. To whom it went, and as what.",
        "invitation_delete": "Revoke an invitation. Its link no longer works.",
    }
    rights = {
        "list": SIGNED_IN,
        "retrieve": SIGNED_IN,
        "create": IN_PERSON,
        "partial_update": "workspace.manage",
        "members": "workspace.view",
        "member": ("workspace.view", "members.manage"),
        "leave": IN_PERSON,
        "invitations": "members.manage",
        "invitation": "members.manage",
        "resend": "members.manage",
        "transfer": "workspace.own",
        "close": "workspace.own",
        "reopen": "workspace.own",
    }
    plan = {"member": ALWAYS}
    confirmed = {"transfer", "close"}
    problems = {
        **dict.fromkeys(("member", "invitations", "invitation", "resend", "leave", "transfer"), (409,)),
        "close": (409,),
    }
    serializer_class = WorkspaceSerializer
    lookup_field = "uuid"
    queryset = Workspace.objects.none()

    def check_permissions(self, request: Request) -> None:
        """By the role in the workspace of the address. Raises Http404 where there is none."""
        if "uuid" in self.kwargs and request.user.is_authenticated:
            try:
                uuid = UUID(self.kwargs["uuid"])
            except ValueError:
                raise Http404 from None
            if isinstance(request.auth, ApiKey):
                if uuid != request.workspace.uuid:  # type: ignore[attr-defined]
                    raise Http404
            else:
                membership = membership_by_uuid(request.user, uuid)
                if membership is None:
                    raise Http404
                enter(request._request, membership)
        super().check_permissions(request)

    def get_queryset(self) -> QuerySet[Workspace]:
        return self.queryset if getattr(self, "swagger_fake_view", False) else entered(self.request)

    def _locked(self) -> Workspace:
        """The workspace of the address, held until the end: services lock it before what is below it."""
        return get_object_or_404(
            self.get_queryset().select_for_update(of=("self",)), uuid=self.kwargs["uuid"]
        )

    def _answer(self, workspace: Workspace, status: int = 200) -> Response:
        return Response(WorkspaceSerializer(entered(self.request).get(pk=workspace.pk)).data, status=status)

    @extend_schema(
        request=WorkspaceSerializer,
        responses={201: WorkspaceSerializer},
        examples=[asked("A team", {"name": "Night desk", "letter": "N"}), WORKSPACE_EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        """Make a team on the free plan, owned by you."""
        team = create_team(actor=request.user, **given(WorkspaceSerializer, request))  # type: ignore[arg-type]
        made = self._answer(team, 201)
        made["Location"] = reverse("v1:workspace-detail", args=[team.uuid])
        return made

    @extend_schema(
        request=WorkspaceSerializer,
        responses=WorkspaceSerializer,
        examples=[asked("Another name", {"name": "Day desk"}), WORKSPACE_EXAMPLE],
    )
    def partial_update(self, request: Request, uuid: str) -> Response:
        """Change the name and the letter."""
        found = self.get_object()
        values = {"name": found.name, "letter": found.letter}
        values |= given(WorkspaceSerializer, request, partial=True)
        return self._answer(change_workspace(found, actor=request.user, **values))  # type: ignore[arg-type]

    @extend_schema(
        request=TransferSerializer,
        responses=WorkspaceSerializer,
        examples=[
            asked("To a member", {"member": "8f3c4f0e-54a0-4f1f-8a6b-5d2c1d7a90b2"}),
            WORKSPACE_EXAMPLE,
        ],
    )
    @action(detail=True, methods=["post"])
    def transfer(self, request: Request, uuid: str) -> Response:
        """Make another member the owner; you become an admin. Needs a fresh confirmation."""
        team = self._locked()
        heir = get_object_or_404(members_of(team), uuid=given(TransferSerializer, request)["member"])
        transfer_workspace(team, to=heir, actor=request.user)  # type: ignore[arg-type]
        return self._answer(team)

    @extend_schema(request=None, responses=WorkspaceSerializer, examples=[WORKSPACE_EXAMPLE])
    @action(detail=True, methods=["post"])
    def close(self, request: Request, uuid: str) -> Response:
        """Close a team: it can only be read, and is deleted at `closes_at`. Needs a fresh confirmation."""
        return self._answer(close_workspace(self._locked(), actor=request.user))  # type: ignore[arg-type]

    @extend_schema(request=None, responses=WorkspaceSerializer, examples=[WORKSPACE_EXAMPLE])
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, uuid: str) -> Response:
        """Take the closing back."""
        return self._answer(reopen_workspace(self._locked(), actor=request.user))  # type: ignore[arg-type]

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, uuid: str) -> Response:
        """Leave the workspace; your API keys in it end. The owner hands it over first."""
        membership = get_object_or_404(members_of(self._locked()), user=request.user)
        remove_member(membership, actor=request.user)  # type: ignore[arg-type]
        return Response(status=204)

    # members

    @extend_schema(responses=MemberSerializer(many=True), examples=[MEMBER_EXAMPLE])
    @action(detail=True, pagination_class=None)
    def members(self, request: Request, uuid: str) -> Response:
        """Who works here: the owner first, then by when they came."""
        return Response(MemberSerializer(members_of(self.get_object()), many=True).data)

    @extend_schema(
        methods=["get"], responses=MemberSerializer, parameters=[MEMBER], examples=[MEMBER_EXAMPLE]
    )
    @extend_schema(
        methods=["patch"],
        request=RoleSerializer,
        responses=MemberSerializer,
        parameters=[MEMBER],
        examples=[asked("Another role", {"role": "trader"}), MEMBER_EXAMPLE],
    )
    @extend_schema(methods=["delete"], request=None, responses={204: None}, parameters=[MEMBER])
    @action(detail=True, methods=["get", "patch", "delete"], url_path=ONE_MEMBER)
    def member(self, request: Request, uuid: str, member: str) -> Response:
        """One member: the role can be changed; deleted, the person is out at once and their API keys here end."""
        if request.method == "GET":
            found = get_object_or_404(members_of(self.get_object()), uuid=member)
            return Response(MemberSerializer(found).data)
        found = self.locked(get_object_or_404(members_of(self._locked()), uuid=member), MemberSerializer)
        if request.method == "DELETE":
            remove_member(found, actor=request.user)  # type: ignore[arg-type]
            return Response(status=204)
        changed = change_role(found, role=given(RoleSerializer, request)["role"], actor=request.user)  # type: ignore[arg-type]
        return Response(MemberSerializer(changed).data)

    # invitations

    @extend_schema(methods=["get"], responses=InvitationSerializer(many=True), examples=[INVITATION_EXAMPLE])
    @extend_schema(
        methods=["post"],
        request=InvitationSerializer,
        responses={201: InvitationSerializer},
        examples=[asked("An analyst", {"email": "ben@example.org", "role": "analyst"}), INVITATION_EXAMPLE],
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def invitations(self, request: Request, uuid: str) -> Response:
        """Invitations nobody has answered, newest first; a POST sends one by mail, good for seven days."""
        if request.method == "GET":
            return Response(InvitationSerializer(invitations_of(self.get_object()), many=True).data)
        made = invitations.invite(
            self._locked(),
            actor=request.user,
            **given(InvitationSerializer, request),  # type: ignore[arg-type]
        )
        return Response(InvitationSerializer(made).data, status=201)

    @extend_schema(
        methods=["get"],
        responses=InvitationSerializer,
        parameters=[INVITATION],
        examples=[INVITATION_EXAMPLE],
    )
    @extend_schema(methods=["delete"], request=None, responses={204: None}, parameters=[INVITATION])
    @action(detail=True, methods=["get", "delete"], url_path=ONE_INVITATION)
    def invitation(self, request: Request, uuid: str, invitation: str) -> Response:
        """One invitation; deleted, its link no longer works."""
        found = self._invitation(invitation)
        if request.method == "DELETE":
            invitations.revoke(self.locked(found, InvitationSerializer), actor=request.user)  # type: ignore[arg-type]
            return Response(status=204)
        return Response(InvitationSerializer(found).data)

    @extend_schema(
        request=None, responses=InvitationSerializer, parameters=[INVITATION], examples=[INVITATION_EXAMPLE]
    )
    @action(detail=True, methods=["post"], url_path=f"{ONE_INVITATION}/resend")
    def resend(self, request: Request, uuid: str, invitation: str) -> Response:
        """Send a new link; the one before no longer works."""
        found = invitations.resend(self._invitation(invitation), actor=request.user)  # type: ignore[arg-type]
        return Response(InvitationSerializer(found).data)

    def _invitation(self, uuid: str) -> Invitation:
        team = get_object_or_404(self.get_queryset(), uuid=self.kwargs["uuid"])
        return get_object_or_404(invitations_of(team), uuid=uuid)
