"""The admin's first page, its navigation, its links and its search."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db import connection
from django.db.models import ForeignKey
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.backtests.services import submit_backtest
from apps.billing.models import Payment
from apps.journal.models import Entry, Retry
from apps.journal.services import record
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def chart(context, title: str) -> dict:
    return next(one for one in context["charts"] if one["title"] == title)


def test_days_are_counted_as_they_were(staff):
    now = datetime.now(UTC)
    before = User.objects.count()
    old, older = UserFactory(), UserFactory()
    User.objects.filter(pk=old.pk).update(created_at=now - timedelta(days=29))
    User.objects.filter(pk=older.pk).update(created_at=now - timedelta(days=31))
    found = chart(staff.get("/admin/").context, "Sign-ups")
    data = json.loads(found["data"])
    assert len(data["labels"]) == 30
    assert data["datasets"][0]["data"][0] == 1
    assert data["datasets"][0]["data"][-1] == before
    assert found["total"] == str(before + 1)


def test_revenue_is_by_currency_with_refunds_taken_off(staff, workspace):
    paid = {"workspace_id": workspace.pk, "gateway": "stripe", "purpose": "plan", "status": "succeeded"}
    now = datetime.now(UTC)
    for number, (currency, amount, refunded) in enumerate(
        [("USD", 4900, 900), ("USD", 1000, 0), ("IDR", 15_000_000, 0)]
    ):
        Payment.objects.create(
            **paid,
            external_id=str(number),
            currency=currency,
            amount=amount,
            refunded=refunded,
            made_at=now,
            paid_at=now,
        )
    context = staff.get("/admin/").context
    assert re.sub(r"[^\d.]", "", chart(context, "Revenue, USD")["total"]) == "50.00"
    assert re.sub(r"\D", "", chart(context, "Revenue, IDR")["total"]) == "150000"


def test_what_is_wrong_is_said_first_and_leads_there(staff, workspace, user):
    assert staff.get("/admin/").context["wrong"] == []
    now = datetime.now(UTC)
    record(actor=user, workspace=workspace, action="tests.thing.made", target=workspace)
    entry = Entry.objects.latest("id")
    Retry.objects.create(consumer="x", entry=entry, attempts=9, error="no", due_at=now, parked_at=now)
    cache.delete("staff-overview")
    [line] = staff.get("/admin/").context["wrong"]
    assert line["count"] == "1"
    page = staff.get(line["link"])
    assert page.status_code == 200
    assert page.context["cl"].result_count == 1


def test_staff_see_the_tables_and_charts_they_may(helper):
    context = helper.get("/admin/").context
    assert [one["title"] for one in context["charts"]] == ["Sign-ups", "Backtests"]
    shown = {item["title"] for group in context["sidebar_navigation"] for item in group["items"]}
    assert {"Users", "Backtests"} <= shown
    assert not shown & {"Payments", "Signals", "Bots"}


def test_every_table_of_the_admin_stands_in_the_navigation(staff):
    context = staff.get("/admin/").context
    links = {item["link"] for group in context["sidebar_navigation"] for item in group["items"]}
    tables = {f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry}
    assert tables <= {str(link) for link in links}


def test_a_list_leads_to_what_its_rows_belong_to(staff, workspace, question, user):
    submit_backtest(workspace, question, actor=user)
    html = staff.get("/admin/backtests/backtest/").content.decode()
    assert f'href="/admin/accounts/workspace/{workspace.pk}/change/"' in html


def test_no_list_asks_for_each_row(staff):
    """What a column shows of another table is fetched along with the list."""
    forgotten = []
    for model, table in admin.site._registry.items():
        if not model.__module__.startswith("apps."):
            continue
        for column in model._meta.fields:
            if isinstance(column, ForeignKey) and column.name in table.list_display:
                chosen = table.list_select_related
                if chosen is not True and not any(
                    str(one).split("__")[0] == column.name for one in chosen or ()
                ):
                    forgotten.append(f"{model._meta.label}.{column.name}")
    assert forgotten == []


@pytest.fixture
def known(workspace, question, user):
    """A run with a hash, and its person."""
    run, _ = submit_backtest(workspace, question, actor=user)
    return run


def titles(client, words: str) -> list[str]:
    answer = client.get("/admin/search/", {"s": words, "extended": "1"})
    assert answer.status_code == 200
    return [f"{one.description}: {one.title}" for one in answer.context["results"]]


def test_everything_is_found_by_id_address_hash_and_name(staff, known, user):
    assert titles(staff, str(known.uuid)) == [f"Backtest: {known}"]
    assert f"User: {user}" in titles(staff, user.email)
    assert f"Backtest: {known}" in titles(staff, known.identity[:12])
    assert f"Backtest: {known}" in titles(staff, known.formula_name.lower()[:4])
    assert titles(staff, "no such thing anywhere") == []


def test_search_asks_one_question_a_kind_however_much_there_is(staff, workspace):
    for n in range(12):
        UserFactory(email=f"many{n}@example.com")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = titles(staff, "many")
    assert len([one for one in found if one.startswith("User: ")]) == 5
    assert len([query for query in asked if "LIMIT 5" in query["sql"]]) <= 26


def test_search_keeps_to_what_one_may_see(helper, workspace, user):
    assert titles(helper, user.email) == [f"User: {user}"]
    assert titles(helper, str(workspace.uuid)) == []
