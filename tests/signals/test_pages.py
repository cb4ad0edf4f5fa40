"""The pages of the signals room, as a browser without scripts uses them."""

from __future__ import annotations

import csv
import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User, Workspace
from apps.signals.messages import INDICATOR_MESSAGE, STRATEGY_MESSAGE
from apps.signals.models import AlertSource, Signal
from apps.signals.services import (
    create_source,
    process_alerts,
    send_test_alert,
    set_source_active,
    webhook_url,
)
from tests.signals.test_processing import store


@pytest.fixture
def alert_source(user: User, workspace: Workspace) -> AlertSource:
    return create_source(workspace, name="My alerts", actor=user)[0]


@pytest.fixture
def foreign_source(stranger: User) -> AlertSource:
    return create_source(stranger.owned_workspaces.get(), name="Not yours", actor=stranger)[0]


def text_of(response) -> str:
    return response.content.decode()


def test_address_is_shown_once(web: Client):
    assert "Make source" in text_of(web.get(reverse("signals:source-new")))
    response = web.post(reverse("signals:source-new"), {"name": "EMA on BTC"}, follow=True)
    source = AlertSource.objects.get()
    found = re.search(r"/hooks/tradingview/([\w-]+)/", text_of(response))
    assert found is not None
    assert found[1].startswith(source.token_prefix)
    assert "no-store" in response["Cache-Control"]
    copied = [html.unescape(text) for text in re.findall(r'data-copy="([^"]*)"', text_of(response))]
    assert copied == [webhook_url(found[1])]
    blocks = re.findall(r'<pre class="codeblock">(.*?)</pre>', text_of(response), re.DOTALL)
    assert [html.unescape(text) for text in blocks] == [INDICATOR_MESSAGE, STRATEGY_MESSAGE]
    again = web.get(reverse("signals:source-address", args=[source.uuid]))
    assert again["Location"] == reverse("signals:source-detail", args=[source.uuid])
    detail = text_of(web.get(again["Location"]))
    assert found[1] not in detail
    assert source.token_prefix in detail


def test_a_source_needs_a_name(web: Client):
    response = web.post(reverse("signals:source-new"), {"name": " "})
    assert response.status_code == 422
    assert AlertSource.objects.count() == 0


def test_feed_teaches_while_it_is_empty(web: Client, user: User):
    assert "Make a source" in text_of(web.get(reverse("signals:feed")))
    create_source(user.owned_workspaces.get(), name="S", actor=user)
    assert "Waiting for the first alert" in text_of(web.get(reverse("signals:feed")))


def test_feed_filters_in_the_address(web: Client, alert_source: AlertSource):
    for number, (symbol, action) in enumerate([("AAPL", "buy"), ("AAPL", "sell"), ("MSFT", "buy")]):
        store(alert_source, id=number, symbol=symbol, action=action)
    process_alerts()

    def rows(**query: str) -> int:
        return text_of(web.get(reverse("signals:feed"), query)).count('<tr id="signal-')

    assert rows() == 3
    assert rows(symbol="aapl") == 2
    assert rows(symbol="AAPL", action="sell") == 1
    assert rows(source=str(alert_source.uuid)) == 3
    assert rows(source="00000000-0000-0000-0000-000000000000") == 3  # none of this workspace
    assert rows(action="nonsense") == 3


def test_feed_pages_by_key_without_gap_or_overlap(web: Client, alert_source: AlertSource):
    for number in range(120):
        store(alert_source, id=number)
    process_alerts()
    seen: list[str] = []
    where = reverse("signals:feed")
    while where:
        page = text_of(web.get(where))
        seen += re.findall(r'<tr id="signal-([0-9a-f-]{36})"', page)
        store(alert_source, id=f"late-{len(seen)}")  # arrivals push nothing onto the next page
        process_alerts()
        older = re.search(r'href="\?([^"]*after=[^"]+)"', page)
        where = f"{reverse('signals:feed')}?{older[1].replace('&amp;', '&')}" if older else ""
    ids = [str(uuid) for uuid in Signal.objects.order_by("-id").values_list("uuid", flat=True)]
    assert seen == ids[-120:]


def test_a_feed_page_is_a_fixed_number_of_queries(
    web: Client, alert_source: AlertSource, django_assert_num_queries
):
    for number in range(30):
        store(alert_source, id=number)
    process_alerts()
    with django_assert_num_queries(8):  # session, user, workspace, sources twice, views, page, plan
        web.get(reverse("signals:feed"))


