"""The dashboard: what is wrong comes first, and only what one may see."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.formulas.services import create_formula
from apps.pages.first_run import put_on_paper
from apps.trading.choices import SwitchScope
from apps.trading.services import throw_switch


def test_what_is_wrong_stands_first(web, workspace, user, tested):
    bot = put_on_paper(workspace, actor=user)
    page = web.get("/dashboard/").content.decode()
    assert "all well" in page
    assert 'class="incidents"' not in page

    throw_switch(workspace=workspace, scope=SwitchScope.WORKSPACE, reason="Too much news today", actor=user)
    page = web.get("/dashboard/").content.decode()
    assert 'data-tone="failed"' in page
    assert page.index("Too much news today") < page.index(f"/bots/{bot.uuid}/")
    assert "all well" not in page


def test_the_parts_an_open_page_asks_for(web, workspace, user, tested):
    put_on_paper(workspace, actor=user)
    now = web.get("/dashboard/now/").content.decode()
    assert 'id="dashboard-now"' in now
    assert 'id="dashboard-bots"' in now
    assert "<html" not in now
    assert 'id="dashboard-signals"' in web.get("/dashboard/signals/").content.decode()


def test_it_asks_the_same_whatever_there_is(web, workspace, user, tested):
    put_on_paper(workspace, actor=user)
    web.get("/dashboard/")
    with CaptureQueriesContext(connection) as few:
        web.get("/dashboard/")
    for number in range(5):
        create_formula(workspace, name=f"Rule {number}", text="long when close > 1", actor=user)
    with CaptureQueriesContext(connection) as many:
        web.get("/dashboard/")
    assert len(many) == len(few)
