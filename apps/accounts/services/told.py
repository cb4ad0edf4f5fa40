"""Which entries of the journal are told by mail, to whom, and what the mail names."""

from __future__ import annotations

from typing import Any

from apps.accounts.choices import MailKind, Role
from apps.accounts.models import ApiKey, Invitation, Membership, User
from apps.accounts.rules import may
from apps.journal.models import Entry, PersonalPart

KINDS = {
    "accounts.password.changed": MailKind.PASSWORD,
    "accounts.email.changed": MailKind.EMAIL,
    "accounts.second_factor.added": MailKind.FACTOR,
    "accounts.second_factor.removed": MailKind.FACTOR,
    "accounts.second_factor.renamed": MailKind.FACTOR,
    "accounts.second_factor.reset": MailKind.FACTOR,
    "accounts.second_factor.guessed": MailKind.FACTOR,
    "accounts.second_factor.copied": MailKind.FACTOR,
    "accounts.second_factor.backup_codes_made": MailKind.FACTOR,
    "accounts.second_factor.backup_code_used": MailKind.FACTOR,
    "accounts.user.suspended": MailKind.SUSPENDED,
    "accounts.user.activated": MailKind.REACTIVATED,
    "accounts.login.guessed": MailKind.GUESSED,
    "accounts.login.new_device": MailKind.DEVICE,
    "accounts.login.token_reused": MailKind.TOKEN,
    "accounts.social.connected": MailKind.SOCIAL,
    "accounts.social.disconnected": MailKind.SOCIAL,
    "accounts.api_key.created": MailKind.KEY,
    "accounts.api_key.changed": MailKind.KEY,
    "accounts.api_key.rotated": MailKind.KEY,
    "accounts.api_key.revoked": MailKind.KEY,
    "accounts.api_key.expiring": MailKind.KEY,
    "accounts.export.finished": MailKind.EXPORT,
    "accounts.export.downloaded": MailKind.EXPORT,
    "accounts.erasure.requested": MailKind.ERASURE,
    "accounts.erasure.cancelled": MailKind.ERASURE,
    "accounts.invitation.accepted": MailKind.WORKSPACE,
    "accounts.workspace.transferred": MailKind.WORKSPACE,
    "accounts.member.removed": MailKind.WORKSPACE,
}
# their mails say who did it, if that was somebody else
NAMES_THE_DOER = (MailKind.KEY, MailKind.WORKSPACE)


def people_told(entry: Entry) -> list[User]:
    """Whom the entry's mails go to: the person it is about.

    Of a key it is the maker, of an accepted invitation who sent it and still manages the members, of a workspace handed
    over the new and the former owner.
    """
    if entry.target_type == ApiKey._meta.label_lower:
        return _people(api_keys=entry.target_id)
    if entry.target_type == Invitation._meta.label_lower:
        sender = Invitation.objects.filter(pk=entry.target_id or 0).values("invited_by")
        managers = [role for role in Role.values if may(role, "members.manage")]
        still = Membership.objects.filter(workspace=entry.workspace_id, user__in=sender, role__in=managers)
        return _people(pk__in=still.values("user"))
    if entry.action == "accounts.workspace.transferred":
        return _people(uuid__in=entry.changes["owner"])
    about = entry.subject_id or entry.actor_id
    return _people(pk=about) if about else []


def facts_for(user: User, entry: Entry) -> dict[str, Any]:
    """What the mail to this person names. Of other people only the number: their names are theirs to take away."""
    private = entry.personal.get(PersonalPart.TARGET, {}).get("changes", {})
    kind = KINDS[entry.action]
    before, after = private.get("email", ["", ""]) if kind == MailKind.EMAIL else ("", "")
    by = entry.actor_id if kind in NAMES_THE_DOER and entry.actor_id != user.pk else None
    return {
        "action": entry.action,
        "at": entry.recorded_at.isoformat(),
        "ip": "" if by else entry.ip or "",
        "label": "" if by else entry.device,
        "what": "" if kind == MailKind.WORKSPACE else _what(entry),
        "workspace": entry.workspace_id,
        "by": by,
        "is_owner": entry.target_id == user.pk,
        "ends": entry.changes.get("expires_at"),
        "reason": private.get("reason", ""),
        "login": entry.target_id if entry.target_type == "accounts.login" else None,
        "before": before,
        "after": after,
    }


def _what(entry: Entry) -> str:
    """The key, program or provider that the entry is about."""
    if entry.target_type not in ("accounts.user", "accounts.login"):
        return entry.target_name
    return str(next(filter(None, map(entry.changes.get, ("api_key", "program", "provider", "passkey"))), ""))


def _people(**which: Any) -> list[User]:
    return list(User.objects.select_related("preferences").filter(erased_at=None, **which).order_by("pk"))
