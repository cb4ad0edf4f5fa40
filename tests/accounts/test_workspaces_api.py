"""Workspaces by program: made, changed, shared by invitation, handed over, left and closed; and who may not."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.core import mail
from rest_framework.test import APIClient

from apps.accounts.models import Invitation, Membership, Workspace
from apps.accounts.services import (
    create_api_key,
    create_team,
    invitations,
    send_invitation,
)
from apps.journal.models import Entry
from tests.accounts.keys.conftest import client_with
from tests.factories import UserFactory

URL = "/api/v1/workspaces/"
ANY = {"If-Match": "*"}


def _client(person) -> APIClient:
    client = APIClient()
    client.force_login(person)
    return client


@pytest.fixture
def team(user) -> Workspace:
    return create_team(name="Night desk", actor=user)


@pytest.fixture
def one(team) -> str:
    return f"{URL}{team.uuid}/"


def _join(team, role) -> Membership:
    return Membership.objects.create(workspace=team, user=UserFactory(), role=role)


@pytest.fixture(autouse=True)
def outbox(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def _token(invitation) -> str:
    """The token of the mail that is sent for it."""
    mail.outbox.clear()
    send_invitation(invitation.pk)
    return re.search(r"/invitations/([\w-]+)/", mail.outbox[0].body).group(1)


def test_made_listed_read_and_renamed(api, user, workspace):
    made = api.post(URL, {"name": "Day desk", "letter": "d"}, format="json")
    assert made.status_code == 201, made.json()
    shown = made.json()
    assert (shown["name"], shown["letter"], shown["kind"], shown["role"]) == (
        "Day desk",
        "D",
        "team",
        "owner",
    )
    listed = api.get(URL).json()["results"]
    assert {row["uuid"] for row in listed} == {str(workspace.uuid), shown["uuid"]}
    one = api.get(made["Location"])
    assert one.json() == shown
    renamed = api.patch(
        f"{URL}{shown['uuid']}/", {"name": "Dawn"}, format="json", headers={"If-Match": one["ETag"]}
    )
    assert (renamed.status_code, renamed.json()["name"], renamed.json()["letter"]) == (200, "Dawn", "D")
    late = api.patch(
        f"{URL}{shown['uuid']}/", {"name": "Dusk"}, format="json", headers={"If-Match": one["ETag"]}
    )
    assert late.status_code == 412
    entry = Entry.objects.get(action="accounts.workspace.changed")
    assert (entry.changes, str(entry.workspace_id)) == (
        {"name": ["Day desk", "Dawn"]}, str(Workspace.objects.get(name="Dawn").pk)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field"), [({}, "name"), ({"name": ""}, "name"), ({"name": "x", "letter": "ab"}, "letter")]
)
def test_wrong_values_name_their_field(api, wrong, field):
    answer = api.post(URL, wrong, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


# (method, path below the workspace, body): the answers to owner, admin, trader, analyst, viewer
NAME = {"name": "Renamed"}
ASKED = {"email": "new@example.org", "role": "viewer"}
TABLE = [
    ("get", "", None, (200, 200, 200, 200, 200)),
    ("patch", "", NAME, (200, 200, 403, 403, 403)),
    ("get", "members/", None, (200, 200, 200, 200, 200)),
    ("get", "members/MEMBER/", None, (200, 200, 200, 200, 200)),
    ("patch", "members/MEMBER/", {"role": "analyst"}, (200, 200, 403, 403, 403)),
    ("get", "invitations/", None, (200, 200, 403, 403, 403)),
    ("post", "invitations/", ASKED, (201, 201, 403, 403, 403)),
    ("get", "invitations/INVITATION/", None, (200, 200, 403, 403, 403)),
    ("post", "invitations/INVITATION/resend/", None, (200, 200, 403, 403, 403)),
    ("delete", "invitations/INVITATION/", None, (204, 204, 403, 403, 403)),
    ("delete", "members/MEMBER/", None, (204, 204, 403, 403, 403)),
    # the member is removed a line above, so that the owner finds nobody
    ("post", "transfer/", {"member": "MEMBER"}, (404, 403, 403, 403, 403)),
    ("post", "close/", None, (200, 403, 403, 403, 403)),
    ("post", "reopen/", None, (200, 403, 403, 403, 403)),
    ("post", "leave/", None, (409, 204, 204, 204, 204)),
]


@pytest.mark.parametrize("role", ["owner", "admin", "trader", "analyst", "viewer"])
def test_each_role_may_what_the_matrix_says(team, user, one, role):
    column = ("owner", "admin", "trader", "analyst", "viewer").index(role)
    client = _client(user if role == "owner" else _join(team, role).user)
    other = _join(team, "viewer")
    asked = invitations.invite(team, email="x@example.org", role="viewer", actor=user)
    ids = {"MEMBER": str(other.uuid), "INVITATION": str(asked.uuid)}
    wrong = {}
    for method, path, body, expected in TABLE:
        for word, uuid in ids.items():
            path = path.replace(word, uuid)
        sent = {key: ids.get(value, value) for key, value in (body or {}).items()}
        options = {"data": sent, "format": "json"} if body is not None else {}
        answer = getattr(client, method)(one + path, headers=ANY, **options)
        if answer.status_code != expected[column]:
            wrong[(method, path)] = (answer.status_code, expected[column], getattr(answer, "data", None))
    assert wrong == {}


def test_strangers_and_ids_of_other_workspaces_are_not_found(team, user, api, stranger):
    foreign = create_team(name="Theirs", actor=stranger)
    member = foreign.memberships.get().uuid
    asked = invitations.invite(foreign, email="x@example.org", role="viewer", actor=stranger).uuid
    paths = [
        ("get", f"{foreign.uuid}/"), ("patch", f"{foreign.uuid}/"), ("get", f"{foreign.uuid}/members/"),
        ("post", f"{foreign.uuid}/invitations/"), ("post", f"{foreign.uuid}/close/"),
        ("post", f"{foreign.uuid}/leave/"), ("get", f"{uuid4()}/"), ("get", "nothing/"),
        ("get", f"{team.uuid}/members/{member}/"), ("patch", f"{team.uuid}/members/{member}/"),
        ("delete", f"{team.uuid}/members/{member}/"), ("get", f"{team.uuid}/invitations/{asked}/"),
        ("delete", f"{team.uuid}/invitations/{asked}/"),
        ("post", f"{team.uuid}/invitations/{asked}/resend/"),
        ("get", f"{team.uuid}/members/{'-' * 36}/"),
    ]  # fmt: skip
    answers = {
        (method, path): getattr(api, method)(URL + path, {}, headers=ANY).status_code
        for method, path in paths
    }
    assert set(answers.values()) == {404}, answers
    handed = api.post(f"{URL}{team.uuid}/transfer/", {"member": str(member)}, format="json")
    assert handed.status_code == 404
    # nor does the header that chooses a workspace lead around it
    around = api.get(f"{URL}{foreign.uuid}/", headers={"X-Workspace": str(team.uuid)})
    assert around.status_code == 404


def test_the_role_in_the_workspace_of_the_address_counts(team, user, stranger):
    """Not that in the one the session works in, where this person is the owner."""
    Membership.objects.create(workspace=team, user=stranger, role="viewer")
    own = create_team(name="Own", actor=stranger)
    client = _client(stranger)
    sent = {"data": NAME, "format": "json", "headers": {**ANY, "X-Workspace": str(own.uuid)}}
    assert client.patch(f"{URL}{team.uuid}/", **sent).status_code == 403
    assert client.patch(f"{URL}{own.uuid}/", **sent).status_code == 200


def test_invited_and_accepted_once(api, team, one, user, stranger):
    made = api.post(f"{one}invitations/", {"email": stranger.email, "role": "trader"}, format="json")
    assert (made.status_code, made.json()["state"]) == (201, "pending")
    again = api.post(f"{one}invitations/", {"email": stranger.email, "role": "trader"}, format="json")
    assert (again.status_code, "asked already" in again.json()["detail"]) == (409, True)
    invitation = Invitation.objects.get()
    assert "token" not in made.json()
    token = _token(invitation)
    client = _client(stranger)
    joined = client.post("/api/v1/invitations/accept/", {"token": token}, format="json")
    assert (joined.status_code, joined.json()["role"], joined.json()["uuid"]) == (
        200,
        "trader",
        str(team.uuid),
    )
    assert client.post("/api/v1/invitations/accept/", {"token": token}, format="json").status_code == 409


def test_an_invitation_to_another_address_is_taken_on_purpose(team, user, stranger):
    asked = invitations.invite(team, email="other@example.org", role="viewer", actor=user)
    sent = {"token": _token(asked)}
    client = _client(stranger)
    first = client.post("/api/v1/invitations/accept/", sent, format="json")
    assert (first.status_code, first.json()["code"]) == (409, "other_address")
    meant = client.post("/api/v1/invitations/accept/", {**sent, "with_this_account": True}, format="json")
    assert meant.status_code == 200
    unknown = client.post("/api/v1/invitations/accept/", {"token": "x" * 43}, format="json")
    assert unknown.status_code == 404


def test_declined(team, user, stranger):
    asked = invitations.invite(team, email=stranger.email, role="viewer", actor=user)
    sent = {"token": _token(asked)}
    assert _client(stranger).post("/api/v1/invitations/decline/", sent, format="json").status_code == 204
    asked.refresh_from_db()
    assert asked.state == "declined"


def test_handing_over_and_closing_need_a_fresh_confirmation(api, team, one, user):
    heir = _join(team, "admin")
    session = api.session
    session["confirmed_at"] = 0.0
    session.save()
    sent = {"member": str(heir.uuid)}
    for answer in (api.post(f"{one}transfer/", sent, format="json"), api.post(f"{one}close/")):
        assert (answer.status_code, answer.json()["code"]) == (403, "confirmation_required")
    team.refresh_from_db()
    assert (team.owner, team.closes_at) == (user, None)
    api.force_login(user)  # which confirms
    handed = api.post(f"{one}transfer/", sent, format="json")
    assert (handed.status_code, handed.json()["role"]) == (200, "admin")
    team.refresh_from_db()
    assert team.owner == heir.user


def test_a_closed_team_is_read_and_taken_back(api, team, one):
    closed = api.post(f"{one}close/")
    assert (closed.status_code, bool(closed.json()["closes_at"])) == (200, True)
    assert api.get(f"{one}members/").status_code == 200
    assert api.patch(one, NAME, format="json", headers=ANY).status_code == 403
    opened = api.post(f"{one}reopen/")
    assert (opened.status_code, opened.json()["closes_at"]) == (200, None)
    assert api.patch(one, NAME, format="json", headers=ANY).status_code == 200


def test_the_owner_is_neither_removed_nor_changed_and_personal_ones_stay(api, team, one, workspace):
    owner = f"{one}members/{team.memberships.get().uuid}/"
    refused = [
        api.patch(owner, {"role": "viewer"}, format="json", headers=ANY),
        api.delete(owner),
        api.post(f"{URL}{workspace.uuid}/close/"),
        api.post(f"{URL}{workspace.uuid}/leave/"),
        api.post(f"{URL}{workspace.uuid}/invitations/", ASKED, format="json"),
    ]
    assert {answer.status_code for answer in refused} == {409}
    assert api.patch(owner, {"role": "owner"}, format="json", headers=ANY).status_code == 400


def test_a_role_somebody_else_changed_is_not_overwritten(api, team, one):
    member = _join(team, "viewer")
    path = f"{one}members/{member.uuid}/"
    tag = api.get(path)["ETag"]
    sent = {"data": {"role": "trader"}, "format": "json"}
    assert api.patch(path, **sent).status_code == 428
    assert api.patch(path, **sent, headers={"If-Match": tag}).json()["role"] == "trader"
    assert api.patch(path, **sent, headers={"If-Match": tag}).status_code == 412


def test_a_key_knows_its_own_workspace_alone_and_stays_within_its_scopes(team, one, user, workspace):
    scopes = ["workspace.view", "members.manage", "workspace.manage"]
    _, secret = create_api_key(team, name="k", actor=user, scopes=scopes)
    client = client_with(secret)
    assert [row["uuid"] for row in client.get(URL).json()["results"]] == [str(team.uuid)]
    for path in ("", "members/", "invitations/"):
        assert client.get(f"{URL}{workspace.uuid}/{path}").status_code == 404, path
        assert client.get(one + path).status_code == 200, path
    assert client.get(f"{URL}{str(team.uuid).upper()}/").status_code == 200
    assert client.post(f"{one}invitations/", ASKED, format="json").status_code == 201
    never = [
        client.post(URL, NAME, format="json"),
        client.post(f"{one}leave/"),
        client.post(f"{one}close/"),
        client.post(f"{one}reopen/"),
        client.post(f"{one}transfer/", {"member": str(uuid4())}, format="json"),
        client.post("/api/v1/invitations/accept/", {"token": "x" * 43}, format="json"),
    ]
    assert {answer.status_code for answer in never} == {403}
    _, reader = create_api_key(team, name="r", actor=user, scopes=["formulas.view"])
    assert client_with(reader).get(f"{one}members/").status_code == 403


def test_whoever_leaves_loses_the_keys_made_there(team, one):
    member = _join(team, "trader")
    _, secret = create_api_key(team, name="k", actor=member.user, scopes=["formulas.view"])
    assert _client(member.user).post(f"{one}leave/").status_code == 204
    assert client_with(secret).get("/api/v1/formulas/").status_code == 401
    assert _client(member.user).get(one).status_code == 404


def test_made_once_for_one_idempotency_key(api):
    answers = [
        api.post(URL, {"name": "Desk"}, format="json", headers={"Idempotency-Key": "k1"}) for _ in range(2)
    ]
    assert {answer.status_code for answer in answers} == {201}
    assert answers[0].json() == answers[1].json()
    assert Workspace.objects.filter(name="Desk").count() == 1
