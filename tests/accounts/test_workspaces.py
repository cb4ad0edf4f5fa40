"""Teams, from making one to closing it: pages, services and what the database refuses."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.errors import InvitationRefused, WorkspaceRefused
from apps.accounts.models import Invitation, Membership, Workspace
from apps.accounts.services import (
    change_role,
    change_workspace,
    close_workspace,
    create_api_key,
    create_team,
    invitations,
    remove_member,
    send_invitation,
    transfer_workspace,
)
from apps.journal.models import Entry
from tests.factories import UserFactory


@pytest.fixture
def team(user):
    return create_team(name="Night desk", actor=user)


def _join(team, role="trader", **who):
    person = UserFactory(**who)
    return Membership.objects.create(workspace=team, user=person, role=role)


def _token(invitation) -> str:
    """The token of the mail that is sent for it."""
    mail.outbox.clear()
    send_invitation(invitation.pk)
    return re.search(r"/invitations/([\w-]+)/", mail.outbox[0].body).group(1)


@pytest.fixture(autouse=True)
def outbox(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def test_page_makes_a_team_and_one_works_in_it(web, user, workspace):
    web.post("/settings/workspace/new/", {"name": "Night desk"})
    team = Workspace.objects.get(kind="team")
    assert (team.owner, team.plan_code, team.mark) == (user, "free", "N")
    assert "Night desk" in web.get("/dashboard/").content.decode()
    web.post(f"/settings/workspace/switch/{workspace.uuid}/")
    assert "Night desk" not in web.get("/dashboard/").content.decode()
    assert Entry.objects.filter(workspace_id=team.pk, action="accounts.workspace.created").exists()


def test_nobody_switches_into_a_foreign_workspace(web, stranger):
    theirs = Workspace.objects.get(owner=stranger)
    assert web.post(f"/settings/workspace/switch/{theirs.uuid}/").status_code == 404


@pytest.mark.parametrize("sql", [
    "DELETE FROM accounts_membership WHERE workspace_id = %(team)s AND role = 'owner'",
    "UPDATE accounts_membership SET role = 'admin' WHERE workspace_id = %(team)s AND role = 'owner'",
    "UPDATE accounts_membership SET role = 'owner' WHERE workspace_id = %(team)s",
    "UPDATE accounts_workspace SET owner_id = %(other)s WHERE id = %(team)s",
])  # fmt: skip
def test_database_keeps_one_owner_who_is_a_member(team, sql):
    other = _join(team).user
    statement = f"{sql}; SET CONSTRAINTS ALL IMMEDIATE"
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(statement % {"team": team.pk, "other": other.pk})


def test_hand_over_makes_the_old_owner_an_admin(team, user):
    heir = _join(team)
    transfer_workspace(team, to=heir, actor=user)
    team.refresh_from_db()
    roles = dict(team.memberships.values_list("user__email", "role"))
    assert (team.owner, roles) == (heir.user, {heir.user.email: "owner", user.email: "admin"})


def test_personal_workspace_stays_with_its_person(workspace, user):
    for act in (
        lambda: transfer_workspace(workspace, to=workspace.memberships.get(), actor=user),
        lambda: close_workspace(workspace, actor=user),
        lambda: invitations.invite(workspace, email="a@b.example", role="viewer", actor=user),
        lambda: remove_member(workspace.memberships.get(), actor=user),
    ):
        with pytest.raises(WorkspaceRefused):
            act()


def test_owner_keeps_the_role_and_stays(team, user):
    mine = team.memberships.get(user=user)
    with pytest.raises(WorkspaceRefused):
        change_role(mine, role="viewer", actor=user)
    with pytest.raises(WorkspaceRefused):
        change_role(_join(team), role="owner", actor=user)


def test_leaving_ends_ones_keys_there(team, user):
    membership = _join(team)
    key, _ = create_api_key(team, name="mine", actor=membership.user)
    remove_member(membership, actor=membership.user)
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert Entry.objects.filter(workspace_id=team.pk, action="accounts.member.left").exists()


def test_who_is_not_the_owner_any_more_hands_nothing_over(team, user):
    heirs = [_join(team), _join(team)]
    transfer_workspace(team, to=heirs[0], actor=user)
    with pytest.raises(WorkspaceRefused):
        transfer_workspace(team, to=heirs[1], actor=user)
    assert team.memberships.get(role="owner") == heirs[0]


@pytest.mark.django_db(transaction=True)
def test_two_hand_overs_at_once_leave_one_owner():
    owner = UserFactory()
    team = create_team(name="Race", actor=owner)
    heirs = [_join(team), _join(team)]
    barrier, refused = threading.Barrier(3), []

    def act(work):
        barrier.wait()
        try:
            work()
        except WorkspaceRefused as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=act, args=(work,))
        for work in (
            lambda: transfer_workspace(team, to=heirs[0], actor=owner),
            lambda: transfer_workspace(team, to=heirs[1], actor=owner),
            lambda: remove_member(heirs[0], actor=owner),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    team.refresh_from_db()
    assert list(team.memberships.filter(role="owner").values_list("user", flat=True)) == [team.owner_id]
    assert Entry.objects.filter(action="accounts.workspace.transferred").count() == 1
    assert len(refused) in (1, 2)  # the second hand-over, and whoever would remove the new owner


def test_mail_says_who_invites_and_its_link_joins(team, user, web):
    user.name = "Ada"
    user.save()
    invitation = invitations.invite(team, email="Eve@x.example", role="analyst", actor=user)
    token = _token(invitation)
    message = mail.outbox[0]
    html = message.alternatives[0][0]
    assert message.subject == "Ada invites you to Night desk on Candlewright"
    for text in (message.body, html):
        assert all(word in text for word in ("Ada", user.email, "analyst", token))
    assert token not in Invitation.objects.values_list("token_hash", flat=True)
    guest = UserFactory(email="eve@x.example")
    client = Client()
    assert "Sign up and join" in client.get(f"/invitations/{token}/").content.decode()
    client.force_login(guest)
    client.post(f"/invitations/{token}/", {"answer": "accept"})
    assert team.memberships.get(user=guest).role == "analyst"
    assert "Night desk" in client.get("/dashboard/").content.decode()
    assert client.post(f"/invitations/{token}/", {"answer": "accept"}).status_code == 409


def test_another_address_is_told_and_asked(team, user):
    token = _token(invitations.invite(team, email="eve@x.example", role="viewer", actor=user))
    client = Client()
    client.force_login(UserFactory(email="bob@y.example"))
    assert "signed in as bob@y.example" in client.get(f"/invitations/{token}/").content.decode()
    assert client.post(f"/invitations/{token}/", {"answer": "accept"}).status_code == 409
    assert team.memberships.count() == 1
    client.post(f"/invitations/{token}/", {"answer": "accept", "with_this_account": "1"})
    assert team.memberships.count() == 2


def test_link_dies_when_sent_again_revoked_expired_or_declined(team, user):
    invitation = invitations.invite(team, email="eve@x.example", role="viewer", actor=user)
    first = _token(invitation)
    second = _token(invitations.resend(invitation, actor=user))
    assert Client().get(f"/invitations/{first}/").status_code == 404
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    invitation.refresh_from_db()
    assert "is over" in Client().get(f"/invitations/{second}/").content.decode()
    with pytest.raises(InvitationRefused):
        invitations.accept(invitation, actor=UserFactory())
    again = invitations.invite(team, email="EVE@x.example", role="viewer", actor=user)
    with pytest.raises(InvitationRefused):
        invitations.invite(team, email="eve@X.example", role="viewer", actor=user)
    Client().post(f"/invitations/{_token(again)}/", {"answer": "decline"})
    again.refresh_from_db()
    assert again.state == "declined"


def test_closing_reads_only_and_can_be_taken_back(team, user):
    client = Client()
    client.force_login(user)
    client.post(f"/settings/workspace/switch/{team.uuid}/")
    client.post("/settings/workspace/close/")
    assert client.get("/formulas/").status_code == 200
    assert client.post("/formulas/new/", {"name": "x", "text": "x"}).status_code == 403
    client.post("/settings/workspace/reopen/")
    assert client.get("/formulas/new/").status_code == 200
    assert set(Entry.objects.filter(target_type="accounts.workspace").values_list("action", flat=True)) >= {
        "accounts.workspace.closed", "accounts.workspace.reopened"
    }  # fmt: skip


@pytest.mark.parametrize("is_team", [True, False])
def test_a_new_name_of_ones_own_workspace_is_personal_in_the_journal(user, workspace, team, is_team):
    """A personal workspace is called after its person: the entry keeps it where it can be erased."""
    where = team if is_team else workspace
    before = where.name
    change_workspace(where, actor=user, name="Ana's corner")
    entry = Entry.objects.get(action="accounts.workspace.changed")
    assert entry.all_changes["name"] == [before, "Ana's corner"]
    assert ("name" in entry.changes) == is_team
    assert entry.subject_id == (None if is_team else user.pk)
