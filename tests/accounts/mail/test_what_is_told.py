"""Every entry of the journal that calls for a mail: who gets it, and its words, as a mail server takes them.

The table is by hand. Each row does the thing itself, through the product's own services.
"""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.errors import RefreshRefused
from apps.accounts.models import ApiKey, MailRequest, Membership, Passkey, RefreshToken, SecurityMail, User
from apps.accounts.services import (
    activate_user,
    change_api_key,
    check_login_allowed,
    create_api_key,
    create_team,
    note_login_failed,
    revoke_api_key,
    rotate_api_key,
    send_due_mail,
    suspend_user,
    tell_of_expiring_keys,
)
from apps.accounts.services.invitations import accept, invite
from apps.accounts.services.members import remove_member
from apps.accounts.services.people import note_email_changed, note_password_changed, note_social_account
from apps.accounts.services.privacy import (
    build_export,
    cancel_erasure,
    note_download,
    request_erasure,
    request_export,
)
from apps.accounts.services.second_factors import make_backup_codes, verify_second_factor
from apps.accounts.services.second_factors.factors import (
    remove_factor,
    rename_passkey,
    reset_second_factors,
)
from apps.accounts.services.second_factors.totp import begin_totp, confirm_totp
from apps.accounts.services.tokens import open_family, rotate
from apps.accounts.services.told import KINDS
from apps.accounts.services.workspaces import transfer_workspace
from apps.journal.services import run_consumers
from apps.journal.services.registry import consumers
from tests.accounts.mail.conftest import taken
from tests.accounts.second_factors.authenticator import Authenticator
from tests.accounts.second_factors.conftest import code_of, enrol, wrong
from tests.factories import UserFactory, workspace_of
from tests.journal.conftest import everything

PASSWORD = "correct-horse-battery"
HOST = {"HTTP_HOST": "localhost"}


@pytest.fixture
def cast(db) -> SimpleNamespace:
    """Ana, whom it happens to; Ben, who works with her; a member of staff; Ana's team."""
    ana, ben = UserFactory(name="Ana"), UserFactory(name="Ben <b>")
    staff = UserFactory(name="Sam", is_staff=True)
    own = workspace_of(ana, "pro")
    workspace_of(ben)
    team = create_team(name="Night desk", actor=ana)
    return SimpleNamespace(ana=ana, ben=ben, staff=staff, own=own, team=team)


def _key(cast) -> ApiKey:
    return create_api_key(cast.own, name="notebook", actor=cast.ana)[0]


def _join(cast, role: str = "trader") -> Membership:
    return Membership.objects.create(workspace=cast.team, user=cast.ben, role=role)


def _passkey(cast) -> tuple[Client, Authenticator]:
    key, client = Authenticator(), Client(**HOST)
    client.post("/accounts/login/", {"login": cast.ana.email, "password": PASSWORD})
    options = client.post("/settings/security/passkeys/options/").json()
    made = client.post("/settings/security/passkeys/new/", {"name": "Laptop", "passkey": key.make(options)})
    assert made.status_code == 302, made.content
    return client, key


def new_password(cast):
    note_password_changed(cast.ana, login=None)


def new_address(cast):
    note_email_changed(cast.ana, before="old@example.com", after=cast.ana.email)


def app_added(cast):
    device = begin_totp(cast.ana)
    confirm_totp(cast.ana, code_of(device), actor=cast.ana)


def app_removed(cast):
    remove_factor(enrol(cast.ana), actor=cast.ana)


def passkey_renamed(cast):
    _passkey(cast)
    rename_passkey(Passkey.objects.get(), name="Blue key", actor=cast.ana)


def passkey_copied(cast):
    _, key = _passkey(cast)
    for counter in (5, 4):
        browser = Client(**HOST)
        browser.post("/accounts/login/", {"login": cast.ana.email, "password": PASSWORD})
        key.counter = counter
        browser.post(
            "/accounts/second-factor/",
            {"passkey": key.show(json.loads(browser.post("/accounts/second-factor/passkey/").content))},
        )


def factors_reset(cast):
    enrol(cast.ana)
    reset_second_factors(cast.ana, reason="Lost phone.", actor=cast.staff)


def code_guessed(cast):
    device = enrol(cast.ana)
    for _ in range(5):
        verify_second_factor(cast.ana, wrong(device))


def codes_made(cast):
    enrol(cast.ana)
    make_backup_codes(cast.ana, actor=cast.ana)


def code_used(cast):
    enrol(cast.ana)
    verify_second_factor(cast.ana, make_backup_codes(cast.ana, actor=cast.ana)[0])


