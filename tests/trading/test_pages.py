"""The pages of trading: what is shown, what forms do, what files hold."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from apps.markets.models import Instrument
from apps.trading.models import CashEntry, Discrepancy, KillSwitch, Order, RiskLimits
from apps.trading.rules.keys import client_order_id
from apps.trading.selectors import Chosen, summary_of
from apps.trading.services import (
    NewFill,
    Price,
    cancel_order,
    mark_books,
    place,
    record_fills,
    store_prices,
    throw_switch,
)
from tests.factories import workspace_of
from tests.trading.conftest import NOON
from tests.trading.furnish import furnish, furnish_exchange


@pytest.fixture
def traded(account, book, instrument, intent):
    """A position of 6 units at 100, 4 of 10 sold at 120, marked at 110; and one refused intent."""
    for number, side, units, price in ((1, "buy", "10", "100"), (2, "sell", "4", "120")):
        asked = intent(number, side, units)
        place([asked])
        fill = NewFill(
            client_order_id(asked.key),
            str(number),
            Decimal(units),
            Decimal(price),
            asked.decided_at,
            fee=Decimal("0.5"),
        )
        record_fills(account, [fill])
    store_prices([Price("feed:1", instrument.pk, Decimal(110), NOON)])
    mark_books()
    place([intent(3, "sell", "99", reduce_only=True)])
    return Order.objects.order_by("pk").first()


@pytest.fixture
def page(client, user):
    client.force_login(user)

    def get(path: str) -> str:
        response = client.get(path)
        assert response.status_code == 200, (path, response.status_code)
        return response.content.decode()

    return get


def test_an_empty_workspace_is_told_what_will_be_here(page, workspace):
    assert "Nothing is traded yet" in page("/portfolio/")
    assert "No lot was closed" in page("/portfolio/lots/")
    assert "No order yet" in page("/trading/orders/")
    assert "Nothing was refused" in page("/trading/orders/refused/")
    assert "No kill switch is on" in page("/trading/switches/")


def test_the_portfolio_shows_what_is_held_and_earned(page, traded):
    shown = page("/portfolio/")
    for text in ("10\u202f139.00", "+80.00", "+60.00", "+139.00", "ACME", "2024-03-01"):
        assert text.replace("\u202f", "") in shown.replace("\u202f", "").replace("\u2009", "").replace(
            ",", ""
        ), text


def test_the_files_add_up_to_the_ledger(client, page, workspace, traded):
    page("/portfolio/")
    rows = {}
    for name in ("positions", "fills", "days", "ledger", "bots", "instruments"):
        content = b"".join(client.get(f"/portfolio/{name}.csv").streaming_content).decode()
        rows[name] = list(csv.DictReader(io.StringIO(content)))
    found = summary_of(workspace, Chosen("USD"))
    assert sum(Decimal(row["amount"]) for row in rows["ledger"]) == found.cash
    assert sum(Decimal(row["realised"]) for row in rows["fills"]) == found.realised
    assert sum(Decimal(row["profit"]) for row in rows["days"]) == found.profit - found.open
    assert [row["units"] for row in rows["positions"]] == ["6"]
    for name in ("bots", "instruments"):  # 80 realised, two fees of 0.5, 6 units worth 10 more each
        assert [(row["profit"], row["open"]) for row in rows[name]] == [("139", "60")], name
    assert client.get("/portfolio/secrets.csv").status_code == 404


def test_lots_are_a_list_of_closed_or_open_ones(client, page, traded):
    page("/portfolio/lots/")
    shown = client.get("/portfolio/lots/", {"symbol": "acm", "sort": "-profit"}).context["list"]
    assert [(row.lot.units, row.profit) for row in shown.rows] == [
        (4, Decimal("79.3"))
    ]  # 80 - 0.5 - 4/10 of 0.5
    other = client.get("/portfolio/lots/", {"symbol": "other"}).context
    assert (other["list"].rows, other["total"], other["closed_count"], other["open_count"]) == ([], 0, 0, 0)
    assert client.get("/portfolio/lots/", {"year": "2023"}).context["list"].rows == []
    still = client.get("/portfolio/lots/", {"state": "open"})
    assert [(row.lot.units, row.cost) for row in still.context["list"].rows] == [(6, 600)]
    file = client.get("/portfolio/lots/", {"state": "open", "file": "csv"}).getvalue().decode()
    (row,) = csv.DictReader(io.StringIO(file))
    assert (row["units"], row["closed_at"], row["profit"], row["currency"]) == ("6", "", "", "USD")


def test_all_differences_of_an_account_are_looked_at_together(client, user, workspace):
    found = furnish_exchange(workspace, name="Kraken")
    Discrepancy.objects.bulk_create(
        Discrepancy(workspace=workspace, account=found.account, kind="fee", key=f"{number}", words="A fee")
        for number in range(10)
    )
    client.force_login(user)
    account = f"/trading/accounts/{found.account.uuid}/"
    assert "All differences" in client.get(account).content.decode()
    path = account + "differences/"
    fees = client.get(path, {"kind": "fee", "state": "open"}).context["list"]
    assert (fees.total, len(fees.acts)) == ("10", 1)
    client.post(path, {"act": "resolve", "chosen": [str(row.uuid) for row in fees.rows]})
    assert client.get(path, {"state": "open"}).context["list"].rows == [found.discrepancy]
    assert set(Discrepancy.objects.filter(kind="fee").values_list("resolved_by", flat=True)) == {user.pk}


def test_lifted_switches_are_cut_on_their_page_and_whole_on_a_list(client, user, workspace):
    for number in range(21):
        KillSwitch.objects.create(
            scope="symbol", workspace=workspace, value=f"S{number}", reason="News", actor=user, lifted_at=NOON
        )
    client.force_login(user)
    shown = client.get("/trading/switches/")
    assert (len(shown.context["lifted"]), "All lifted switches" in shown.content.decode()) == (20, True)
    whole = client.get("/trading/switches/lifted/", {"scope": "symbol"}).context["list"]
    assert (whole.total, len(client.get("/trading/switches/lifted/?q=s7").context["list"].rows)) == ("21", 1)


def test_charts_of_a_portfolio(client, page, traded):
    page("/portfolio/")
    equity = client.get("/portfolio/charts/equity.json").json()
    assert equity["series"] == {"Equity": [10139.0]}
    assert client.get("/portfolio/charts/drawdown.json").json()["value"] == [0.0]


def test_an_order_with_all_that_happened_to_it(page, traded):
    shown = page(f"/trading/orders/{traded.uuid}/")
    for text in (traded.client_order_id, "Accepted", "Paper broker", "Filled"):
        assert text in shown
    listed = page("/trading/orders/?status=filled&symbol=acme")
    assert listed.count("row-link") == 2
    assert "It would close 99 units of 6." in page("/trading/orders/refused/")


def test_cancelling_an_order_on_paper(client, page, book, intent):
    place([intent(1)])
    order = Order.objects.get()
    page("/trading/orders/")
    client.post(f"/trading/orders/{order.uuid}/cancel/")
    order.refresh_from_db()
    assert (order.status, order.words) == ("cancelled", "Cancelled by a person.")
    again = client.post(f"/trading/orders/{order.uuid}/cancel/", follow=True)
    assert "The order is over: cancelled." in again.content.decode()


def test_many_orders_are_cancelled_at_once(client, page, stranger, book, intent):
    place([intent(number) for number in (1, 2, 3)])
    orders = list(Order.objects.order_by("pk"))
    cancel_order(orders[2], actor=None)
    market = Instrument.objects.create(workspace=workspace_of(stranger), symbol="THEIRS")
    theirs = furnish(workspace_of(stranger), market, name="Theirs", actor=stranger).order
    page("/trading/orders/")
    chosen = [str(order.uuid) for order in (orders[2], orders[1], theirs)]  # a refusal stops no other
    answer = client.post(
        "/trading/orders/", {"act": "cancel", "chosen": chosen}, follow=True
    ).content.decode()
    for told in (
        "1 order is cancelled",
        "1 stayed as it was: The order is over: cancelled.",
        "1 is no longer here.",
    ):
        assert told in answer, told
    states = list(
        Order.objects.filter(pk__in=[each.pk for each in orders])
        .order_by("pk")
        .values_list("status", "words")
    )
    assert [state for state, _ in states] == ["open", "cancelled", "cancelled"]
    assert states[1][1] == "Cancelled by a person."
    theirs.refresh_from_db()
    assert not theirs.is_over
    assert client.post("/trading/orders/", {"act": "cancel", "chosen": str(theirs.uuid)}).status_code == 404


def test_limits_are_set_in_percent_and_kept_as_fractions(client, page, workspace, account, book):
    page("/trading/limits/")
    form = {"max_drawdown": "20", "max_order_notional": "500", "symbols": "acme, other"}
    for path in (
        "/trading/limits/",
        f"/trading/limits/accounts/{account.uuid}/",
        f"/trading/limits/books/{book.uuid}/",
    ):
        assert client.post(path, form).status_code == 302, path
    assert RiskLimits.objects.count() == 3
    limits = RiskLimits.objects.get(account=None, book=None)
    assert (limits.max_drawdown, limits.max_order_notional, limits.symbols) == (
        Decimal("0.2"),
        500,
        ["ACME", "OTHER"],
    )
    assert 'value="20"' in page("/trading/limits/")
    refused = client.post("/trading/limits/", {"max_drawdown": "120"})
    assert refused.status_code == 422


def test_a_limit_changed_meanwhile_is_not_written_over_unseen(client, page, workspace):
    from re import search

    shown = page("/trading/limits/")
    seen = search(r'name="seen" value="(\w+)"', shown)[1]
    client.post("/trading/limits/", {"max_order_notional": "500"})
    overtaken = client.post("/trading/limits/", {"max_order_notional": "900", "seen": seen})
    assert overtaken.status_code == 422
    assert RiskLimits.objects.get().max_order_notional == 500


def test_throwing_and_lifting_a_kill_switch(client, page, workspace, book, user):
    page("/trading/switches/")
    wrong = client.post("/trading/switches/throw/", {"scope": "book", "reason": "x"})
    assert wrong.status_code == 422
    assert "Choose the bot that stops." in wrong.content.decode()
    client.post("/trading/switches/throw/", {"scope": "symbol", "value": "acme", "reason": "Halted."})
    switch = KillSwitch.objects.get()
    assert (switch.scope, switch.value, switch.actor) == ("symbol", "ACME", user)
    assert "Halted." in page("/trading/switches/")
    client.post(f"/trading/switches/{switch.uuid}/lift/")
    switch.refresh_from_db()
    assert switch.lifted_by == user


def test_a_workspace_cannot_lift_what_staff_threw(client, page, workspace):
    switch = throw_switch(scope="platform", reason="Maintenance.", workspace=None, actor=None)
    assert "Maintenance." in page("/trading/switches/")
    assert client.post(f"/trading/switches/{switch.uuid}/lift/").status_code == 404
    switch.refresh_from_db()
    assert switch.lifted_at is None


def test_orders_by_hand_fill_at_the_last_price_with_the_accounts_costs(account, book, instrument, user):
    from apps.trading.errors import OrderRefused
    from apps.trading.services import place_order

    with pytest.raises(OrderRefused, match="No price of ACME"):
        place_order(book, instrument, side="buy", units=Decimal(2), actor=user)
    account.fee_rate, account.slippage_bps = Decimal("0.001"), Decimal(100)
    account.save()
    store_prices([Price("feed:1", instrument.pk, Decimal(100), NOON)])
    book.refresh_from_db()
    order = place_order(book, instrument, side="buy", units=Decimal(2), actor=user)
    assert (order.status, order.average) == ("filled", 101)
    assert list(CashEntry.objects.order_by("pk").values_list("kind", "amount"))[1:] == [
        ("trade", -202),
        ("fee", Decimal("-0.202")),
    ]
    with pytest.raises(OrderRefused) as refused:
        place_order(book, instrument, side="sell", units=Decimal(3), reduce_only=True, actor=user)
    assert refused.value.code == "refused_nothing_to_close"
