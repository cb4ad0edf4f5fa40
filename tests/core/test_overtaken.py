"""A page that shows an old version does not overwrite the new one unseen."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from apps.accounts.models import User, Workspace
from apps.accounts.services import change_workspace, update_profile
from apps.formulas.models import Formula
from apps.formulas.services import create_formula, save_formula
from tests.factories import CROSS, UserFactory, workspace_of


def seen_on(page) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', page.content.decode())
    assert found
    return found.group(1)


def test_a_draft_changed_meanwhile_is_shown_and_then_replaced_knowingly(web, user, workspace):
    formula = create_formula(workspace, name="Cross", text=CROSS, actor=user)
    address = f"/formulas/{formula.uuid}/"
    mine = {"name": "Mine", "text": "long when close > open", "seen": seen_on(web.get(address))}
    save_formula(formula, name="Cross", text="long when close > 42", actor=user)
    refused = web.post(address, mine)
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "changed after you opened it" in page
    assert "long when close &gt; 42" in page  # theirs
    assert "long when close &gt; open" in page  # mine
    assert Formula.objects.get().text == "long when close > 42"
    again = web.post(address, {**mine, "seen": seen_on(refused)})
    assert again.status_code == 302
    assert Formula.objects.get().text == "long when close > open"


def test_who_saves_twice_from_fresh_pages_is_not_in_his_own_way(web, user, workspace):
    formula = create_formula(workspace, name="Cross", text=CROSS, actor=user)
    address = f"/formulas/{formula.uuid}/"
    for text in ("long when close > 1", "long when close > 2"):
        answer = web.post(address, {"name": "Cross", "text": text, "seen": seen_on(web.get(address))})
        assert answer.status_code == 302
    assert Formula.objects.get().text == "long when close > 2"


def test_a_workspace_renamed_meanwhile_keeps_its_name(web, workspace):
    address = "/settings/workspace/"
    seen = seen_on(web.get(address))
    assert web.post(address, {"name": "Theirs", "letter": "T", "seen": seen}).status_code == 302
    refused = web.post(address, {"name": "Mine", "letter": "M", "seen": seen})
    assert refused.status_code == 409
    assert "Name is now “Theirs”" in refused.content.decode()
    workspace.refresh_from_db()
    assert workspace.name == "Theirs"


def _formula(user: User) -> tuple[str, dict[str, str], Callable[[], object], Callable[[], str]]:
    formula = create_formula(workspace_of(user), name="Cross", text=CROSS, actor=user)
    theirs = lambda: save_formula(formula, name="Theirs", text=CROSS, actor=user)  # noqa: E731
    return (
        f"/formulas/{formula.uuid}/",
        {"name": "Mine", "text": CROSS},
        theirs,
        lambda: Formula.objects.get(pk=formula.pk).name,
    )


def _workspace(user: User) -> tuple[str, dict[str, str], Callable[[], object], Callable[[], str]]:
    workspace = workspace_of(user)
    theirs = lambda: change_workspace(workspace, name="Theirs", letter="T", actor=user)  # noqa: E731
    return (
        "/settings/workspace/",
        {"name": "Mine", "letter": "M"},
        theirs,
        lambda: Workspace.objects.get(pk=workspace.pk).name,
    )


def _profile(user: User) -> tuple[str, dict[str, str], Callable[[], object], Callable[[], str]]:
    fields = {
        "language": user.language,
        "timezone": user.timezone,
        "locale": user.locale,
        "base_currency": user.base_currency,
    }
    theirs = lambda: update_profile(User.objects.get(pk=user.pk), name="Theirs", **fields)  # noqa: E731
    return "/settings/", {"name": "Mine", **fields}, theirs, lambda: User.objects.get(pk=user.pk).name


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", [_formula, _workspace, _profile])
def test_of_two_who_save_at_once_the_second_is_told(transactional_db, page):
    """Another connection has changed the row and not yet committed when the form arrives: it waits, and then sees."""
    user = UserFactory()
    address, fields, theirs, name = page(user)
    web = Client()
    web.force_login(user)
    fields["seen"] = seen_on(web.get(address))
    answers: list[Any] = []

    def send() -> None:
        try:
            answers.append(web.post(address, fields))
        finally:
            connection.close()

    second = threading.Thread(target=send)
    with transaction.atomic():
        theirs()
        second.start()
        _wait_until_somebody_waits()
        assert answers == []
    second.join(timeout=30)
    assert [answer.status_code for answer in answers] == [409]
    assert name() == "Theirs"


def _wait_until_somebody_waits() -> None:
    """Until another connection to this database waits for a lock."""
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT pg_stat_clear_snapshot()"
            )  # a transaction goes on seeing what it saw first
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.05)
    raise AssertionError("nobody waits for the row")