def suspended(cast):
    suspend_user(cast.ana, reason="Spam & more.", actor=cast.staff)


def activated(cast):
    suspended(cast)
    activate_user(cast.ana, actor=cast.staff)


def password_guessed(cast):
    for _ in range(5):
        note_login_failed(check_login_allowed(cast.ana.email, ip="203.0.113.9"))


def new_browser(cast):
    for _ in range(2):
        Client().post("/accounts/login/", {"login": cast.ana.email, "password": PASSWORD})


def token_reused(cast, rf=None):
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    pair = open_family(request, cast.ana, name="rebalancer", with_second_factor=False)
    rotate(request, rotate(request, pair.refresh).refresh)
    RefreshToken.objects.update(used_by="somebody else")
    with pytest.raises(RefreshRefused):
        rotate(request, pair.refresh)


def site_connected(cast):
    note_social_account(cast.ana, provider="GitHub", is_connected=True)


def site_disconnected(cast):
    note_social_account(cast.ana, provider="GitHub", is_connected=False)


def key_made(cast):
    _key(cast)


def key_changed(cast):
    change_api_key(
        _key(cast), actor=cast.ana, name="notebook", allowed_networks=["10.0.0.1"], requests_per_minute=None
    )


def key_rotated(cast):
    rotate_api_key(_key(cast), actor=cast.ana)


def key_revoked_by_its_maker(cast):
    revoke_api_key(_key(cast), actor=cast.ana)


def key_revoked_by_another(cast):
    """Ben's key in Ana's team, which Ana ends: Ben is told."""
    _join(cast)
    revoke_api_key(create_api_key(cast.team, name="bot", actor=cast.ben)[0], actor=cast.ana)


def key_revoked_by_staff(cast):
    revoke_api_key(_key(cast), actor=cast.staff)


def key_expiring(cast):
    key = _key(cast)
    now = timezone.now()
    ApiKey.objects.filter(pk=key.pk).update(
        created_at=now - timedelta(days=60), expires_at=now + timedelta(days=13, hours=1)
    )
    assert tell_of_expiring_keys() == 1


def export_finished(cast):
    assert build_export(request_export(cast.ana, actor=cast.ana).pk)


def export_downloaded(cast):
    export = request_export(cast.ana, actor=cast.ana)
    build_export(export.pk)
    export.refresh_from_db()
    note_download(export, actor=cast.ana)


def _without_team(cast):
    cast.team.memberships.all().delete()
    cast.team.delete()


def erasure_requested(cast):
    _without_team(cast)
    request_erasure(cast.ana, actor=cast.ana)


def erasure_cancelled(cast):
    erasure_requested(cast)
    cancel_erasure(cast.ana, actor=cast.ana)


def invitation_accepted(cast):
    accept(invite(cast.team, email=cast.ben.email, role="analyst", actor=cast.ana), actor=cast.ben)


def handed_over(cast):
    transfer_workspace(cast.team, to=_join(cast), actor=cast.ana)


def removed(cast):
    remove_member(_join(cast), actor=cast.ana)


