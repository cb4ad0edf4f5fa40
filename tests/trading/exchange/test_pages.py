"""The pages and the API of accounts at exchanges."""

from __future__ import annotations

import json
import time

import pytest
from django.urls import reverse

from apps.trading.choices import AccountState, DiscrepancyKind
from apps.trading.models import TradingAccount
from apps.trading.services.exchange import check_account, compare_account
from apps.trading.services.exchange.discrepancies import report_discrepancy

pytestmark = pytest.mark.django_db
KEYS = {"api_key": "key", "secret": "a-very-secret-word"}
ASKED = {"exchange": "binance", "name": "Binance", "currency": "usdt", **KEYS}


@pytest.fixture
def web(client, user):
    """A browser whose person has just logged in, which counts as confirmed."""
    client.force_login(user)
    confirm(client)
    return client


def confirm(client) -> None:
    session = client.session
    session["confirmed_at"] = time.time()
    session.save()


def test_connecting_looking_freezing(web, exchange, user) -> None:
    exchange.open_account("key", "a-very-secret-word")
    answer = web.post(reverse("trading:account-connect"), ASKED)
    account = TradingAccount.objects.get()
    assert answer.url == reverse("trading:account-detail", args=[account.uuid])
    assert (account.state, account.currency) == (AccountState.CHECKING, "USDT")
    check_account(account.pk)
    compare_account(account.pk)
    shown = web.get(answer.url).content.decode()
    assert "Connected" in shown
    assert "Bind them to" in shown
    assert "Not of our trading" in shown
    assert "a-very-secret-word" not in shown
    web.post(reverse("trading:account-freeze", args=[account.uuid]), {"reason": "A strange order"})
    account.refresh_from_db()
    assert account.state == AccountState.FROZEN
    assert "A strange order" in web.get(answer.url).content.decode()
    web.post(reverse("trading:account-unfreeze", args=[account.uuid]))
    account.refresh_from_db()
    assert account.state == AccountState.CHECKING


def test_what_is_mistyped_is_said_in_the_form(web, exchange, account) -> None:
    answer = web.post(reverse("trading:account-connect"), {**ASKED, "exchange": "okx", "name": "OKX"})
    assert answer.status_code == 422
    assert "gives a passphrase" in answer.content.decode()
    answer = web.post(reverse("trading:account-connect"), ASKED)
    assert "There is an account named Binance already." in answer.content.decode()
    assert TradingAccount.objects.count() == 1


def test_new_keys_and_another_look_at_a_difference(web, exchange, account, user) -> None:
    answer = web.post(reverse("trading:account-keys", args=[account.uuid]), KEYS)
    assert answer.status_code == 302
    account.refresh_from_db()
    assert json.loads(account.next_credentials.reveal())["secret"] == "a-very-secret-word"
    report_discrepancy(account, DiscrepancyKind.BALANCE, key="x", words="USDT changed by +5.", data={})
    found = account.discrepancies.get()
    shown = web.get(reverse("trading:account-detail", args=[account.uuid])).content.decode()
    assert "USDT changed by +5." in shown
    web.post(reverse("trading:discrepancy-resolve", args=[found.uuid]))
    found.refresh_from_db()
    assert found.resolved_by == user
    assert "Looked at" in web.get(reverse("trading:account-detail", args=[account.uuid])).content.decode()


def test_keys_are_given_only_by_who_has_just_confirmed(client, user, account) -> None:
    client.force_login(user)
    session = client.session
    session["confirmed_at"] = 0.0
    session.save()
    answer = client.post(reverse("trading:account-connect"), ASKED)
    assert answer.status_code == 302
    assert answer.url.startswith("/settings/confirm/")
    assert TradingAccount.objects.count() == 1


def test_by_program(web, exchange, account) -> None:
    connected = web.post(
        "/api/v1/trading/exchanges/connect/",
        {**ASKED, "name": "Second", "currency": "USDT"},
        content_type="application/json",
    )
    assert connected.status_code == 201, connected.json()
    assert connected.json()["state"] == "checking"
    assert "a-very-secret-word" not in connected.content.decode()
    path = f"/api/v1/trading/accounts/{account.uuid}/"
    assert web.post(f"{path}freeze/", {}, content_type="application/json").json()["state"] == "frozen"
    compare_account(account.pk)
    told = web.get(path).json()
    assert {one["currency"]: one["total"] for one in told["balances"]} == {"BTC": "10", "USDT": "100000"}
    assert [one["name"] for one in web.get("/api/v1/trading/exchanges/").json()] == [
        "binance",
        "bybit",
        "okx",
    ]
