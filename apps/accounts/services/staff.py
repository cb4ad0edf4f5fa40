"""What staff do with people's accounts: suspend, reactivate, look at the product as somebody else."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.choices import EndReason
from apps.accounts.errors import ImpersonationRefused, SuspensionRefused
from apps.accounts.models import ApiKey, Impersonation, User
from apps.accounts.services.keys import revoke_api_key
from apps.accounts.services.logins import end_logins
from apps.journal.services import record

LOOK_LASTS = timedelta(minutes=15)


@transaction.atomic
def suspend_user(user: User, *, reason: str, actor: User) -> User:
    """Close the account: every session, token and key ends at once, and the person is told why.

    Raises SuspensionRefused without a reason, for oneself, and for a superuser unless one is one too.
    """
    reason = reason.strip()
    if not reason:
        raise SuspensionRefused(gettext("Say why: the person is told."), field="reason")
    if user.pk == actor.pk:
        raise SuspensionRefused(gettext("Nobody suspends himself."))
    if user.is_superuser and not actor.is_superuser:
        raise SuspensionRefused(gettext("Only a superuser suspends a superuser."))
    closed = {"is_active": False, "suspended_at": timezone.now(), "suspended_for": reason[:300]}
    if not User.objects.filter(pk=user.pk, is_active=True).update(**closed):
        raise SuspensionRefused(gettext("This account is not active."), status=409)
    user.refresh_from_db()
    end_logins(user, reason=EndReason.SUSPENDED, actor=actor)
    for key in ApiKey.objects.filter(user=user, revoked_at=None).select_related("workspace"):
        revoke_api_key(key, actor=actor)
    for look in Impersonation.objects.filter(user=user, ended_at=None) | Impersonation.objects.filter(
        staff=user, ended_at=None
    ):
        end_impersonation(look, actor=actor)
    record(
        actor=actor,
        workspace=None,
        action="accounts.user.suspended",
        target=user,
        personal={"reason": reason},
    )
    return user


@transaction.atomic
def activate_user(user: User, *, actor: User) -> User:
    """Open the account again. Keys and log-ins that ended with it stay ended."""
    if not User.objects.filter(pk=user.pk, is_active=False).update(
        is_active=True, suspended_at=None, suspended_for=""
    ):
        raise SuspensionRefused(gettext("This account is active already."), status=409)
    user.refresh_from_db()
    record(actor=actor, workspace=None, action="accounts.user.activated", target=user)
    return user


@transaction.atomic
def start_impersonation(user: User, *, reason: str, actor: User) -> Impersonation:
    """Let a member of staff see the product as `user`, reading only, for at most 15 minutes.

    Raises ImpersonationRefused without the permission or a reason, for staff, for closed accounts, and while another
    look is open.
    """
    reason = reason.strip()
    if not actor.has_perm("accounts.can_impersonate_users"):
        raise ImpersonationRefused(
            gettext("This needs the permission accounts.can_impersonate_users."), status=403
        )
    if not reason:
        raise ImpersonationRefused(gettext("Say why: it is written to the journal."), field="reason")
    if user.is_staff or user.is_superuser:
        raise ImpersonationRefused(gettext("Nobody looks as another member of staff."))
    if not user.is_active:
        raise ImpersonationRefused(gettext("This account is closed."))
    end_expired_impersonations()
    try:
        with transaction.atomic():
            look = Impersonation.objects.create(
                staff=actor, user=user, reason=reason[:300], until=timezone.now() + LOOK_LASTS
            )
    except IntegrityError:
        raise ImpersonationRefused(
            gettext("You look as somebody already; stop that first."), status=409
        ) from None
    _record(look, "started", actor, {"reason": look.reason, "until": look.until.isoformat()})
    return look


@transaction.atomic
def end_impersonation(look: Impersonation, *, actor: User | None, because: str = "") -> bool:
    """Stop looking; without an actor the time ran out, or it ended `because` of something. Twice changes nothing."""
    if not Impersonation.objects.filter(pk=look.pk, ended_at=None).update(ended_at=timezone.now()):
        return False
    verb = "stopped" if actor or because else "expired"
    _record(look, verb, actor or look.staff, {"reason": because} if because else {})
    return True


def end_expired_impersonations() -> int:
    """Write down the end of every look whose time ran out. Returns how many."""
    due = Impersonation.objects.filter(ended_at=None, until__lte=timezone.now()).select_related(
        "staff", "user"
    )
    return sum(end_impersonation(look, actor=None) for look in due)


def _record(look: Impersonation, what: str, actor: User, changes: dict[str, str]) -> None:
    """In the journal of the person and of each workspace that could be seen."""
    action = f"accounts.impersonation.{what}"
    record(actor=actor, workspace=None, action=action, target=look.user, personal=changes)
    for membership in look.user.memberships.select_related("workspace").order_by("workspace_id"):
        record(actor=actor, workspace=membership.workspace, action=action, target=look.user, personal=changes)