# (action, what is done, who is told, the words that must be there)
TOLD = [
    ("password.changed", new_password, "ana", "the password of your account was changed. Every other"),
    ("email.changed", new_address, "ana", "was changed from old@example.com to"),
    ("second_factor.added", app_added, "ana", "added or renewed: Authenticator app."),
    ("second_factor.removed", app_removed, "ana", "was removed: Authenticator app."),
    ("second_factor.renamed", passkey_renamed, "ana", "a passkey of your account has a new name: Blue key"),
    ("second_factor.copied", passkey_copied, "ana", "it may have been copied"),
    ("second_factor.reset", factors_reset, "ana", "our staff removed all second factors"),
    ("second_factor.guessed", code_guessed, "ana", "has entered several wrong codes"),
    ("second_factor.backup_codes_made", codes_made, "ana", "new backup codes were made"),
    ("second_factor.backup_code_used", code_used, "ana", "a backup code of your account was used"),
    ("user.suspended", suspended, "ana", "Their reason: Spam & more."),
    ("user.activated", activated, "ana", "your account is open again"),
    ("login.guessed", password_guessed, "ana", "has given wrong passwords for your account"),
    ("login.new_device", new_browser, "ana", "a browser that was not used for it before"),
    ("login.token_reused", token_reused, "ana", "a program (rebalancer) was signed out"),
    ("social.connected", site_connected, "ana", "another way to sign in to your account was added: GitHub"),
    ("social.disconnected", site_disconnected, "ana", "sign in to your account was removed: GitHub"),
    ("api_key.created", key_made, "ana", "an API key of yours was made in Ana's workspace: notebook"),
    ("api_key.changed", key_changed, "ana", "an API key of yours was changed in Ana's workspace: notebook"),
    ("api_key.rotated", key_rotated, "ana", "an API key of yours got a successor in Ana's workspace"),
    ("api_key.revoked", key_revoked_by_its_maker, "ana", "an API key of yours was ended in Ana's workspace"),
    ("api_key.revoked", key_revoked_by_another, "ben", "Ana ended an API key of yours in Night desk: bot"),
    ("api_key.revoked", key_revoked_by_staff, "ana", "Our staff ended an API key of yours in Ana's"),
    ("api_key.expiring", key_expiring, "ana", "Rotate it before then, under Settings, API keys."),
    ("export.finished", export_finished, "ana", "the export of your data is ready"),
    ("export.downloaded", export_downloaded, "ana", "the export of your data was downloaded"),
    ("erasure.requested", erasure_requested, "ana", "you asked for your account to be deleted"),
    ("erasure.cancelled", erasure_cancelled, "ana", "your account stays: its deletion was taken back"),
    ("invitation.accepted", invitation_accepted, "ana", "Ben <b> accepted your invitation to Night desk."),
    ("workspace.transferred", handed_over, "ben", "you own Night desk now. Ana handed it over to you."),
    ("workspace.transferred", handed_over, "ana", "Night desk has a new owner."),
    ("member.removed", removed, "ben", "you are no longer a member of Night desk. Ana removed you"),
]
BY_OTHERS = {
    "suspended",
    "activated",
    "key_revoked_by_another",
    "key_revoked_by_staff",
    "invitation_accepted",
    "removed",
}


def test_the_table_is_whole_and_the_consumer_reads_just_that():
    assert {f"accounts.{action}" for action, *_ in TOLD} == set(KINDS)
    (reader,) = [reader for reader in consumers() if reader.name == "accounts.security_mail"]
    assert (set(reader.actions), reader.soon) == (set(KINDS), True)


@pytest.mark.parametrize(
    ("action", "do", "who", "words"), TOLD, ids=[f"{do.__name__}-{who}" for _, do, who, _ in TOLD]
)
def test_it_is_told(cast, server, action, do, who, words):
    do(cast)
    run_consumers(up_to=everything(), names=["accounts.security_mail"])
    written = SecurityMail.objects.count() + MailRequest.objects.count()
    assert send_due_mail() == written
    person: User = getattr(cast, who)
    row = SecurityMail.objects.get(
        user=person, facts__action=f"accounts.{action}", recipient=User.objects.get(pk=person.pk).email
    )
    (mail,) = [mail for mail in taken(server) if str(row.uuid) in mail["Message-ID"]]
    assert mail["To"] == person.email
    text = mail.get_body(("plain",)).get_content()
    page = mail.get_body(("html",)).get_content()
    assert "<b>," not in page, "names are escaped"
    read = " ".join(html.unescape(re.sub(r"<(?!b>)[^>]*>", " ", page)).split())
    for body in (" ".join(text.split()), read):
        assert words in body
        assert body.startswith(("Hello " + person.name, "Candlewright Hello " + person.name))
        assert not re.search(r"{[{%]|None|&amp;|&#", body), body
    undone = do.__name__ not in BY_OTHERS and (do, who) != (handed_over, "ben") and do is not key_expiring
    assert ("/accounts/not-me/" in text) == ("/accounts/not-me/" in page) == undone


def test_a_key_that_was_ended_by_another_is_not_told_to_who_ended_it(cast):
    key_revoked_by_another(cast)
    run_consumers(up_to=everything(), names=["accounts.security_mail"])
    revoked = SecurityMail.objects.filter(facts__action="accounts.api_key.revoked")
    assert [mail.user for mail in revoked] == [cast.ben]


def test_who_invited_and_no_longer_manages_members_is_not_told(cast):
    invitation_accepted(cast)
    transfer_workspace(cast.team, to=cast.team.memberships.get(user=cast.ben), actor=cast.ana)
    cast.team.memberships.filter(user=cast.ana).update(role="viewer")
    run_consumers(up_to=everything(), names=["accounts.security_mail"])
    assert not SecurityMail.objects.filter(facts__action="accounts.invitation.accepted").exists()


def test_names_of_others_are_looked_up_when_the_mail_goes_and_kept_nowhere(cast):
    invitation_accepted(cast)
    run_consumers(up_to=everything(), names=["accounts.security_mail"])
    assert "Ben" not in json.dumps(SecurityMail.objects.get(kind="workspace").facts)
