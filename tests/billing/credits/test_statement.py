"""The statement by page, file and API: of one's own workspace, for those who may see it."""

from __future__ import annotations

import csv
from datetime import UTC, timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation
from rest_framework.test import APIClient

from apps.accounts.models import Membership
from apps.accounts.services import create_team
from apps.billing.models import LedgerTransaction
from apps.billing.services.credits import Need, Refund, adjust_credits, hold_many, refund_many, settle_many
from tests.billing.credits.conftest import give, staff
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/settings/workspace/credits/"
ALL = "/api/v1/credits/transactions/"


@pytest.fixture
def story(workspace):
    """100 granted, 30 held, 12 used, 2 refunded, 5 added by staff."""
    give(workspace, 100, note="Top-up")
    hold_many([Need(workspace.pk, "a", 30, "signals.firing:one")])
    settle_many([("a", 12)])
    refund_many([Refund("a", "r", 2)])
    adjust_credits(workspace, 5, reason="=SUM(A1) and sorry", actor=staff())
    return workspace


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("plan:2026-11", "Plan 2026-11"),
        ("billing.payment:0b0a5c39-77", "Payment 0b0a5c39"),
        ("x.new_kind:1", "New kind 1"),
    ],
)
def test_a_reference_is_said_in_words(reference, words):
    assert LedgerTransaction(reference=reference).purpose == words


def test_a_reference_is_said_in_the_reader_s_language():
    with translation.override("tr"):
        assert LedgerTransaction(reference="billing.payment:0b0a5c39-77").purpose == "Ödeme 0b0a5c39"


def test_page_tells_balance_buckets_use_and_every_line(web, story):
    page = web.get(PAGE).content.decode()
    for words in (
        "Purchased",
        "Bonus",
        "Pro plan",
        "Top-up",
        "signals.firing:one",
        "rest back",
        "Firing one",
        "+18",
        "−30",
    ):
        assert words in page, words
    assert ">95<" in page.replace("\n", "").replace(" ", "").replace('class="num"', "")
    kinds = [row.kind for row in web.get(PAGE).context["list"].rows]
    assert kinds == ["adjust", "refund", "settle", "hold", "grant"]
    assert web.get(PAGE).context["used"] == 10


def test_page_without_credits_teaches(web, workspace):
    page = web.get(PAGE).content.decode()
    assert "No credits left" in page
    assert "a month" in page
    assert "No credits yet" in page


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("kind=hold", ["hold"]),
        ("q=firing", ["refund", "settle", "hold"]),
        ("q=sorry", ["adjust"]),
        ("since=2000-01-01&until=2000-01-02", []),
        ("kind=nonsense", ["adjust", "refund", "settle", "hold", "grant"]),
        ("before=nonsense&since=x", ["adjust", "refund", "settle", "hold", "grant"]),
    ],
)
def test_filters_of_page_and_file(web, story, query, kinds):
    page = web.get(f"{PAGE}?{query}")
    assert page.status_code == 200
    assert [row.kind for row in page.context["list"].rows] == kinds
    text = b"".join(web.get(f"{PAGE}statement.csv?{query}").streaming_content).decode()
    assert [row["kind"] for row in csv.DictReader(text.splitlines())] == kinds


def test_wrong_days_are_told(web, story):
    page = web.get(f"{PAGE}?since=2026-02-02&until=2026-02-01").content.decode()
    assert "The last day lies before the first." in page


def test_file_holds_each_line_and_no_formula(web, story):
    answer = web.get(f"{PAGE}statement.csv")
    assert answer["Content-Disposition"] == f'attachment; filename="credits-{story.slug}.csv"'
    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))
    assert [(row["kind"], row["change"], row["balance"], row["used"]) for row in rows] == [
        ("adjust", "5", "95", "0"),
        ("refund", "2", "90", "0"),
        ("settle", "18", "88", "12"),
        ("hold", "-30", "70", "0"),
        ("grant", "100", "100", "0"),
    ]
    assert rows[0]["note"] == "'=SUM(A1) and sorry"


def test_older_lines_by_page(web, workspace):
    give(workspace, 1_000)
    hold_many([Need(workspace.pk, f"k{number}", 1) for number in range(60)])
    pages = [web.get(PAGE).context["list"]]
    pages.append(web.get(PAGE + pages[0].older).context["list"])
    assert [(len(page.rows), bool(page.older)) for page in pages] == [(50, True), (11, False)]
    keys = [row.key for page in pages for row in page.rows]
    assert keys[:60] == [f"k{number}" for number in reversed(range(60))]


def test_api_tells_balance_and_buckets(api, story):
    found = api.get("/api/v1/credits/").json()
    assert (found["available"], found["held"]) == (95, 0)
    assert [(b["source"], b["issued"], b["available"], b["spent"]) for b in found["buckets"]] == [
        ("bonus", 5, 5, 0),
        ("purchased", 100, 90, 10),
    ]


def test_api_lists_transactions_with_their_entries(api, story):
    rows = api.get(ALL).json()["results"]
    assert [(row["kind"], row["change"], row["balance"], row["used"]) for row in rows][:3] == [
        ("adjust", 5, 95, 0),
        ("refund", 2, 90, 0),
        ("settle", 18, 88, 12),
    ]
    bucket = rows[-1]["entries"][0]["bucket"]
    assert rows[2]["entries"] == [
        {"bucket": bucket, "debit": "held", "credit": "spent", "amount": 12},
        {"bucket": bucket, "debit": "held", "credit": "available", "amount": 18},
    ]
    assert rows[0]["note"] == "=SUM(A1) and sorry"
    tomorrow = (timezone.now().astimezone(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for query, number in (
        ("kind=refund", 1),
        ("reference=signals.firing:one", 3),
        ("q=Top", 1),
        (f"created_after={tomorrow}", 0),
        (f"created_before={tomorrow}&page_size=2", 2),
        ("fields=kind", 5),
    ):
        assert len(api.get(f"{ALL}?{query}").json()["results"]) == number, query
    assert api.get(f"{ALL}?kind=nonsense").status_code == 400
    assert api.post(ALL, {}).status_code == 405


def test_nobody_sees_credits_of_another_workspace(story, stranger):
    api, web = APIClient(), Client()
    api.force_login(stranger)
    web.force_login(stranger)
    assert api.get(ALL).json()["results"] == []
    assert api.get("/api/v1/credits/").json()["available"] == 0
    assert web.get(PAGE).context["list"].rows == []


@pytest.mark.parametrize(
    ("role", "status"), [("admin", 200), ("trader", 200), ("analyst", 403), ("viewer", 403)]
)
def test_roles_that_may_see_credits(role, status):
    team = create_team(name="Team", actor=UserFactory())
    person = UserFactory()
    Membership.objects.create(workspace=team, user=person, role=role)
    web = Client()
    web.force_login(person)
    web.post(f"/settings/workspace/switch/{team.uuid}/")
    assert web.get(PAGE).status_code == status
    assert web.get(f"{PAGE}statement.csv").status_code == status
    api = APIClient(headers={"X-Workspace": str(team.uuid)})
    api.force_login(person)
    assert web.get("/api/v1/credits/").status_code == status
