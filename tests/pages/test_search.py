"""What the command palette finds, for whom, and in how many queries."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.models import Membership, User, Workspace
from apps.formulas.models import FormulaVersion
from apps.formulas.services import create_formula, publish_formula
from apps.signals.services import create_source
from tests.factories import CROSS, UserFactory

PALETTE = {"HX-Request": "true", "HX-Target": "palette-results"}


@pytest.fixture
def formula(workspace: Workspace, user: User):
    made = create_formula(workspace, name="Turtle", text=CROSS, actor=user)
    publish_formula(made, actor=user)
    return made


def found(web: Client, words: str) -> str:
    answer = web.get("/search/", {"q": words}, headers=PALETTE)
    assert answer.status_code == 200
    return answer.content.decode()


def test_things_are_found_by_name_id_and_hash(web, formula, workspace, user):
    source = create_source(workspace, name="Turtle alerts", actor=user)[0]
    where = f'href="/formulas/{formula.uuid}/"'
    assert where in found(web, "urtl")
    assert where in found(web, str(formula.uuid))
    assert where in found(web, FormulaVersion.objects.get().content_hash[:10].upper())
    there = f"/signals/sources/{source.uuid}/"
    assert there in found(web, "TURTLE")
    assert there in found(web, source.token_prefix[:4])
    # random letters: a word within them says nothing
    assert there not in found(web, source.token_prefix[1:5])
    assert "/settings/workspace/members/" in found(web, user.email)
    assert "Nothing is called" in found(web, "x\x00%_y")
    assert 'href="/docs/' in found(web, "backtest")


def test_what_is_anothers_is_not_found(web, stranger):
    theirs = create_formula(stranger.owned_workspaces.get(), name="Secret sauce", text=CROSS, actor=stranger)
    for words in ("Secret sauce", str(theirs.uuid)):
        page = found(web, words)
        assert f"/formulas/{theirs.uuid}/" not in page
        assert ">Secret sauce<" not in page


def test_only_what_ones_role_may_do_is_offered(client, workspace):
    everything = ("New formula", "Pause all bots", "Kill switches", "Journal", "API keys")
    for role, offered in ((Role.VIEWER, set()), (Role.ANALYST, {"New formula", "API keys"})):
        person = UserFactory()
        Membership.objects.create(user=person, workspace=workspace, role=role)
        client.force_login(person)
        page = found(client, "")
        assert {name for name in everything if f">{name}<" in page} == offered, role


def test_the_page_does_the_same_without_scripts(web, formula):
    page = web.get("/search/", {"q": "turtle"}).content.decode()
    assert f'href="/formulas/{formula.uuid}/"' in page
    assert 'value="turtle"' in page


def test_a_search_takes_the_same_queries_however_much_there_is(
    web, formula, workspace, user, django_assert_max_num_queries
):
    with django_assert_max_num_queries(30) as first:
        found(web, "turtle")
    for number in range(8):
        create_formula(workspace, name=f"Turtle {number}", text=CROSS, actor=user)
        create_source(workspace, name=f"Turtle {number}", actor=user)
    with django_assert_max_num_queries(len(first.captured_queries)):
        assert found(web, "turtle").count("/formulas/") == 5
