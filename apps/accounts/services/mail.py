"""Tells people by mail what happened to the safety of their account: once for each entry of the journal.

`notice_entry` turns an entry into rows, `send_security_mail` hands a row to the mail server. A worker that dies in
between leaves a row whose turn comes again; the Message-ID stays the same, so that a mail server that had taken it
already can tell.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.choices import MailKind
from apps.accounts.language import writing_to
from apps.accounts.models import MailRequest, Membership, SecurityMail, User, Workspace
from apps.accounts.places import place_of
from apps.accounts.selectors import preferences_of
from apps.accounts.services.mail_requests import send_asked_mail
from apps.accounts.services.not_me import make_not_me
from apps.accounts.services.outgoing import deliver, due, lease
from apps.accounts.services.told import KINDS, facts_for, people_told
from apps.core.jobs import enqueue_on_commit
from apps.core.words import gettext_lazy
from apps.journal.models import Entry

SWITCHES = {
    MailKind.DEVICE: "mail_new_device",
    MailKind.KEY: "mail_keys",
    MailKind.WORKSPACE: "mail_workspaces",
}
SUBJECTS = {
    MailKind.PASSWORD: gettext_lazy("Your password was changed"),
    MailKind.EMAIL: gettext_lazy("Your e-mail address was changed"),
    MailKind.FACTOR: gettext_lazy("Your second factor was changed"),
    MailKind.SUSPENDED: gettext_lazy("Your account was suspended"),
    MailKind.REACTIVATED: gettext_lazy("Your account is open again"),
    MailKind.GUESSED: gettext_lazy("Somebody is guessing your password"),
    MailKind.SOCIAL: gettext_lazy("The ways to sign in to your account were changed"),
    MailKind.DEVICE: gettext_lazy("A sign-in with a new browser"),
    MailKind.KEY: gettext_lazy("An API key of yours"),
    MailKind.TOKEN: gettext_lazy("A program was signed out of your account"),
    MailKind.EXPORT: gettext_lazy("Your data is ready"),
    MailKind.ERASURE: gettext_lazy("The deletion of your account"),
    MailKind.WORKSPACE: gettext_lazy("A change in your workspaces"),
}


@transaction.atomic
def notice_entry(entry: Entry) -> int:
    """Write and queue the mails that this entry calls for; an entry read again adds none. Returns how many are new.

    The new and the old address are told of a change of address; everybody else of what they did not switch off.
    """
    kind = KINDS.get(entry.action)
    if kind is None:
        return 0
    new = 0
    for user in people_told(entry):
        if kind in SWITCHES and not getattr(preferences_of(user), SWITCHES[kind]):
            continue
        facts = facts_for(user, entry)
        for address in {user.email, facts["before"]} - {""}:
            mail, is_new = SecurityMail.objects.get_or_create(
                entry_id=entry.pk,
                recipient=address,
                defaults={"user": user, "kind": kind, "facts": facts, "next_try_at": timezone.now()},
            )
            if is_new:
                new += 1
                enqueue_on_commit("accounts.send_mail", mail_id=mail.pk)
    return new


def send_security_mail(mail_id: int) -> bool:
    """Hand the mail to the server unless somebody else does or did; on failure it is tried again later.

    Returns whether it was sent now.
    """
    mine = SecurityMail.objects.filter(pk=mail_id, sent_at=None)
    if not lease(mine):
        return False
    mail = mine.select_related("user", "user__preferences").get()
    with writing_to(mail.user):
        if not deliver(mail, lambda: message_of(mail).send()):
            return False
    mine.update(sent_at=timezone.now(), error="")
    return True


def send_due_mail(*, limit: int = 100) -> int:
    """Send what was never queued and what is to be tried again, at most `limit` of each. Returns how many were sent."""
    notices = due(SecurityMail.objects.filter(sent_at=None)).order_by("id").values_list("pk", flat=True)
    asked = due(MailRequest.objects.all()).order_by("id").values_list("pk", flat=True)
    return sum(
        [
            *map(send_security_mail, list(notices[:limit])),
            *map(send_asked_mail, list(asked[:limit])),
        ]
    )


def _called(by: User | None, workspace: Workspace | None) -> str:
    """Who did it, as a member of the workspace knows them; staff from outside go without a name."""
    if by is None:
        return ""
    is_outsider = by.is_staff and not Membership.objects.filter(user=by, workspace=workspace).exists()
    return gettext("Our staff") if is_outsider else by.display_name


def message_of(mail: SecurityMail) -> EmailMultiAlternatives:
    """The mail in plain text and HTML, with the link for people who did not do this."""
    facts = mail.facts
    token = make_not_me(mail.user, login_id=facts["login"], email=facts["before"])
    by = User.objects.filter(pk=facts["by"]).first() if facts.get("by") else None
    workspace = Workspace.objects.filter(pk=facts.get("workspace")).first()
    is_own_doing = mail.kind not in (MailKind.SUSPENDED, MailKind.REACTIVATED) and by is None
    is_own_doing = is_own_doing and facts["action"] != "accounts.api_key.expiring"
    context = {
        "mail": mail,
        "kind": str(mail.kind),
        "facts": facts,
        "by": _called(by, workspace),
        "workspace": workspace.name if workspace else "a workspace",
        "is_removal": facts["action"].endswith(("removed", "revoked", "ended", "disconnected", "deleted")),
        "at": datetime.fromisoformat(facts["at"]),
        "zone": mail.user.timezone,
        "place": place_of(facts["ip"]),
        "person": mail.user,
        "site_url": settings.SITE_URL,
        "not_me_url": settings.SITE_URL + reverse("account_not_me", args=[token]) if is_own_doing else "",
        "preferences_url": settings.SITE_URL + reverse("accounts:preferences")
        if mail.kind in SWITCHES
        else "",
    }
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    message = EmailMultiAlternatives(
        SUBJECTS[MailKind(mail.kind)],
        render_to_string("account/email/security.txt", context).strip() + "\n",
        to=[mail.recipient],
        headers={"Message-ID": f"<{mail.uuid}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string("account/email/security.html", context), "text/html")
    return message
