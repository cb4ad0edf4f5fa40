"""The page of members: who is found, in which order, and what a refused invitation leaves."""

from __future__ import annotations

import csv

import pytest
from django.test import Client

from apps.accounts.models import Membership, SavedView, Workspace
from tests.factories import UserFactory

MEMBERS = "/settings/workspace/members/"


@pytest.fixture
def team(workspace: Workspace, user) -> Workspace:
    """An owner, two viewers and an admin, who came last."""
    workspace.kind = "team"
    workspace.save()
    user.name, user.email = "Zoë", "zoe@example.com"
    user.save()
    for name, email, role in (
        ("Mia", "mia@example.com", "viewer"),
        ("", "ben@example.org", "viewer"),
        ("Ada", "ada@example.com", "admin"),
    ):
        person = UserFactory(name=name, email=email)
        Membership.objects.create(workspace=workspace, user=person, role=role)
    return workspace


def shown(web: Client, query: str) -> list[str]:
    return [row.user.email[:3] for row in web.get(MEMBERS + query).context["list"].rows]


def test_members_are_sorted_filtered_and_taken_home(web, team, stranger):
    assert shown(web, "") == ["zoe", "ada", "mia", "ben"]  # by what they may do, then by when they came
    assert shown(web, "?sort=name") == ["ada", "ben", "mia", "zoe"]  # who has no name, by the address
    assert shown(web, "?sort=-new") == ["ada", "ben", "mia", "zoe"]
    assert shown(web, "?role=viewer") == ["mia", "ben"]
    assert shown(web, "?q=EXAMPLE.org") == ["ben"]
    assert shown(web, "?q=mi") == ["mia"]
    assert "Nobody is like that" in web.get(MEMBERS + "?q=" + stranger.email).content.decode()
    file = web.get(MEMBERS + "?role=viewer&file=csv").getvalue().decode()
    assert [row["email"] for row in csv.DictReader(file.splitlines())] == [
        "mia@example.com",
        "ben@example.org",
    ]


def test_a_refused_invitation_keeps_what_was_typed_though_a_view_opens_first(web, team, user):
    SavedView.objects.create(
        person=user, workspace=team, page="members", name="Mine", query="role=viewer", is_default=True
    )
    assert web.get(MEMBERS)["Location"] == MEMBERS + "?role=viewer"
    answer = web.post(MEMBERS, {"email": "no address", "role": "viewer"})
    assert answer.status_code == 422
    assert "no address" in answer.content.decode()
