"""Menus of rows in forms, on that of an alarm's source: how many they hold, the search, what is chosen and posted."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.signals.models import Alarm, AlertSource
from apps.signals.services import create_source

NEW = "/signals/alarms/new/"


@pytest.fixture
def five(workspace, user, settings) -> list[AlertSource]:
    """One to Five, newest last; a menu holds three."""
    settings.MOST_CHOICES = 3
    return [
        create_source(workspace, name=name, actor=user)[0] for name in ("One", "Two", "Three", "Four", "Five")
    ]


def menu(web: Client, query: str = "") -> list[str]:
    """The names that are offered, the chosen one with a star."""
    page = web.get(NEW + query).content.decode()
    select = re.search(r'<select name="source".*?</select>', page, re.DOTALL)
    assert select
    options = re.findall(r'<option value="[^"]+"( selected)?>([^<]+)<', select[0])
    return [name + ("*" if chosen else "") for chosen, name in options]


def test_the_first_are_offered_the_others_found(web: Client, five):
    assert menu(web) == ["Five", "Four", "Three"]
    assert menu(web, "?source_find=tw%00") == ["Two"]
    assert menu(web, "?source_find=nothing") == []
    assert menu(web, f"?source={five[0].uuid}") == ["One*", "Five", "Four", "Three"]
    assert menu(web, f"?source={five[3].uuid}&source_find=two") == ["Four*", "Two"]


def test_a_search_stands_there_only_where_more_are_than_shown(web: Client, five):
    assert 'name="source_find"' in web.get(NEW).content.decode()
    AlertSource.objects.filter(name__in=("One", "Two")).delete()
    assert 'name="source_find"' not in web.get(NEW).content.decode()


@pytest.mark.parametrize("given", ["nonsense", "5f0c4b67-9f1d-4f0e-8a55-2f7c0d9b1e11"])
def test_what_is_nobodys_is_not_chosen(web: Client, five, given, stranger: User):
    theirs, _ = create_source(stranger.owned_workspaces.get(), name="Theirs", actor=stranger)
    for source in (given, theirs.uuid):
        assert menu(web, f"?source={source}") == ["Five", "Four", "Three"]


def test_one_that_is_not_shown_can_be_posted_and_stays_chosen(web: Client, five):
    chosen = {"source": str(five[0].uuid), "cool_down_s": "0", "urgency": "2"}
    refused = web.post(NEW, chosen)  # it has no name
    assert f'value="{five[0].uuid}" selected' in refused.content.decode()
    assert web.post(NEW, {**chosen, "name": "Mine"}).status_code == 302
    assert Alarm.objects.get().source == five[0]
