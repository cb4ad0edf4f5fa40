"""The first run: each press does what it says, goes on where it stopped, and belongs to one workspace."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.accounts.models import Membership
from apps.bots.models import Bot
from apps.formulas.library import template_of
from apps.formulas.models import Formula
from apps.journal.models import Entry
from apps.pages.first_run import PICKS, FirstRunRefused, put_on_paper, standing_of
from apps.pages.models import FirstRun


def _page(client: Client, path: str = "/start/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_picks_are_templates_for_daily_bars():
    found = [template_of(key) for key in PICKS]
    assert {template.sample for template in found if template} == {"daily"}
    assert len(found) == 4


def test_from_a_template_to_a_bot(web, workspace, user, feed):
    page = _page(web, "/dashboard/")
    assert 'value="trend-following"' in page
    assert 'href="/formulas/library/"' in page

    assert web.post("/start/pick/", {"template": "trend-following"})["Location"] == "/start/"
    run = FirstRun.objects.get(workspace=workspace)
    # the market that a feed brings on, though another comes before it by name
    assert run.backtest.bar_set.instrument == feed.instrument
    assert run.formula.text == template_of("trend-following").text
    assert run.backtest.parameters["fee"] == pytest.approx(0.001)
    assert "2 of 3" in _page(web, "/dashboard/")
    assert "Run it on paper</button>" not in _page(web)


def test_what_was_tested_is_put_on_paper_once(web, workspace, user, tested, feed):
    assert "Run it on paper" in _page(web)
    assert "not a promise of anything" in _page(web)
    for _ in range(2):
        assert web.post("/start/paper/")["Location"] == "/start/"
    bot = Bot.objects.get(workspace=workspace)
    assert (bot.state, bot.mode, bot.feed) == ("running", "paper", feed)
    assert bot.version.formula_id == tested.formula_id
    assert bot.version.text == tested.formula_text
    assert f"/bots/{bot.uuid}/" in _page(web)
    assert standing_of(workspace).is_over
    assert "Your first run" not in _page(web, "/dashboard/")
    told = Entry.objects.filter(workspace_id=workspace.pk, action__startswith="pages.").order_by("id")
    assert list(told.values_list("action", flat=True)) == [
        "pages.first_run.begun",
        "pages.first_run.finished",
    ]


def test_nothing_runs_that_was_not_tested(web, workspace, user, feed):
    with pytest.raises(FirstRunRefused, match="Pick a template"):
        put_on_paper(workspace, actor=user)
    web.post("/start/pick/", {"template": "turtle"})
    web.post("/start/paper/")  # the backtest still waits for a worker
    assert not Bot.objects.filter(workspace=workspace).exists()


def test_without_bars_it_says_so_and_makes_nothing(web, workspace):
    assert "no bars to test on yet" in _page(web)
    answer = web.post("/start/pick/", {"template": "turtle"}, follow=True)
    assert "There are no bars to test it on yet" in answer.content.decode()
    assert not Formula.objects.filter(workspace=workspace).exists()
    assert web.post("/start/pick/", {"template": "no-such"}).status_code == 404


def test_without_a_feed_the_bot_waits(web, workspace, tested, feed):
    feed.delete()
    answer = web.post("/start/paper/", follow=True)
    assert "No feed brings bars of this timeframe" in answer.content.decode()
    assert not Bot.objects.filter(workspace=workspace).exists()


def test_it_can_be_put_off_and_taken_up_again(web, workspace, tested):
    assert web.post("/start/skip/")["Location"] == "/dashboard/"
    page = _page(web, "/dashboard/")
    assert "Finish your first run" in page
    assert "Continue" not in page
    assert "Run it on paper" in _page(web)  # where it was left
    web.post("/start/paper/")
    assert not standing_of(workspace).is_skipped
    web.post("/start/skip/")
    assert standing_of(workspace).is_over


def test_what_is_deleted_on_the_way_opens_its_step_again(workspace, tested):
    assert standing_of(workspace).step == 3
    tested.delete()
    assert standing_of(workspace).step == 1


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.ANALYST, 302)])
def test_roles(client, workspace, stranger, feed, role, status):
    Membership.objects.create(workspace=workspace, user=stranger, role=role)
    client.force_login(stranger)
    session = client.session
    session["workspace_id"] = workspace.pk
    session.save()
    assert client.post("/start/pick/", {"template": "turtle"}).status_code == status
    assert client.post("/start/paper/").status_code == 403
    assert ('name="template"' in client.get("/dashboard/").content.decode()) is False
