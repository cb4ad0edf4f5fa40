"""Writes of sharing: one formula with one person outside its workspace, by e-mail address.

What the person may do is a set of django-guardian's permissions on that formula. An address that no account has
confirmed waits; the share becomes real when one does. Both sides' journals say what happened, each without the network
address and device of the other.
"""

from __future__ import annotations

from contextlib import nullcontext
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext
from guardian.shortcuts import assign_perm, remove_perm

from apps.accounts.models import Membership, User, Workspace
from apps.accounts.services import ask_for_mail, ensure_personal_workspace, sends
from apps.core.request_context import without_origin
from apps.formulas.choices import PERMISSIONS, ShareLevel
from apps.formulas.errors import ShareRefused
from apps.formulas.models import Formula, FormulaShare
from apps.journal.services import record

MOST_SHARES = 50
ADDRESS_LOCK = 0x53484152  # the first half of advisory locks, the second is the address


@transaction.atomic
def share_formula(formula: Formula, *, email: str, level: str, actor: User) -> FormulaShare:
    """Show the formula to the person with this address, who is told by mail.

    Raises ShareRefused for members, for those who have it already, and for too many.
    """
    _check_level(level)
    _lock_address(email)
    formula = Formula.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=formula.pk)
    person = _person_of(email)
    if _is_member(formula.workspace, email, person):
        raise ShareRefused(
            gettext("{email} is a member of {workspace} already.").format(
                email=email, workspace=formula.workspace
            ),
            field="email",
        )
    if formula.shares.filter(Q(email__iexact=email) | Q(person=person, person__isnull=False)).exists():
        raise ShareRefused(
            gettext("{email} has this formula already. Change the level instead.").format(email=email),
            field="email",
        )
    if formula.shares.count() >= MOST_SHARES:
        raise ShareRefused(
            gettext(
                "A formula is shared with at most {most_shares} people. Make a team to work with more."
            ).format(most_shares=MOST_SHARES),
            field="email",
        )
    share = FormulaShare.objects.create(
        formula=formula, email=email, level=level, person=person, shared_by=actor
    )
    _grant(share)
    _record(share, "made", actor, level)
    ask_for_mail("share", to=share.email, about=share.pk)
    return share


@transaction.atomic
def change_share(share: FormulaShare, *, level: str, actor: User) -> FormulaShare:
    """Let the person do more or less with the formula from now on. Raises ShareRefused."""
    _check_level(level)
    share = _locked(share)
    before = share.level
    if before != level:
        share.level = level
        share.save(update_fields=["level", "updated_at"])
        _grant(share)
        _record(share, "changed", actor, [before, level])
    return share


@transaction.atomic
def revoke_share(share: FormulaShare, *, actor: User) -> None:
    """End it at once, by those who share or by the person it is shared with. Raises ShareRefused when it is over."""
    share = _locked(share)
    _end(share, "left" if actor == share.person else "revoked", actor=actor)


@transaction.atomic
def claim_shares(person: User, email: str) -> int:
    """Make real what waited for this address, which the person has just confirmed. Returns how many."""
    _lock_address(email)
    waiting = FormulaShare.objects.select_for_update(of=("self",)).filter(email__iexact=email, person=None)
    claimed = 0
    for share in waiting.select_related("formula__workspace").order_by("id"):
        has_it = FormulaShare.objects.filter(formula=share.formula, person=person).exists()
        if has_it or _is_member(share.formula.workspace, email, person):
            share.delete()  # by another address of theirs, or from inside
            continue
        share.person = person
        share.save(update_fields=["person", "updated_at"])
        _grant(share)
        _record_for_person(share, "received", person, share.level)
        claimed += 1
    return claimed


@transaction.atomic
def end_shares_of_member(membership: Membership) -> None:
    """The role decides from now on: no older share shall open a formula to somebody who is removed later."""
    shares = FormulaShare.objects.filter(
        formula__workspace=membership.workspace_id, person=membership.user_id
    ).order_by("id")
    for share in shares:
        _end(_locked(share), "joined", actor=membership.user)


@sends("share")
def send_share(share_id: int) -> None:
    """Tell the person by mail what was shared with them, and how to get at it."""
    share = (
        FormulaShare.objects.select_related("formula__workspace", "person", "shared_by")
        .filter(pk=share_id)
        .first()
    )
    if share is None:
        return
    path = reverse("formulas:formula-detail", args=[share.formula.uuid])
    if share.person is None:
        path = f"{reverse('account_signup')}?{urlencode({'email': share.email, 'next': path})}"
    context = {
        "share": share,
        "formula": share.formula,
        "sharer": share.shared_by,
        "url": settings.SITE_URL + path,
        "site_url": settings.SITE_URL,
    }
    name = share.shared_by.display_name if share.shared_by else "Somebody"
    message = EmailMultiAlternatives(
        " ".join(
            gettext("{name} shares the formula {name_2} with you")
            .format(name=name, name_2=share.formula.name)
            .split()
        ),
        render_to_string("account/email/share.txt", context).strip() + "\n",
        to=[share.email],
    )
    message.attach_alternative(render_to_string("account/email/share.html", context), "text/html")
    message.send()


def _check_level(level: str) -> None:
    if level not in ShareLevel.values:
        raise ShareRefused(gettext("Choose view, copy or edit."), field="level", status=422)


def _lock_address(email: str) -> None:
    """Until the end of the transaction: sharing with an address and confirming it never miss one another."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [ADDRESS_LOCK, email.lower()])


def _person_of(email: str) -> User | None:
    address = EmailAddress.objects.filter(email__iexact=email, verified=True).select_related("user").first()
    return address.user if address else None


def _is_member(workspace: Workspace, email: str, person: User | None) -> bool:
    members = Membership.objects.filter(workspace=workspace)
    return members.filter(Q(user=person, user__isnull=False) | Q(user__email__iexact=email)).exists()


def _locked(share: FormulaShare) -> FormulaShare:
    found = (
        FormulaShare.objects.select_for_update(of=("self",))
        .select_related("formula__workspace", "person")
        .filter(pk=share.pk)
        .first()
    )
    if found is None:
        raise ShareRefused(gettext("The formula is no longer shared with this person."))
    return found


def _end(share: FormulaShare, verb: str, *, actor: User) -> None:
    level, share.level = share.level, ""
    _grant(share)
    _record(share, verb, actor, level)
    share.delete()


def _grant(share: FormulaShare) -> None:
    """The permissions of the share's level, and no others."""
    if share.person is None:
        return
    held = PERMISSIONS[ShareLevel(share.level)] if share.level else ()
    for permission in PERMISSIONS[ShareLevel.EDIT]:
        change = assign_perm if permission in held else remove_perm
        change(permission, share.person, share.formula)


def _record(share: FormulaShare, verb: str, actor: User, level: object) -> None:
    """In the journal of the workspace, and in that of the person."""
    with without_origin() if actor == share.person else nullcontext():
        record(
            actor=actor,
            workspace=share.formula.workspace,
            action=f"formulas.share.{verb}",
            target=share,
            subject=share.person,
            changes={"formula": str(share.formula.uuid), "level": level},
            personal={"email": share.email},
        )
    _record_for_person(share, verb, actor, level)


def _record_for_person(share: FormulaShare, verb: str, actor: User, level: object) -> None:
    if share.person is None:
        return
    with nullcontext() if actor == share.person else without_origin():
        record(
            actor=actor,
            workspace=ensure_personal_workspace(share.person),
            action=f"formulas.share.{verb}",
            target=share,
            changes={"formula": str(share.formula.uuid), "level": level},
        )
