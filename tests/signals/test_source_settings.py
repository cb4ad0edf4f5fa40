"""A source's settings by page and API, its log, and staff's pages about all of them."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import User, Workspace
from apps.journal.models import Entry
from apps.signals.models import Alert, AlertSource
from apps.signals.services import create_source, process_alerts, set_template
from apps.signals.services.guards import TRADINGVIEW_ADDRESSES
from tests.factories import UserFactory, with_second_factor
from tests.signals.test_processing import store
from tests.signals.test_replay import store as store_text

SOURCES = "/api/v1/alert-sources/"
TEMPLATE = "{{action}} {{symbol}}"


@pytest.fixture
def source(user: User, workspace: Workspace) -> AlertSource:
    return create_source(workspace, name="My alerts", actor=user)[0]


def text_of(response) -> str:
    return response.content.decode()


def test_addresses_and_passphrase_by_page(web: Client, source: AlertSource):
    where = reverse("signals:source-guards", args=[source.uuid])

    def post(**values: str):
        response = web.post(where, values)
        source.refresh_from_db()
        return response

    assert "TradingView’s four" in text_of(web.get(where))
    assert post(what="tradingview", networks="1.2.3.4").status_code == 302
    assert source.allowed_networks == list(TRADINGVIEW_ADDRESSES)
    assert "52.89.214.238" in text_of(web.get(where))
    assert post(what="networks", networks="10.0.0.0/8\n\n 10.0.0.0/8, ::1 ").status_code == 302
    assert source.allowed_networks == ["10.0.0.0/8", "::1"]
    response = post(what="networks", networks="10.0.0.1/8")
    assert response.status_code == 422
    assert "the network is 10.0.0.0/8" in text_of(response)
    post(what="networks", networks="")
    assert source.allowed_networks == []
    assert post(what="passphrase", passphrase="has space").status_code == 422
    assert post(what="passphrase", passphrase="Open-Sesame!42").status_code == 302
    assert source.passphrase.reveal() == "Open-Sesame!42"
    assert "Sesame" not in text_of(web.get(where))
    post(what="no-passphrase")
    assert not source.passphrase
    actions = list(
        Entry.objects.filter(target_type="signals.alertsource")
        .order_by("id")
        .values_list("action", flat=True)
    )
    assert actions == [
        "signals.source.created",
        "signals.source.allowed_networks_changed",
        "signals.source.allowed_networks_changed",
        "signals.source.allowed_networks_changed",
        "signals.source.passphrase_set",
        "signals.source.passphrase_removed",
    ]


def test_a_signing_key_is_shown_once(web: Client, source: AlertSource):
    where = reverse("signals:source-guards", args=[source.uuid])
    signing = reverse("signals:source-signing", args=[source.uuid])
    assert "whsec_" in text_of(web.post(signing, {"overlap_hours": "24"}, follow=True))
    page = text_of(web.get(where))
    assert "whsec_" not in page
    assert "The present key" in page
    assert "The key before counts until" in text_of(web.post(signing, {"overlap_hours": "1"}, follow=True))
    web.post(signing, {"overlap_hours": "soon"})
    web.post(signing, {"drop": "1"})
    source.refresh_from_db()
    assert not source.signing_keys


def test_a_template_is_kept_once_it_has_read_an_example(web: Client, source: AlertSource):
    where = reverse("signals:source-text", args=[source.uuid])

    def post(**values: str) -> tuple[int, str]:
        response = web.post(where, values)
        source.refresh_from_db()
        return response.status_code, text_of(response)

    assert web.get(where).status_code == 200
    assert post(template="{{action}}", example="buy")[0] == 422
    assert post(template=TEMPLATE)[0] == 422
    status, page = post(template=TEMPLATE, example="buyAAPL")
    assert (status, "template line 1: expected" in page) == (422, True)
    status, page = post(template=TEMPLATE, example="hold AAPL")
    assert (status, "expected one of buy" in page) == (422, True)
    status, page = post(template=TEMPLATE, example="buy AAPL", **{"try": "1"})
    assert (status, "It reads" in page, source.template) == (200, True, "")
    assert post(template=TEMPLATE, example="buy AAPL")[0] == 302
    assert source.template == TEMPLATE
    assert post(template="")[0] == 302
    assert source.template == ""


def test_new_sources_of_each_kind(web: Client, settings):
    page = text_of(web.get(reverse("signals:source-new")))
    assert ('value="email"' in page, 'value="rest"' in page) == (False, True)
    settings.ALERT_MAIL_DOMAIN = "alerts.example.org"
    assert 'value="email"' in text_of(web.get(reverse("signals:source-new")))
    page = text_of(web.post(reverse("signals:source-new"), {"name": "Mail", "kind": "email"}, follow=True))
    assert "@alerts.example.org" in page
    page = text_of(web.post(reverse("signals:source-new"), {"name": "Bot", "kind": "rest"}, follow=True))
    assert "/hooks/alerts/" in page
    assert "Authorization: Bearer" in page
    for source in AlertSource.objects.all():
        assert web.get(reverse("signals:source-detail", args=[source.uuid])).status_code == 200


def test_log_is_filtered_paged_and_exported(web: Client, source: AlertSource):
    for number in range(55):
        store(source, id=number)
    store(source, action="=hold")
    process_alerts()
    where = reverse("signals:source-detail", args=[source.uuid])
    first = web.get(where)
    assert text_of(first).count("/signals/deliveries/") == 50
    asked = first.context["list"]
    assert text_of(web.get(where + asked.older)).count("/signals/deliveries/") == 6
    yesterday = (timezone.now() - timedelta(days=1)).date().isoformat()  # midnight may pass meanwhile
    for query, shown in (
        ({"status": "rejected"}, 1),
        ({"symbol": "aapl"}, 50),
        ({"symbol": "MSFT"}, 0),
        ({"until": "2020-01-01"}, 0),
        ({"since": yesterday, "until": "9999-12-31"}, 50),
    ):
        assert text_of(web.get(where, query)).count("/signals/deliveries/") == shown, query
    rows = list(
        csv.DictReader(web.get(where, {"since": yesterday, "file": "csv"}).getvalue().decode().splitlines())
    )
    assert len(rows) == 56
    assert (rows[0]["status"], rows[0]["body"]) == ("rejected", '{"symbol": "AAPL", "action": "=hold"}')
    assert rows[1]["signal"]
    none = web.get(where, {"until": "2020-01-01", "file": "csv"}).getvalue()
    assert none.count(b"\n") == 1


def test_chosen_requests_are_read_anew_and_what_cannot_be_says_why(
    web: Client, source: AlertSource, user: User, stranger: User
):
    mended, broken = store_text(source, "buy AAPL @ 10"), store_text(source, "hold AAPL")
    left = store_text(source, "buy MSFT @ 10")
    other = create_source(stranger.owned_workspaces.get(), name="Theirs", actor=stranger)[0]
    theirs = store_text(other, "buy AAPL @ 10")
    set_template(source, "{{action}} {{symbol}} @ {{price}}", actor=user)
    where = reverse("signals:source-detail", args=[source.uuid]) + "?status=rejected"
    chosen = [str(alert.uuid) for alert in (mended, broken, theirs)]
    text = text_of(web.post(where, {"act": "replay", "chosen": chosen}, follow=True))
    for words in (
        "1 request is read anew.",
        "1 stayed as it was: It still cannot be read.",
        "1 is no longer",
    ):
        assert words in text
    found = dict(Alert.objects.values_list("uuid", "status"))
    states = [found[alert.uuid] for alert in (mended, broken, left, theirs)]
    assert states == ["received", "rejected", "rejected", "rejected"]


def test_api_sets_everything_but_the_kind(api: APIClient, source: AlertSource, settings):
    where = f"{SOURCES}{source.uuid}/"

    def patch(values: dict[str, object]):
        return api.patch(where, values, format="json", headers={"if-match": "*"})

    values = {"allowed_networks": ["10.0.0.0/8"], "passphrase": "Open-Sesame!42", "template": TEMPLATE}
    body = patch(values).json()
    assert (body["allowed_networks"], body["wants_passphrase"], body["wants_signature"]) == (
        ["10.0.0.0/8"],
        True,
        False,
    )
    assert "passphrase" not in body
    assert patch({"kind": "rest"}).status_code == 400
    for wrong in ({"allowed_networks": ["x"]}, {"passphrase": "a b"}, {"template": "{{x}}"}):
        response = patch(wrong)
        assert (response.status_code, list(response.json()["errors"])) == (400, list(wrong))
    key = api.post(f"{where}signing-keys/", {"overlap_hours": 1}, format="json")
    assert (key.status_code, key.json()["key"][:6]) == (201, "whsec_")
    assert api.get(where).json()["wants_signature"] is True
    assert api.delete(f"{where}signing-keys/").status_code == 204
    assert api.get(where).json()["wants_signature"] is False
    read = api.post(f"{SOURCES}try-template/", {"template": TEMPLATE, "text": "sell MSFT"}, format="json")
    assert (read.status_code, read.json()["symbol"], read.json()["action"]) == (200, "MSFT", "sell")
    failed = api.post(f"{SOURCES}try-template/", {"template": TEMPLATE, "text": "nothing"}, format="json")
    assert (failed.status_code, failed.json()["code"]) == (400, "no_template_fits")
    made = api.post(SOURCES, {"name": "Bot", "kind": "rest"}, format="json").json()
    assert made["url"].endswith("/hooks/alerts/")
    assert api.post(SOURCES, {"name": "Mail", "kind": "email"}, format="json").status_code == 400


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    person = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(person)
    return with_second_factor(client, person)


def test_review_queue_of_all_workspaces(staff: Client, source: AlertSource):
    store(source)
    store(source, action="hold")
    store_text(source, '{"symbol": "?", "action": "buy", "passphrase": "[cut]"}')
    where = reverse("admin:signals_refusedalert_changelist")

    def rows(**query: str) -> int:
        return text_of(staff.get(where, query)).count('class="field-source')

    assert rows() == 2
    assert rows(problem="unknown_symbol") == 1
    assert rows(q="My alerts", problem="invalid_alert") == 1
    assert rows(status__exact="failed") == 0
    detail = reverse(
        "admin:signals_refusedalert_change", args=[source.alerts.filter(status="rejected")[0].pk]
    )
    assert "hold" in text_of(staff.get(detail))
    assert staff.post(detail, {"status": "received"}).status_code == 403


def test_queue_and_rates(staff: Client, source: AlertSource, client: Client):
    for number in range(3):
        store(source, id=number)
    store(source, action="hold")
    process_alerts()
    store(source, id=9)
    where = reverse("admin:signals_refusedalert_rates")
    page = text_of(staff.get(where))
    assert "Signals: queue and rates" in page
    assert "1 (20\u202f%)" in page
    assert "My alerts" in page
    assert client.get(where).status_code == 302
    assert where in text_of(staff.get(reverse("admin:signals_refusedalert_changelist")))