def test_export_holds_what_is_filtered_and_nothing_a_spreadsheet_would_run(
    web: Client, alert_source: AlertSource
):
    store(alert_source, id=1, symbol="AAPL", price="101.50", strategy="=1+1")
    store(alert_source, id=2, symbol="MSFT")
    process_alerts()
    response = web.get(reverse("signals:feed"), {"symbol": "AAPL", "file": "csv"})
    (row,) = csv.DictReader(response.getvalue().decode().splitlines())
    assert (row["symbol"], row["price"], row["strategy"]) == ("AAPL", "101.5", "'=1+1")


def test_delivery_log_shows_raw_requests_and_what_was_wrong(web: Client, alert_source: AlertSource):
    store(alert_source, id=1)
    store(alert_source, action="hold", note="<script>alert(1)</script>")
    process_alerts()
    log = text_of(web.get(reverse("signals:source-detail", args=[alert_source.uuid])))
    assert "For review" in log
    assert "Buy AAPL" in log
    review = text_of(
        web.get(reverse("signals:source-detail", args=[alert_source.uuid]), {"status": "rejected"})
    )
    assert "Buy AAPL" not in review
    found = re.search(r"/signals/deliveries/[0-9a-f-]{36}/", review)
    assert found
    delivery = text_of(web.get(found[0]))
    assert "expected one of buy" in delivery
    assert "&lt;script&gt;" in delivery
    assert "<script>alert" not in delivery


def test_test_button_leads_to_the_feed(web: Client, alert_source: AlertSource):
    response = web.post(reverse("signals:source-test", args=[alert_source.uuid]), follow=True)
    assert "Test alert stored" in text_of(response)
    process_alerts()
    feed = text_of(web.get(reverse("signals:feed")))
    assert "BTCUSDT" in feed
    found = re.search(r'href="(/signals/[0-9a-f-]{36}/)"', feed)
    assert found
    assert "This is a test" in text_of(web.get(found[1]))


def test_source_is_switched_renamed_and_given_a_new_address(web: Client, alert_source: AlertSource):
    def post(view: str, **values: str):
        return web.post(reverse(f"signals:source-{view}", args=[alert_source.uuid]), values, follow=True)

    before = alert_source.token_hash
    post("switch", active="0")
    post("rename", name="Other")
    response = post("rotate", overlap_hours="1")
    alert_source.refresh_from_db()
    assert (alert_source.is_active, alert_source.name) == (False, "Other")
    assert "/hooks/tradingview/" in text_of(response)
    assert alert_source.previous_token_hash == before
    post("rotate", overlap_hours="9999")
    post("switch", active="1")
    after = alert_source.token_hash
    alert_source.refresh_from_db()
    assert (alert_source.is_active, alert_source.token_hash) == (True, after)


def test_list_names_what_waits_for_review(web: Client, alert_source: AlertSource, user: User):
    store(alert_source, action="hold")
    send_test_alert(alert_source, actor=user)
    set_source_active(alert_source, active=False, actor=user)
    page = text_of(web.get(reverse("signals:source-list")))
    assert "?status=rejected" in page
    assert "Switched off" in page


def test_what_is_anothers_is_not_found(web: Client, foreign_source: AlertSource):
    alert = store(foreign_source)
    process_alerts()
    signal = Signal.objects.get()
    for name, uuid in [
        ("source-detail", foreign_source.uuid),
        ("delivery-detail", alert.uuid),
        ("signal-detail", signal.uuid),
    ]:
        assert web.get(reverse(f"signals:{name}", args=[uuid])).status_code == 404
    for name in ("rotate", "rename", "switch", "test"):
        where = reverse(f"signals:source-{name}", args=[foreign_source.uuid])
        assert web.post(where, {"active": "0", "name": "x", "overlap_hours": "0"}).status_code == 404
    foreign_source.refresh_from_db()
    assert foreign_source.is_active
    assert "AAPL" not in text_of(web.get(reverse("signals:feed")))


def test_strangers_are_led_to_the_log_in(client: Client, alert_source: AlertSource):
    for where in (reverse("signals:feed"), reverse("signals:source-detail", args=[alert_source.uuid])):
        response = client.get(where)
        assert response.status_code == 302
        assert "/accounts/login/" in response["Location"]


def test_a_signal_says_what_the_alert_said(web: Client, alert_source: AlertSource):
    store(alert_source, id=1, note="Ünï", parameters={"key": 2, "fast": None}, flags=[True])
    process_alerts()
    page = html.unescape(web.get(f"/signals/{Signal.objects.get().uuid}/").content.decode())
    for said in ("<dd>Ünï</dd>", '<dd>{"key": 2, "fast": null}</dd>', "<dd>[true]</dd>"):
        assert said in page
