"""Writes of invitations: sent, sent again, revoked, accepted, declined."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.choices import GRANTED_ROLES
from apps.accounts.errors import InvitationRefused, WorkspaceRefused
from apps.accounts.models import Invitation, Membership, User, Workspace
from apps.accounts.services.mail_requests import ask_for_mail, sends
from apps.core.quotas import check_room
from apps.journal.services import record

VALID_FOR = timedelta(days=7)
MOST_OPEN = 50


@transaction.atomic
def invite(workspace: Workspace, *, email: str, role: str, actor: User) -> Invitation:
    """Ask somebody by e-mail to join.

    Raises InvitationRefused for members, those asked already, and too many; 402 when no seat is free.
    """
    workspace = Workspace.objects.select_for_update().get(pk=workspace.pk)
    if not workspace.is_team:
        raise WorkspaceRefused(
            gettext("A personal workspace has one member. Make a team to work with others.")
        )
    if role not in dict(GRANTED_ROLES):
        raise InvitationRefused(gettext("Choose admin, trader, analyst or viewer."), field="role")
    if Membership.objects.filter(workspace=workspace, user__email__iexact=email).exists():
        raise InvitationRefused(gettext("{email} is a member already.").format(email=email), field="email")
    now = timezone.now()
    unanswered = Invitation.objects.filter(
        workspace=workspace, accepted_at=None, declined_at=None, revoked_at=None
    )
    unanswered.filter(email__iexact=email, expires_at__lte=now).update(revoked_at=now)
    if unanswered.filter(email__iexact=email).exists():
        raise InvitationRefused(
            gettext("{email} has been asked already. Send that invitation again, or revoke it first.").format(
                email=email
            ),
            field="email",
        )
    if unanswered.filter(expires_at__gt=now).count() >= MOST_OPEN:
        raise InvitationRefused(
            gettext("{most_open} invitations wait for an answer. Revoke some before you send more.").format(
                most_open=MOST_OPEN
            ),
            field="email",
        )
    check_room(workspace, "seats")
    invitation = Invitation.objects.create(
        workspace=workspace,
        email=email,
        role=role,
        invited_by=actor,
        token_hash=token_hash(secrets.token_urlsafe(32)),  # until the mail is sent no link opens it
        sent_at=now,
        expires_at=now + VALID_FOR,
    )
    _record(invitation, "sent", actor, changes={"role": role}, personal={"email": email})
    ask_for_mail("invitation", to=invitation.email, about=invitation.pk)
    return invitation


@transaction.atomic
def resend(invitation: Invitation, *, actor: User) -> Invitation:
    """A new link for seven days; the one sent before no longer works. Raises InvitationRefused when it is over."""
    invitation = _unanswered(invitation)
    invitation.sent_at = timezone.now()
    invitation.expires_at = invitation.sent_at + VALID_FOR
    invitation.save(update_fields=["sent_at", "expires_at", "updated_at"])
    _record(invitation, "resent", actor)
    ask_for_mail("invitation", to=invitation.email, about=invitation.pk)
    return invitation


@transaction.atomic
def revoke(invitation: Invitation, *, actor: User) -> None:
    """The link no longer works. Raises InvitationRefused when it was answered."""
    invitation = _unanswered(invitation)
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at", "updated_at"])
    _record(invitation, "revoked", actor)


@transaction.atomic
def accept(invitation: Invitation, *, actor: User) -> Membership:
    """Join the workspace. Raises InvitationRefused for one that is over, and where the workspace is closing; 402 when
    no seat is free."""
    workspace = Workspace.objects.select_for_update().get(pk=invitation.workspace_id)
    invitation = _unanswered(invitation)
    if invitation.state == "expired":
        raise InvitationRefused(gettext("This invitation has expired. Ask for a new one."))
    if workspace.closes_at is not None:
        raise InvitationRefused(gettext("{workspace} is being closed.").format(workspace=workspace))
    if Membership.objects.filter(workspace=workspace, user=actor).exists():
        raise InvitationRefused(
            gettext("You are a member of {workspace} already.").format(workspace=workspace)
        )
    check_room(workspace, "seats")
    membership = Membership.objects.create(workspace=workspace, user=actor, role=invitation.role)
    invitation.accepted_at = timezone.now()
    invitation.accepted_by = actor
    invitation.save(update_fields=["accepted_at", "accepted_by", "updated_at"])
    _record(invitation, "accepted", actor, changes={"role": invitation.role})
    return membership


@transaction.atomic
def decline(invitation: Invitation, *, actor: User | None) -> None:
    """Say no, with or without an account. Raises InvitationRefused when it was answered."""
    invitation = _unanswered(invitation)
    invitation.declined_at = timezone.now()
    invitation.save(update_fields=["declined_at", "updated_at"])
    _record(invitation, "declined", actor)


@sends("invitation")
def send_invitation(invitation_id: int) -> None:
    """Mail a new link, the only one that works from now on."""
    invitation = (
        Invitation.objects.select_related("workspace", "invited_by")
        .filter(pk=invitation_id, accepted_at=None, declined_at=None, revoked_at=None)
        .first()
    )
    if invitation is None:
        return
    token = secrets.token_urlsafe(32)
    Invitation.objects.filter(pk=invitation.pk).update(token_hash=token_hash(token))
    context = {
        "invitation": invitation,
        "workspace": invitation.workspace,
        "inviter": invitation.invited_by,
        "url": settings.SITE_URL + reverse("invitation", args=[token]),
        "site_url": settings.SITE_URL,
    }
    name = invitation.invited_by.display_name if invitation.invited_by else "Somebody"
    message = EmailMultiAlternatives(
        " ".join(
            gettext("{name} invites you to {name_2} on Candlewright")
            .format(name=name, name_2=invitation.workspace.name)
            .split()
        ),
        render_to_string("account/email/invitation.txt", context).strip() + "\n",
        to=[invitation.email],
    )
    message.attach_alternative(render_to_string("account/email/invitation.html", context), "text/html")
    message.send()


def token_hash(token: str) -> str:
    """What is kept of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _unanswered(invitation: Invitation) -> Invitation:
    found = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if found.state in ("accepted", "declined", "revoked"):
        raise InvitationRefused(gettext("This invitation was {state} already.").format(state=found.state))
    return found


def _record(invitation: Invitation, verb: str, actor: User | None, **what: object) -> None:
    record(
        actor=actor, workspace=invitation.workspace, action=f"accounts.invitation.{verb}", target=invitation,
        **what,  # type: ignore[arg-type]
    )  # fmt: skip
