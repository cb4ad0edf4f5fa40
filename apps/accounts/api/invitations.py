"""The answer to an invitation by program."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.examples import WORKSPACE_EXAMPLE, asked
from apps.accounts.api.serializers import AcceptSerializer, DeclineSerializer, WorkspaceSerializer
from apps.accounts.api.viewsets import entered, given
from apps.accounts.errors import InvitationRefused
from apps.accounts.models import Invitation
from apps.accounts.rules import IN_PERSON
from apps.accounts.selectors import invitation_for_token
from apps.accounts.services import invitations
from apps.core.api.views import ApiViewSet

TOKEN = "Zb1rkq3mY0c6c4Kc4nS1oI2m9vJgJX7oH7ZP0mQ5b3w"  # noqa: S105  an example


class InvitationAnswerViewSet(ApiViewSet):
    """The answer to an invitation, by the token of the link in its mail. The token stands in the body: addresses are
    logged."""

    rights = {"*": IN_PERSON}
    problems = {"accept": (404, 409), "decline": (404, 409)}

    @extend_schema(
        request=AcceptSerializer,
        responses=WorkspaceSerializer,
        examples=[asked("Join", {"token": TOKEN}), WORKSPACE_EXAMPLE],
    )
    @action(detail=False, methods=["post"])
    def accept(self, request: Request) -> Response:
        """Join the workspace. 409 `other_address` where the invitation was sent to somebody else's address and
        `with_this_account` does not say that it is meant."""
        answer = given(AcceptSerializer, request)
        found = _by_token(answer["token"])
        if found.email.lower() != request.user.email.lower() and not answer["with_this_account"]:  # type: ignore[union-attr]
            raise InvitationRefused(
                f"The invitation was sent to {found.email}. Say with_this_account to join all the same.",
                code="other_address",
                field="with_this_account",
            )
        membership = invitations.accept(found, actor=request.user)  # type: ignore[arg-type]
        return Response(WorkspaceSerializer(entered(request).get(pk=membership.workspace_id)).data)

    @extend_schema(
        request=DeclineSerializer, responses={204: None}, examples=[asked("Decline", {"token": TOKEN})]
    )
    @action(detail=False, methods=["post"])
    def decline(self, request: Request) -> Response:
        """Say no."""
        found = _by_token(given(DeclineSerializer, request)["token"])
        invitations.decline(found, actor=request.user)  # type: ignore[arg-type]
        return Response(status=204)


def _by_token(token: str) -> Invitation:
    found = invitation_for_token(token)
    if found is None:
        raise Http404("This token is not one of ours, or a newer one was sent.")
    return found
